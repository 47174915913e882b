@testable import Torch

/// Calls of generated operators, under the names that `Tools/fixtures_torch_ops.py` gives them.
enum OperatorCases {
  typealias Call = @Sendable (Inputs) throws -> [Tensor]

  /// A case's input tensors, as its call names them.
  struct Inputs {
    let tensors: [Tensor]
    var x: Tensor { tensors[0] }
    var y: Tensor { tensors[1] }
    var z: Tensor { tensors[2] }
    var w: Tensor { tensors[3] }
    var v: Tensor { tensors[4] }
    var u: Tensor { tensors[5] }
  }

  static let all: [String: Call] = {
    var cases: [String: Call] = [:]
    addArithmetic(to: &cases)
    addComparison(to: &cases)
    addFunctions(to: &cases)
    addReduction(to: &cases)
    addLinearAlgebra(to: &cases)
    addShape(to: &cases)
    addIndexing(to: &cases)
    addFactory(to: &cases)
    addLayers(to: &cases)
    addActivation(to: &cases)
    addNumeric(to: &cases)
    return cases
  }()

  static func list(_ tensor: Tensor) -> [Tensor] { [tensor] }
  static func list(_ tensors: [Tensor]) -> [Tensor] { tensors }
  static func list(_ tensors: (Tensor, Tensor)) -> [Tensor] { [tensors.0, tensors.1] }
  static func list(_ tensors: (Tensor, Tensor, Tensor)) -> [Tensor] { [tensors.0, tensors.1, tensors.2] }

  /// Runs an in-place operator on a copy.
  static func inPlace(_ tensor: Tensor, _ body: (Tensor) throws -> Void) throws -> [Tensor] {
    let copy = try tensor.clone()
    try body(copy)
    return [copy]
  }

  /// A positive definite matrix made of any square one.
  static func spd(_ x: Tensor) throws -> Tensor { try x.matmul(x.transpose(-2, -1)).add(Tensor.eye(3)) }

  static func packedLSTM(_ x: Tensor, _ h: Tensor, _ c: Tensor, _ w: Tensor, _ v: Tensor) throws -> [Tensor] {
    let (data, sizes) = try x.packPaddedSequence(Tensor([4, 2]), batchFirst: false)
    return try list(
      data.lstm(sizes, [h, c], [w, v], hasBiases: false, numLayers: 1, dropout: 0, train: false, bidirectional: false))
  }

  static func foreachLerp(_ x: Tensor, _ y: Tensor) throws -> [Tensor] {
    try inPlace(x) { try Tensor._foreach_lerp_([$0], [y], 0.25) }
  }

  static func foreachAddcmul(_ x: Tensor, _ y: Tensor) throws -> [Tensor] {
    try inPlace(x) { try Tensor._foreach_addcmul_([$0], [y], [y], value: 0.5) }
  }

  static func fusedAdam(_ x: Tensor, _ grad: Tensor, _ average: Tensor, _ square: Tensor) throws -> [Tensor] {
    let state = try [x.clone(), average.clone(), square.clone(), Tensor(scalar: Float(3))]
    try Tensor._fused_adam_(
      [state[0]], [grad.clone()], [state[1]], [state[2]], [], [state[3]], lr: 0.01, beta1: 0.9, beta2: 0.99, weightDecay: 0.1, eps: 1e-8,
      amsgrad: false, maximize: false)
    return Array(state[..<3])
  }

  static func fusedAdamW(_ x: Tensor, _ grad: Tensor, _ average: Tensor, _ square: Tensor) throws -> [Tensor] {
    let state = try [x.clone(), average.clone(), square.clone(), Tensor(scalar: Float(3))]
    try Tensor._fused_adamw_(
      [state[0]], [grad.clone()], [state[1]], [state[2]], [], [state[3]], lr: 0.01, beta1: 0.9, beta2: 0.99, weightDecay: 0.1, eps: 1e-8,
      amsgrad: false, maximize: false)
    return Array(state[..<3])
  }

  static func fusedSGD(_ x: Tensor, _ grad: Tensor, _ momentum: Tensor) throws -> [Tensor] {
    let state = try [x.clone(), momentum.clone()]
    try Tensor._fused_sgd_(
      [state[0]], [grad.clone()], [state[1]], weightDecay: 0.1, momentum: 0.9, lr: 0.01, dampening: 0, nesterov: true, maximize: false,
      isFirstStep: false)
    return state
  }

  static func fusedAdagrad(_ x: Tensor, _ grad: Tensor, _ total: Tensor) throws -> [Tensor] {
    let state = try [x.clone(), total.clone()]
    try Tensor._fused_adagrad_(
      [state[0]], [grad.clone()], [state[1]], [Tensor(scalar: Float(2))], lr: 0.01, lrDecay: 0.1, weightDecay: 0.1, eps: 1e-8,
      maximize: false)
    return state
  }

  static func unscale(_ x: Tensor) throws -> [Tensor] {
    let copy = try x.clone()
    let found = try Tensor([Float(0)])
    try Tensor._amp_foreach_non_finite_check_and_unscale_([copy], found, Tensor([Float(0.5)]))
    return [copy, found]
  }
}
