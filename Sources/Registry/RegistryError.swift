import Bundles
import Databases
import Foundation
public import MartletCore

/// Something that a registry cannot do.
public struct RegistryError: MartletError {
  /// What sort of error it is.
  public enum Kind: String, Sendable, Hashable {
    /// No registry, model, version or alias of that name.
    case notFound
    /// A name, tag, alias or reference that is not allowed.
    case invalidName
    /// Another process holds the write lock for longer than the timeout.
    case busy
    /// The registry was opened for reading, or its folder does not allow more.
    case readOnly
    case diskFull
    /// The database is damaged or is something else.
    case corrupt
    /// A newer Martlet made the database.
    case newerSchema
    /// The version cannot be deleted while an alias points to it.
    case aliased
    /// A file of a version is gone from the object store.
    case missingObject
    /// The bundle cannot be trusted or read.
    case bundle
    /// There already.
    case exists
    /// The server of the database or of the files cannot be reached, or refuses.
    case unreachable
    /// Nobody said where the files are, or another place than the registry's.
    case artifacts
    /// A key is missing or is the wrong one.
    case encryption
    /// A version is not signed by somebody who is trusted.
    case signature
    /// The alias needs approvals, or a person may not give one.
    case protected
    /// A gate does not let the version have the alias.
    case gate
    /// A search, a rule or a webhook that cannot be understood or is not allowed.
    case invalidQuery
    /// The log of events was changed.
    case audit
    case io
  }

  /// What sort of error it is.
  public let kind: Kind
  /// What is wrong, in one sentence.
  public let problem: String
  /// What would have been right.
  public let expected: String?
  /// What to do now.
  public let remedy: String?

  /// Makes an error; the words are shown to a person.
  public init(_ kind: Kind, _ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }

  /// Turns whatever a step threw into an error for a person. `path` is the registry's folder.
  init(_ error: any Error, path: String) {
    switch error {
    case let error as RegistryError: self = error
    case let error as SQLError: self.init(database: error, path: path)
    case let error as SystemFailure:
      self.init(
        error.isDiskFull ? .diskFull : error.isNotWritable ? .readOnly : .io, "the registry at \(path): \(error.path): \(error.reason)",
        remedy: error.isDiskFull ? "free space on the disk; nothing was registered" : nil)
    case let error as any MartletError:
      self.init(.bundle, error.problem, expected: error.expected, remedy: error.remedy)
    default: self.init(.io, "the registry at \(path): \(error)")
    }
  }

  private init(database error: SQLError, path: String) {
    let name = "the registry at \(path)"
    switch error.kind {
    case .busy, .conflict, .timedOut:
      self.init(
        .busy, "\(name) is busy: another process is writing", remedy: "again when that process is done, or wait longer for it")
    case .readOnly: self.init(.readOnly, "\(name) cannot be written", remedy: "a folder that you may write to (MARTLET_REGISTRY)")
    case .full: self.init(.diskFull, "\(name): the disk is full", remedy: "free space on the disk; nothing was registered")
    case .corrupt:
      self.init(
        .corrupt, "\(name): registry.sqlite is damaged or is not a registry: \(error.problem)",
        remedy: "put a copy of registry.sqlite back; the models' files under objects/ are still there")
    case .foreign: self.init(.corrupt, error.problem, remedy: "another folder (MARTLET_REGISTRY)")
    case .newerSchema: self.init(.newerSchema, error.problem, expected: error.expected, remedy: error.remedy)
    case .olderSchema: self.init(.readOnly, error.problem, remedy: error.remedy)
    case .connectionLost, .refused: self.init(.unreachable, "\(name): \(error.problem)", remedy: error.remedy)
    default: self.init(.io, "\(name): \(error.problem)")
    }
  }
}
