public import Foundation
import MartletCore

/// How a registry is opened. What is not said comes from the environment.
public struct RegistryOptions: Sendable {
  /// Seconds to wait while another process writes.
  public var busyTimeout: TimeInterval
  /// Who is written into the event log.
  public var user: String
  /// Where the files are kept: a folder or `s3://bucket/prefix`; `nil` for where they have been so far, at first the registry's own folder.
  public var artifacts: String?
  /// The team's keys where files are to be encrypted; `nil` leaves them as they are.
  public var encryption: EncryptionKeys?
  /// Where fetched and decrypted files are kept for the next time; `nil` is the user's cache folder.
  public var cache: String?
  /// A list of public keys: versions that none of them signed are not loaded. `nil` asks for no signature.
  public var trustedKeys: String?
  /// Names, addresses and networks (`10.1.0.0/16`) of one's own that webhooks may go to.
  public var webhookAllowList: [String]
  /// The environment that credentials of a bucket are looked for in.
  public var environment: [String: String]
  /// Called at each step of a registration; what it throws, the step throws. Tests break the steps with it.
  package var willReach: (@Sendable (RegistrationStep) throws -> Void)?

  /// Makes options: five seconds of waiting, the user of the process, and `MARTLET_ARTIFACTS`, `MARTLET_ENCRYPTION_KEY_FILE` or
  /// `MARTLET_ENCRYPTION_KEY_COMMAND`, `MARTLET_TRUSTED_KEYS`, `MARTLET_WEBHOOK_ALLOW` and `MARTLET_CACHE`.
  public init(
    busyTimeout: TimeInterval = 5, user: String = RegistryOptions.currentUser,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.busyTimeout = busyTimeout
    self.user = user
    self.environment = environment
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    artifacts = value("MARTLET_ARTIFACTS")
    encryption = EncryptionKeys(environment: environment)
    cache = value("MARTLET_CACHE")
    trustedKeys = value("MARTLET_TRUSTED_KEYS")
    webhookAllowList = (value("MARTLET_WEBHOOK_ALLOW") ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The name of the user that the process runs as.
  public static var currentUser: String {
    let name = NSUserName()
    return name.isEmpty ? "unknown" : name
  }

  /// A folder of the cache's for the objects of one place.
  func cacheFolder(for location: String) -> String {
    let root =
      cache ?? environment["XDG_CACHE_HOME"].map { $0 + "/martlet" } ?? NSHomeDirectory() + "/.cache/martlet"
    return root + "/objects-" + Digest.sha256(location).prefix(16)
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
