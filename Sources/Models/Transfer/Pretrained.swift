import MartletCore
public import NN
import Torch

/// What loading weights of others found.
public struct PretrainedReport: Sendable, Hashable, CustomStringConvertible {
  /// A tensor of another shape than the network's.
  public struct Mismatch: Sendable, Hashable {
    /// The name in the network.
    public let name: String
    /// What the file holds: `float32 [1000, 1280]`.
    public let found: String
    /// What the network holds.
    public let expected: String
  }

  /// How many tensors were taken.
  public let loaded: Int
  /// Names that the network has and the file lacks. They keep their first values.
  public let missing: [String]
  /// Names that the file has and the network lacks.
  public let unexpected: [String]
  /// Tensors of another shape, which keep their first values: `classifier.1.weight is float32 [1000, 1280], not float32 [5, 1280]`.
  public let mismatched: [Mismatch]

  /// Whether every tensor of the network was found and fitted, and the file had no others.
  public var isComplete: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }

  public var description: String {
    var parts = ["\(loaded) tensors loaded"]
    if !missing.isEmpty { parts.append("missing: \(missing.joined(separator: ", "))") }
    if !unexpected.isEmpty { parts.append("not used: \(unexpected.joined(separator: ", "))") }
    if !mismatched.isEmpty {
      parts.append("of another shape: " + mismatched.map { "\($0.name) is \($0.found), not \($0.expected)" }.joined(separator: ", "))
    }
    return parts.joined(separator: "; ")
  }
}

extension StagedNetwork {
  /// Loads the weights of a file into the network: `.safetensors`, or PyTorch's `.pth`, `.pt` and `.bin`.
  /// - Parameters:
  ///   - path: the file.
  ///   - strict: whether anything that does not fit outside the head is an error.
  ///   - adaptingInput: whether a first convolution for other input channels is taken, too, see below.
  /// - Returns: what fitted and what did not. The head may be of another size, as it is for other classes: it then keeps its first values.
  /// - Throws: the reader's error for a damaged file, `ModelError` where the backbone does not fit; the network is then as it was.
  @discardableResult
  public final func loadPretrained(
    from path: String, strict: Bool = true, adaptingInput: Bool = false
  ) throws -> PretrainedReport {
    try loadPretrained(WeightFile.state(at: path), strict: strict, adaptingInput: adaptingInput, source: path)
  }

  /// Loads weights that were read already.
  ///
  /// A prefix that all names share (`module.` of a wrapped model) is dropped, older names of the architecture are understood, half
  /// precision is converted. Counts of batches that batch norm has seen may be missing.
  /// - Parameters:
  ///   - adaptingInput: whether the filters of a first convolution for other input channels (colour weights, grey images) are taken, too:
  ///     summed up for one channel, else repeated and scaled, so that grey images give what they gave before.
  ///   - source: where the weights came from, for messages.
  @discardableResult
  public final func loadPretrained(
    _ weights: StateDictionary, strict: Bool = true, adaptingInput: Bool = false, source: String = "the weights"
  ) throws -> PretrainedReport {
    let own = try state()
    var found = named(weights, as: own)
    if adaptingInput { try adaptInput(&found, to: own) }
    var fitting = StateDictionary()
    var mismatched: [PretrainedReport.Mismatch] = []
    var missing: [String] = []
    for (name, tensor) in own.entries {
      guard let value = found[name] else {
        if !name.hasSuffix(".num_batches_tracked") { missing.append(name) }
        continue
      }
      if value.shape == tensor.shape, value.dtype == tensor.dtype || (value.dtype.isFloatingPoint && tensor.dtype.isFloatingPoint) {
        fitting[name] = value
      } else {
        mismatched.append(
          PretrainedReport.Mismatch(name: name, found: "\(value.dtype) \(value.shape)", expected: "\(tensor.dtype) \(tensor.shape)"))
      }
    }
    let report = PretrainedReport(
      loaded: fitting.count, missing: missing, unexpected: found.names.filter { own[$0] == nil }, mismatched: mismatched)
    if fitting.count == 0 || (strict && !problems(of: report).isEmpty) { throw misfit(report, own: own, source: source) }
    try load(fitting, strict: false, convertingTypes: true, source: source)
    return report
  }

  /// Brings the first convolution's filters to this network's input channels.
  private func adaptInput(_ weights: inout StateDictionary, to own: StateDictionary) throws {
    guard let name = own.names.first(where: { own[$0]?.ndim == 4 }), let target = own[name]?.shape, let filters = weights[name],
      filters.ndim == 4, filters.shape[1] != target[1], filters.shape[0] == target[0], filters.shape[2...] == target[2...]
    else { return }
    let channels = filters.shape[1]
    let repeated = try Tensor.cat(Array(repeating: filters, count: (target[1] + channels - 1) / channels), dim: 1)
    weights[name] =
      target[1] == 1
      ? try filters.sum(dims: [1], keepDim: true)
      : try repeated.narrow(dim: 1, start: 0, length: target[1]) * (Double(channels) / Double(target[1]))
  }

  /// What is wrong outside the head.
  private func problems(of report: PretrainedReport) -> [String] {
    (report.missing + report.unexpected + report.mismatched.map(\.name)).filter { !(headStage?.holds($0) ?? false) }
  }

  private func misfit(_ report: PretrainedReport, own: StateDictionary, source: String) -> ModelError {
    let wrong = problems(of: report)
    let shown = wrong.prefix(6).joined(separator: ", ") + (wrong.count > 6 ? " and \(wrong.count - 6) more" : "")
    let input = report.mismatched.first { $0.name == own.names.first { own[$0]?.ndim == 4 } }
    return ModelError(
      "\(source) is no weights of this \(type(of: self)): \(report.missing.count) tensors are missing, \(report.unexpected.count) are "
        + "unknown, \(report.mismatched.count) have another shape (\(shown))",
      expected: "the names and shapes of the architecture outside its head",
      remedy: input.map { "the input's channels or the stem differ: \($0.found) in the file, \($0.expected) here" }
        ?? "the architecture, width and stem of the weights; or strict: false to take what fits")
  }

  /// The weights under this network's names.
  private func named(_ weights: StateDictionary, as own: StateDictionary) -> StateDictionary {
    let renamed = weights.renamed { currentName(of: $0) }
    if renamed.names.contains(where: { own[$0] != nil }) { return renamed }
    for prefix in ["module.", "model.", "state_dict.", "backbone.", "network."] where weights.names.allSatisfy({ $0.hasPrefix(prefix) }) {
      return weights.renamed { self.currentName(of: String($0.dropFirst(prefix.count))) }
    }
    return renamed
  }
}

/// Files that hold weights.
enum WeightFile {
  /// The tensors of a file by name.
  static func state(at path: String) throws -> StateDictionary {
    let entries: [(name: String, tensor: Tensor)] =
      if [".pth", ".pt", ".bin"].contains(where: path.lowercased().hasSuffix) {
        try PyTorchFile(path: path).state()
      } else if path.hasSuffix(".index.json") {
        try ShardedSafetensors(index: path).all()
      } else {
        try SafetensorsFile(path: path).all()
      }
    return StateDictionary(entries.map { ($0.name, $0.tensor) })
  }
}
