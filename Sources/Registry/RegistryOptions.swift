public import Foundation

/// How a registry is opened.
public struct RegistryOptions: Sendable {
  /// Seconds to wait while another process writes.
  public var busyTimeout: TimeInterval
  /// Who is written into the event log.
  public var user: String
  /// Called at each step of a registration; what it throws, the step throws. Tests break the steps with it.
  package var willReach: (@Sendable (RegistrationStep) throws -> Void)?

  /// Makes options: five seconds of waiting, and the user of the process.
  public init(busyTimeout: TimeInterval = 5, user: String = RegistryOptions.currentUser) {
    self.busyTimeout = busyTimeout
    self.user = user
  }

  /// The name of the user that the process runs as.
  public static var currentUser: String {
    let name = NSUserName()
    return name.isEmpty ? "unknown" : name
  }
}

/// The points of a registration at which a process may die.
package enum RegistrationStep: String, CaseIterable, Sendable, Codable {
  /// Before a file is copied.
  case staging
  /// A file is copied and flushed, under its temporary name.
  case staged
  /// A file has its final name in the object store.
  case placed
  /// Inside the transaction, the version's row written, its files not yet.
  case recording
  /// Inside the transaction, everything written.
  case committing
  /// After the transaction.
  case recorded
}
