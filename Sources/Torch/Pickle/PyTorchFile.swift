import MartletCore

/// A `.pt` or `.pth` file that torch.save wrote, both as a zip archive (PyTorch 1.6 and newer) and in the older format.
///
/// Such files are programs in Python's pickle language, and loading one in Python runs it. This reader understands only what describes
/// tensors, numbers, strings, lists and dictionaries; whatever else a file says is refused with the name of what it would have run.
/// The file is mapped into memory and every size, offset and stride is checked when it is opened.
///
/// ```swift
/// let file = try PyTorchFile(path: "resnet18.pth")
/// for (name, tensor) in try file.tensors() { print(name, tensor.shape) }
/// ```
public struct PyTorchFile: Sendable {
  public let path: String
  /// What was saved, as a tree.
  public let contents: PyTorchValue
  private let positions: [String: PyTorchTensor]
  /// The dotted names of all tensors in the file's order.
  public let names: [String]

  /// Maps the file, reads its description and checks it whole; values are read when they are used.
  /// - Throws: `PyTorchFileError`: code in the file, damage, something other than tensors, a file that cannot be read.
  public init(path: String) throws(PyTorchFileError) {
    self.path = path
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path)
    } catch {
      let problem = error.problem.hasPrefix(path + ": ") ? String(error.problem.dropFirst(path.utf8.count + 2)) : error.problem
      throw PyTorchFileError(.unreadable, path: path, problem, expected: error.expected, remedy: error.remedy)
    }
    do throws(PickleProblem) {
      let bytes = UnsafeRawBufferPointer(file.bytes)
      contents = bytes.starts(with: [0x50, 0x4B, 3, 4]) ? try PyTorchArchive.read(file) : try PyTorchLegacy.read(file)
    } catch {
      throw error.error(path: path)
    }
    let found = contents.tensors()
    names = found.map(\.name)
    positions = Dictionary(found.map { ($0.name, $0.tensor) }) { first, _ in first }
    guard positions.count == names.count else {
      throw PyTorchFileError(.unsupported, path: path, "two tensors have the same dotted name", remedy: "ask for them under `contents`")
    }
  }

  /// What the file says of a tensor, or `nil` where it holds none of that name.
  public func info(_ name: String) -> PyTorchTensor? { positions[name] }

  /// One tensor by its dotted name.
  /// - Throws: `PyTorchFileError` if there is no such name, with the nearest one, or the values are damaged.
  public func tensor(_ name: String) throws -> Tensor {
    guard let info = positions[name] else {
      throw PyTorchFileError(
        .missing, path: path, "holds no tensor '\(name)'", remedy: NearestName.of(name, among: names).map { "'\($0)'" })
    }
    return try info.tensor()
  }

  /// All tensors with their dotted names, in the file's order.
  public func tensors() throws -> [(name: String, tensor: Tensor)] {
    try names.map { ($0, try tensor($0)) }
  }

  /// Names under which training scripts keep a model's state beside the optimizer's.
  private static let usualKeys = ["state_dict", "model_state_dict", "model", "net", "network", "module"]

  /// The tensors of a model's state: those under `key`, or, without one, the dictionary under `state_dict`, `model_state_dict`, `model`,
  /// `net`, `network` or `module`, or else the saved dictionary itself where it holds tensors.
  /// - Parameter key: where the state lies, dotted (`"ema.model"`); `""` for the whole file.
  /// - Throws: `PyTorchFileError` where there is no such key, or none of the usual ones.
  public func state(at key: String? = nil) throws -> [(name: String, tensor: Tensor)] {
    try stateValue(at: key).tensors().map { ($0.name, try $0.tensor.tensor()) }
  }

  private func stateValue(at key: String?) throws(PyTorchFileError) -> PyTorchValue {
    if let key {
      var value = contents
      for part in key.split(separator: ".") {
        guard let next = value[String(part)] else {
          throw PyTorchFileError(.missing, path: path, "holds nothing at '\(key)'", expected: expectation)
        }
        value = next
      }
      return value
    }
    guard case .dictionary(let entries) = contents else { return contents }
    for key in Self.usualKeys {
      if case .dictionary? = contents[key], let value = contents[key], !value.tensors().isEmpty { return value }
    }
    if entries.contains(where: { if case .tensor = $0.value { true } else { false } }) { return contents }
    guard entries.isEmpty else {
      throw PyTorchFileError(
        .missing, path: path, "does not say which part is the model's state", expected: expectation, remedy: "state(at: …)")
    }
    return contents
  }

  private var expectation: String {
    guard case .dictionary(let entries) = contents else { return "a dictionary" }
    return "one of " + entries.prefix(12).map { "'\($0.key.prefix(60))'" }.joined(separator: ", ")
  }
}
