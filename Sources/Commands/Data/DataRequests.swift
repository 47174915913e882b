public import Foundation

/// `martlet data check`
public struct DataCheckRequest: Codable, Sendable, Hashable {
  /// Files, folders or patterns of one table.
  public var inputs: [String]
  /// The schema's file.
  public var schema: String
  /// Infers the schema from the data and writes it, instead of checking.
  public var update: Bool
  /// The column to be predicted, for a new schema.
  public var target: String?
  /// The data are to be predicted: the target may be missing.
  public var withoutTarget: Bool
  /// An HTML report to write.
  public var report: String?
  /// What freshness counts from.
  public var now: Date
  public var surroundings: Surroundings
}

/// `martlet data profile`
public struct DataProfileRequest: Codable, Sendable, Hashable {
  /// Files, folders or patterns of one table.
  public var inputs: [String]
  /// The column to be predicted.
  public var target: String?
  /// The HTML report to write.
  public var report: String
  /// Fits models on a sample to find unusual rows and wrong labels.
  public var fitsModels: Bool
  public var surroundings: Surroundings
}
