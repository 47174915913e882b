import MartletCore
public import NN
public import Torch

/// Trades time for memory: what `layer` computes on the way is not kept for the backward pass but computed again there (Chen et al.:
/// "Training deep nets with sublinear memory cost", 2016, arXiv:1604.06174).
///
/// ```swift
/// h = try checkpointed(block)(h)
/// ```
///
/// Values and gradients are those of `layer` itself: the second pass draws the same random numbers (of the CPU's generator), runs in the
/// same mixed precision, and leaves running statistics as the first one left them. Observers see both passes. Gradients of gradients are
/// not recorded.
public func checkpointed(_ layer: any Layer) -> (Tensor) throws(TorchError) -> Tensor {
  { (x) throws(TorchError) in
    try checkpointed([x], using: [layer]) { (inputs) throws(TorchError) in [try layer(inputs[0])] }[0]
  }
}

/// The same for any computation.
/// - Parameters:
///   - inputs: what `body` gets.
///   - modules: whose parameters and buffers `body` uses; parameters of others would get no gradients.
///   - body: depends on nothing but its inputs, the modules and random numbers.
/// - Returns: what `body` returns.
public func checkpointed(
  _ inputs: [Tensor], using modules: [Module], _ body: @escaping ([Tensor]) throws(TorchError) -> [Tensor]
) throws(TorchError) -> [Tensor] {
  let segment = try RecomputedSegment(inputs, modules, body)
  guard isGradEnabled, segment.isDifferentiable else { return try body(inputs) }
  return try segment.apply(inputs + segment.parameterValues())
}

/// A part of a network whose backward pass begins with another forward pass.
///
/// `@unchecked Sendable`: nothing changes after `init`, and libtorch calls `backward` while the thread that the modules belong to waits.
private struct RecomputedSegment: DifferentiableFunction, @unchecked Sendable {
  private let inputCount: Int
  private let parameters: [Parameter]
  private let buffers: [Buffer]
  private let body: ([Tensor]) throws(TorchError) -> [Tensor]
  private let random: Tensor
  private let device: Device
  private let computeType: DType?
  let isDifferentiable: Bool

  init(
    _ inputs: [Tensor], _ modules: [Module], _ body: @escaping ([Tensor]) throws(TorchError) -> [Tensor]
  ) throws(TorchError) {
    var seen = Set<ObjectIdentifier>()
    inputCount = inputs.count
    parameters = modules.flatMap { $0.parameters() }.filter { $0.requiresGrad && seen.insert(ObjectIdentifier($0)).inserted }
    buffers = modules.flatMap { $0.buffers() }.filter { seen.insert(ObjectIdentifier($0)).inserted }
    isDifferentiable = !parameters.isEmpty || inputs.contains(where: \.requiresGrad)
    self.body = body
    random = try RandomState.save()
    device = inputs.first?.device ?? .cpu
    computeType = try Precision.current(on: device)
  }

  func parameterValues() throws(TorchError) -> [Tensor] {
    var values: [Tensor] = []
    for parameter in parameters { values.append(try parameter.value) }
    return values
  }

  // Parameters are inputs, too, so that gradients reach them even where no input needs one.
  func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor]) {
    (try body(Array(inputs.prefix(inputCount))), Array(inputs.prefix(inputCount)))
  }

  func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?] {
    let inputs = try saved.map { try $0.detach().requiringGrad($0.requiresGrad) }
    let kept = try buffers.map { try $0.value.clone() }
    // The first pass has moved running statistics already. What the graph needs of them must not change before it was used.
    defer { for (buffer, value) in zip(buffers, kept) { try? buffer.assign(value) } }
    let outputs = try recompute(inputs)
    let flowing = zip(outputs, gradients).filter { $0.requiresGrad && $1 != nil }
    var results = [Tensor?](repeating: nil, count: inputs.count + parameters.count)
    guard !flowing.isEmpty else { return results }
    let all = inputs + (try parameterValues())
    let wanted = all.indices.filter { all[$0].requiresGrad }
    let values = try Tensor.gradients(
      of: flowing.map(\.0), withRespectTo: wanted.map { all[$0] }, gradients: flowing.compactMap(\.1), allowUnused: true)
    for (index, value) in zip(wanted, values) { results[index] = value }
    return results
  }

  /// The forward pass as it was, recorded this time, with the random numbers of the first.
  private func recompute(_ inputs: [Tensor]) throws -> [Tensor] {
    let now = try RandomState.save()
    // A state that was read a moment ago can be put back.
    defer { try? RandomState.restore(now) }
    try RandomState.restore(random)
    return try withGrad {
      try autocast(computeType ?? .bfloat16, device: device, enabled: computeType != nil) { try body(inputs) }
    }
  }
}
