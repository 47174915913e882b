public import MartletCore
import Web

/// Why a server does not start.
public struct ServerError: MartletError, Hashable {
  /// What went wrong.
  public enum Kind: Sendable, Hashable {
    /// Another program listens on the port already.
    case portTaken(Int)
    /// The port may not be opened by this user.
    case portForbidden(Int)
    /// The host is no address of this machine.
    case unknownHost(String)
    /// There is nothing to serve.
    case noModels
    /// Two models have one name and version.
    case duplicateModel(name: String, version: String)
    /// A model does not answer its warm-up.
    case brokenModel(name: String, version: String, detail: String)
    /// An ensemble cannot be made of its members.
    case brokenEnsemble(name: String, problem: String)
    /// Other machines could call it, and it knows nobody.
    case needsCredentials(host: String)
    /// A setting cannot be used: keys that cannot be read, a certificate that is none.
    case settings(problem: String, expected: String?, remedy: String?)
    /// Something else; the text is the system's.
    case other(String)
  }

  /// What went wrong.
  public let kind: Kind

  init(_ kind: Kind) { self.kind = kind }

  /// A setting that cannot be used.
  init(because error: any Error) {
    guard let known = error as? any MartletError else {
      self.init(.other("\(error)"))
      return
    }
    self.init(.settings(problem: known.problem, expected: known.expected, remedy: known.remedy))
  }

  /// The thing and the value.
  public var problem: String {
    switch kind {
    case .portTaken(let port): "another program listens on port \(port)"
    case .portForbidden(let port): "port \(port) may not be opened by this user"
    case .unknownHost(let host): "'\(host)' is no address of this machine"
    case .noModels: "there is no model to serve"
    case .duplicateModel(let name, let version): "model '\(name)' is given twice with version '\(version)'"
    case .brokenModel(let name, let version, let detail): "model '\(name)@\(version)' does not answer: \(detail)"
    case .brokenEnsemble(let name, let problem): "the ensemble '\(name)' cannot answer: \(problem)"
    case .needsCredentials(let host): "'\(host)' can be reached from other machines, and there are no keys: anyone could use the server"
    case .settings(let problem, _, _): problem
    case .other(let text): "the server cannot start: \(text)"
    }
  }

  /// What would have been right.
  public var expected: String? {
    switch kind {
    case .noModels: "at least one model"
    case .settings(_, let expected, _): expected
    default: nil
    }
  }

  /// What to do now.
  public var remedy: String? {
    switch kind {
    case .portTaken(let port): "--port 0 for any free port, or end the program that listens on \(port)"
    case .portForbidden: "a port of 1024 or more"
    case .unknownHost: "--host 127.0.0.1 for this machine, --host 0.0.0.0 for all its networks"
    case .noModels: "name a registered model"
    case .brokenModel(let name, _, _): "serve another version of \(name)"
    case .needsCredentials: "martlet keys create NAME; or --insecure, if whoever reaches the address may do everything"
    case .settings(_, _, let remedy): remedy
    case .duplicateModel, .brokenEnsemble, .other: nil
    }
  }
}
