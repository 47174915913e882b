import MartletCore
public import Torch

extension Module {
  /// Parameters and persistent buffers by PyTorch's names, in its order. What is shared appears under each of its names.
  ///
  /// The tensors share memory with the module; ``StateDictionary/copied()`` makes a snapshot.
  /// - Throws: the error of a parameter that could not be made.
  public final func state() throws(TorchError) -> StateDictionary {
    var state = StateDictionary()
    for (name, member) in structure.members {
      switch member {
      case .parameter(let parameter): state[name] = try parameter.value.detach()
      case .buffer(let buffer): if buffer.isPersistent { state[name] = try buffer.value.detach() }
      }
    }
    return state
  }

  /// Copies a state into the module's tensors.
  ///
  /// Everything is checked before the first value is written: on an error the module is as it was.
  /// - Parameters:
  ///   - strict: whether missing and unexpected names are errors. Shapes and types must fit in any case.
  ///   - convertingTypes: whether tensors of another floating-point type are converted (half-precision weights into a
  ///     single-precision model).
  ///   - source: where the state came from, for the error message.
  /// - Returns: the names that did not meet, both lists empty when `strict`.
  /// - Throws: `StateError` listing everything that does not fit, `TorchError` where a tensor cannot be converted.
  @discardableResult
  public final func load(
    _ state: StateDictionary, strict: Bool = true, convertingTypes: Bool = false, source: String = "the state"
  ) throws -> LoadReport {
    var targets: [(name: String, tensor: Tensor)] = []
    var optional = Set<String>()
    for (name, member) in structure.members {
      switch member {
      case .parameter(let parameter): targets.append((name, try parameter.value.detach()))
      case .buffer(let buffer):
        if buffer.isPersistent { targets.append((name, try buffer.value)) } else { optional.insert(name) }
      }
    }
    let known = Set(targets.map(\.name))
    let missing = targets.map(\.name).filter { state[$0] == nil }
    let unexpected = state.names.filter { !known.contains($0) && !optional.contains($0) }
    var mismatched: [StateError.Mismatch] = []
    var copies: [(target: Tensor, source: Tensor)] = []
    for (name, target) in targets {
      guard let tensor = state[name] else { continue }
      let typeFits = tensor.dtype == target.dtype || (convertingTypes && tensor.dtype.isFloatingPoint && target.dtype.isFloatingPoint)
      if tensor.shape == target.shape, typeFits {
        copies.append((target, tensor))
      } else {
        mismatched.append(
          StateError.Mismatch(
            name: name, found: "\(tensor.dtype) \(tensor.shape)", expected: "\(target.dtype) \(target.shape)"))
      }
    }
    if !mismatched.isEmpty || (strict && !(missing.isEmpty && unexpected.isEmpty)) {
      throw StateError(source: source, missing: missing, unexpected: unexpected, mismatched: mismatched)
    }
    // What can fail comes first, so that a module is never left half loaded.
    let converted = try copies.map { (target: $0.target, source: try $0.source.to($0.target.dtype, device: $0.target.device)) }
    for copy in converted { try Parameter.overwrite(copy.target, with: copy.source) }
    return LoadReport(missing: missing, unexpected: unexpected)
  }

  /// Writes ``state()`` as a safetensors file, atomically.
  /// - Parameter metadata: words for the file's header; `format: pt` is added, which other people's readers look for.
  public final func save(to path: String, metadata: [String: String] = [:]) throws {
    let entries = try state().map { (name: $0.name, tensor: try $0.tensor.contiguous()) }
    try Safetensors.write(entries, metadata: metadata.merging(["format": "pt"]) { given, _ in given }, to: path)
  }

  /// Loads a safetensors file.
  /// - Returns: the names that did not meet, both lists empty when `strict`.
  /// - Throws: the reader's error for a damaged file, `StateError` where it does not fit; the module is then as it was.
  @discardableResult
  public final func load(from path: String, strict: Bool = true, convertingTypes: Bool = false) throws -> LoadReport {
    let state = StateDictionary(try SafetensorsFile(path: path).all().map { ($0.name, $0.tensor) })
    return try load(state, strict: strict, convertingTypes: convertingTypes, source: path)
  }
}
