/// What became of a logged model's files.
public enum LoggedModelStatus: String, Sendable, Hashable, Codable, CaseIterable {
  case unspecified = "LOGGED_MODEL_STATUS_UNSPECIFIED"
  case pending = "LOGGED_MODEL_PENDING"
  case ready = "LOGGED_MODEL_READY"
  case failed = "LOGGED_MODEL_UPLOAD_FAILED"

  /// The word that filters use: `READY`.
  var word: String {
    switch self {
    case .unspecified: "UNSPECIFIED"
    case .pending: "PENDING"
    case .ready: "READY"
    case .failed: "FAILED"
    }
  }
}

/// A model that was logged in an experiment, before anybody registers it.
public struct LoggedModel: Sendable, Hashable, Codable {
  /// `m-` and 32 hexadecimal digits.
  public let id: String
  /// The experiment that it belongs to.
  public let experiment: String
  /// For people; need not be unique.
  public let name: String
  /// Where its files are.
  public let artifacts: String
  /// When it was made.
  public let created: Milliseconds
  /// When its status or its tags changed.
  public let updated: Milliseconds
  /// What sort of model it is; may be empty.
  public let type: String
  /// Whether its files are there.
  public let status: LoggedModelStatus
  /// The run that made it.
  public let sourceRun: String?
  /// Tags by name.
  public let tags: [TrackingTag]
  /// Parameters by name.
  public let params: [TrackingTag]
  /// What was measured on it, by any run.
  public let metrics: [MetricPoint]
}

/// What models are sorted by: an attribute, or a metric on a dataset.
package struct LoggedModelOrder: Sendable, Hashable {
  package let field: String
  package let ascending: Bool
  package let datasetName: String?
  package let datasetDigest: String?

  package init(field: String, ascending: Bool = true, datasetName: String? = nil, datasetDigest: String? = nil) {
    self.field = field
    self.ascending = ascending
    self.datasetName = datasetName
    self.datasetDigest = datasetDigest
  }
}

/// Datasets that metrics must have been measured on.
package struct DatasetFilter: Sendable, Hashable {
  package let name: String
  package let digest: String?

  package init(name: String, digest: String? = nil) {
    self.name = name
    self.digest = digest
  }
}
