public import MartletCore

/// Why a PyTorch file was not read.
public struct PyTorchFileError: MartletError {
  /// The case, for `catch` clauses that handle one of them.
  public enum Kind: Sendable, Hashable {
    /// The file would have run this in Python (`posix.system`, `builtins.eval`, `__main__.Net` …). Nothing was run.
    case code(String)
    /// Cut off, changed, or never a PyTorch file.
    case damaged
    /// A real PyTorch file with something that this reader does not understand.
    case unsupported
    /// Larger, deeper or longer than any real file.
    case tooLarge
    /// A name that the file does not hold.
    case missing
    /// The system does not hand the file out.
    case unreadable
  }

  /// The file's path as the user gave it.
  public let path: String
  public let kind: Kind
  public let problem: String
  public let expected: String?
  public let remedy: String?

  init(_ kind: Kind, path: String, _ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.path = path
    self.problem = "\(path): \(problem)"
    self.expected = expected
    self.remedy = remedy
  }

  static let saveTensorsAlone = "save the tensors alone: torch.save(model.state_dict(), path)"
}

/// What is wrong with a pickle, before the file's path is known.
struct PickleProblem: Error {
  let kind: PyTorchFileError.Kind
  let text: String
  var expected: String? = nil
  var remedy: String? = nil

  init(_ kind: PyTorchFileError.Kind, _ text: String, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.text = text
    self.expected = expected
    self.remedy = remedy
  }

  static func damaged(_ text: String) -> PickleProblem { PickleProblem(.damaged, text, remedy: "get the file again") }
  static func tooLarge(_ text: String) -> PickleProblem { PickleProblem(.tooLarge, text) }
  static func unsupported(_ text: String) -> PickleProblem {
    PickleProblem(.unsupported, text, remedy: PyTorchFileError.saveTensorsAlone)
  }
  static func code(_ name: String, _ how: String) -> PickleProblem {
    PickleProblem(
      .code(name), "would run Python code: \(how); nothing was run",
      expected: "tensors, numbers, strings, lists and dictionaries only", remedy: PyTorchFileError.saveTensorsAlone)
  }

  func error(path: String) -> PyTorchFileError { PyTorchFileError(kind, path: path, text, expected: expected, remedy: remedy) }
}
