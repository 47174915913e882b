/// What a model is for.
public enum ProjectTask: String, Codable, Sendable, Hashable, CaseIterable {
  /// One of several classes for each picture.
  case imageClassification = "image-classification"
  /// One of several classes for each row of a table.
  case classification
  /// A number for each row of a table.
  case regression
  /// Groups of rows that nobody named.
  case clustering
  /// How unusual each row of a table is.
  case anomalyDetection = "anomaly-detection"

  /// One sentence for a person.
  var meaning: String {
    switch self {
    case .imageClassification: "One of several classes for each picture."
    case .classification: "One of several classes for each row of a table."
    case .regression: "A number for each row of a table."
    case .clustering: "Groups of rows that nobody named."
    case .anomalyDetection: "How unusual each row of a table is."
    }
  }

  /// Something is learnt that the table tells, so that it can be judged.
  public var hasTarget: Bool { self != .clustering && self != .anomalyDetection }
}
