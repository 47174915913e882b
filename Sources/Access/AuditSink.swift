public import Foundation

/// Something that was done to a server, or tried.
public struct AuditEvent: Sendable, Hashable, Codable {
  /// In whole seconds.
  public var time: Date
  /// Who did it.
  public var actor: String
  /// The key, token or certificate that they came with.
  public var credential: String
  /// What was done: `POST /v2/repository/models/{name}/load`.
  public var action: String
  /// What it was done to: `name=fashion`.
  public var object: String
  /// The model that it was done to; `nil` where it is about none.
  public var model: String?
  /// How it ended: the status of the answer.
  public var status: Int
  /// The request's name in the log.
  public var request: String

  public init(
    time: Date, actor: String, credential: String, action: String, object: String, status: Int, request: String, model: String? = nil
  ) {
    self.time = Date(timeIntervalSince1970: time.timeIntervalSince1970.rounded(.down))
    self.actor = actor
    self.credential = credential
    self.action = action
    self.object = object
    self.model = model
    self.status = status
    self.request = request
  }
}

/// Keeps what was done.
public protocol AuditSink: Sendable {
  /// - Throws: where it cannot be kept; what was done stays done.
  func record(_ event: AuditEvent) throws
}
