public import MartletCore
public import Torch

/// What a model consists of: its layers with output shapes, parameters and multiply-adds.
public struct ModelSummary: Sendable {
  /// One module of the model.
  public struct Row: Sendable {
    /// The dotted path, "" for the model itself.
    public let path: String
    /// The type with its settings: `Conv2d(1→32, kernel 3×3)`.
    public let layer: String
    /// The shapes of what it gave, empty where it was not called or does not run through ``Module/observed(_:_:)``.
    public internal(set) var outputs: [[Int]]
    /// The values of its own parameters, without those below and without those that an earlier row counted.
    public let parameters: Int
    /// Its own multiply-add operations for the whole batch, without those below.
    public internal(set) var multiplyAdds: Int
    /// How often it was called.
    public internal(set) var calls: Int
  }

  /// The shape of the input that was run through the model, or `nil` where it was run by a closure.
  public let input: [Int]?
  /// All modules, parents before children.
  public let rows: [Row]
  /// Values that training changes.
  public let trainableParameters: Int
  /// Values that are frozen.
  public let frozenParameters: Int
  /// Bytes of parameters.
  public let parameterBytes: Int
  /// Bytes of buffers.
  public let bufferBytes: Int
  /// Bytes of all layers' outputs together: what training keeps for the backward pass, roughly.
  public let outputBytes: Int

  /// All parameters' values.
  public var parameters: Int { trainableParameters + frozenParameters }
  /// The multiply-add operations of one forward pass over the whole batch.
  public var multiplyAdds: Int { rows.reduce(0) { $0 + $1.multiplyAdds } }
}

/// Runs a batch of zeros through a model in evaluation mode and says what it consists of.
///
/// - Parameters:
///   - shape: the shape of the input with the batch: `[1, 3, 224, 224]`.
///   - dtype: the input's type; `.int64` for models that start with an embedding.
/// - Returns: a value that prints as a table.
/// - Throws: `TorchError` where the model does not take such an input.
public func summary(of model: some Layer, input shape: [Int], dtype: DType = .float32) throws(TorchError) -> ModelSummary {
  let input = try Tensor.zeros(shape, dtype: dtype, device: model.parameters().first?.value.device ?? .cpu)
  return try summary(of: model, shape: shape) { () throws(TorchError) in [try model(input).shape] }
}

/// Says what a model consists of whose inputs are not one tensor.
/// - Parameter run: calls the model once; it is in evaluation mode and records no gradients.
public func summary<Model: Module>(of model: Model, run: (Model) throws(TorchError) -> Void) throws(TorchError) -> ModelSummary {
  try summary(of: model, shape: nil) { () throws(TorchError) in
    try run(model)
    return []
  }
}

private final class Calls {
  var rows: [ModelSummary.Row] = []
  var position: [ObjectIdentifier: Int] = [:]
  var outputBytes = 0
}

private func summary(of model: Module, shape: [Int]?, run: () throws(TorchError) -> [[Int]]) throws(TorchError) -> ModelSummary {
  let calls = Calls()
  var counted = Set<ObjectIdentifier>()
  for (path, module) in model.namedModules() {
    let new = module.ownParameters.filter { counted.insert(ObjectIdentifier($0)).inserted }
    calls.position[ObjectIdentifier(module)] = calls.rows.count
    calls.rows.append(
      ModelSummary.Row(
        path: path, layer: module.description, outputs: [], parameters: new.reduce(0) { $0 + $1.count }, multiplyAdds: 0,
        calls: 0))
  }
  let observation = model.observeForward { (event) throws(TorchError) in
    guard let position = calls.position[ObjectIdentifier(event.module)] else { return }
    let outputs = event.outputs.map(\.shape)
    calls.rows[position].outputs = outputs
    calls.rows[position].calls += 1
    calls.rows[position].multiplyAdds += event.module.multiplyAdds(inputs: event.inputs.map(\.shape), outputs: outputs)
    // What a container gives is what its last layer gave.
    guard event.module.structure.below.isEmpty else { return }
    calls.outputBytes += event.outputs.reduce(0) { $0 + $1.count * $1.dtype.size }
  }
  defer { observation.cancel() }
  let modes = model.namedModules().map { ($0.module, $0.module.isTraining) }
  model.eval()
  defer { for (module, isTraining) in modes { module.isTraining = isTraining } }
  let outputs = try withoutGrad { () throws(TorchError) in try run() }
  if calls.rows[0].outputs.isEmpty { calls.rows[0].outputs = outputs }

  let parameters = model.parameters()
  var parameterBytes = 0
  for parameter in parameters { parameterBytes += try parameter.count * parameter.value.dtype.size }
  var bufferBytes = 0
  for buffer in model.buffers() { bufferBytes += try buffer.value.count * buffer.value.dtype.size }
  return ModelSummary(
    input: shape, rows: calls.rows, trainableParameters: model.parameterCount(trainable: true),
    frozenParameters: model.parameterCount() - model.parameterCount(trainable: true), parameterBytes: parameterBytes,
    bufferBytes: bufferBytes, outputBytes: calls.outputBytes)
}
