import MartletCore
public import NN
public import Torch

/// Sharpness-aware minimisation (Foret et al., ICLR 2021): the gradient is taken where the loss is worst within a small distance, so that
/// flat minima are found, which generalise better. Every step evaluates the loss twice.
///
/// ```swift
/// let optimizer = try SAM(SGD(model.parameters(), learningRate: 0.1, momentum: 0.9), radius: 0.05)
/// let loss = try optimizer.step(minimizing: { try crossEntropy(model(x), y) })
/// ```
public final class SAM: ClosureOptimizer {
  /// The optimizer that takes the step.
  public let base: any Optimizer
  /// The distance, as a norm over all parameters.
  public let radius: Double
  /// Measure the distance relative to the weights (adaptive SAM: Kwon et al., ICML 2021); the radius is then about ten times as large.
  public let isAdaptive: Bool

  /// - Parameters:
  ///   - radius: the distance of the neighbour; the papers take 0.05, and 0.5 to 2 for the adaptive form.
  ///   - adaptive: measure the distance relative to the weights.
  /// - Throws: `ArgumentError` for a radius out of range or an optimizer that evaluates the loss itself.
  public init(_ base: any Optimizer, radius: Double = 0.05, adaptive: Bool = false) throws {
    try check("radius", radius, isNonNegative: true)
    guard !(base is any ClosureOptimizer) else {
      throw ArgumentError("'\(base.kind)' evaluates the loss itself", expected: "an optimizer that steps from gradients that are there")
    }
    self.base = base
    self.radius = radius
    self.isAdaptive = adaptive
  }

  public var kind: String { isAdaptive ? "asam(\(base.kind))" : "sam(\(base.kind))" }
  public var parameters: [Parameter] { base.parameters }

  public var learningRates: [Double] {
    get { base.learningRates }
    set { base.learningRates = newValue }
  }

  public var momenta: [Double] {
    get { base.momenta }
    set { base.momenta = newValue }
  }

  public var weightDecays: [Double] {
    get { base.weightDecays }
    set { base.weightDecays = newValue }
  }

  /// The base optimizer's step from the gradients that are there, without the search for a neighbour.
  public func step() throws(TorchError) { try base.step() }

  @discardableResult
  public func step(_ evaluate: () throws -> Tensor) throws -> Tensor {
    let loss = try withGrad { try evaluate() }
    let present = base.parameters.filter { $0.grad != nil }
    guard !present.isEmpty else { return loss }
    let values = try present.map { try $0.value.detach() }
    let before = try values.map { try $0.clone() }
    do {
      try withoutGrad { try climb(values, present.compactMap(\.grad)) }
      _ = try withGrad { try evaluate() }
    } catch {
      try withoutGrad { try Tensor._foreach_copy_(values, before) }
      throw error
    }
    try withoutGrad { try Tensor._foreach_copy_(values, before) }
    try base.step()
    return loss
  }

  /// Moves the parameters to where the loss, seen as a plane, is highest within the radius.
  private func climb(_ values: [Tensor], _ gradients: [Tensor]) throws(TorchError) {
    var scaled = gradients
    if isAdaptive { scaled = try Tensor._foreach_mul(Tensor._foreach_abs(values), gradients) }
    var norms: [Tensor] = []
    for norm in try Tensor._foreach_norm(scaled) { norms.append(try norm.to(.float64, device: .cpu)) }
    let factor = radius / (try Tensor.stack(norms).linalgVectorNorm().double() + 1e-12)
    if isAdaptive { scaled = try Tensor._foreach_mul(Tensor._foreach_mul(values, values), gradients) }
    try Tensor._foreach_add_(values, scaled, alpha: Scalar(factor))
  }

  public func zeroGradients() { base.zeroGradients() }

  public func state() throws -> SavedState {
    let state = try base.state()
    return SavedState(values: ["kind": .string(kind), "base": state.values], tensors: state.tensors)
  }

  public func load(_ state: SavedState) throws {
    guard state.values["kind"]?.stringValue == kind, let values = state.values["base"] else {
      throw StateMismatch(
        "the state is one of '\(state.values["kind"]?.stringValue ?? "nothing")'", expected: "a state of '\(kind)'")
    }
    try base.load(SavedState(values: values, tensors: state.tensors))
  }
}
