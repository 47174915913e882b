import MartletCore
public import NN
import Torch

/// What large weights cost, on top of the loss: `l1 · Σ|w| + l2 · Σw²`.
///
/// A penalty is part of what is minimised, so that adaptive optimizers scale its gradient as they do the loss's; weight decay as AdamW has
/// it is not. L1 drives weights to zero, L2 keeps them small.
public struct Penalty: Sendable, Hashable, Codable {
  /// The price of magnitudes.
  public var l1: Double
  /// The price of squares.
  public var l2: Double
  /// Whether parameters whose name says bias count, too.
  public var includesBiases: Bool

  /// - Parameter includesBiases: count parameters such as `fc.bias` and `lstm.bias_ih_l0`, too.
  public init(l1: Double = 0, l2: Double = 0, includesBiases: Bool = true) {
    self.l1 = l1
    self.l2 = l2
    self.includesBiases = includesBiases
  }

  /// Refuses prices that are negative or not finite.
  /// - Throws: `ArgumentError` naming the price.
  public func validate() throws {
    try check("the L1 penalty", l1, isNonNegative: true)
    try check("the L2 penalty", l2, isNonNegative: true)
  }

  /// Whether a parameter of this name counts.
  public func covers(_ name: String) -> Bool { includesBiases || !(name.split(separator: ".").last ?? "").contains("bias") }

  /// Adds the penalty's gradient to those of the parameters that it covers and that are trained.
  /// - Parameter parameters: with their names, as `Module.namedParameters()` gives them.
  /// - Returns: the penalty.
  @discardableResult
  public func apply(to parameters: [(name: String, parameter: Parameter)]) throws -> Double {
    guard l1 > 0 || l2 > 0 else { return 0 }
    return try withoutGrad {
      var weights: [Tensor] = []
      var gradients: [Tensor] = []
      for (name, parameter) in parameters where parameter.requiresGrad && covers(name) {
        let weight = try parameter.value.detach()
        // What the loss does not depend on is penalised all the same.
        if parameter.grad == nil { try parameter.value.setGrad(try weight.zerosLike()) }
        guard let gradient = parameter.grad else { continue }
        weights.append(weight)
        gradients.append(gradient)
      }
      var total = 0.0
      guard !weights.isEmpty else { return total }
      if l2 > 0 {
        total += l2 * (try Self.sums(weights, power: 2).reduce(0) { $0 + $1 * $1 })
        try Tensor._foreach_add_(gradients, weights, alpha: Scalar(2 * l2))
      }
      if l1 > 0 {
        total += l1 * (try Self.sums(weights, power: 1).reduce(0, +))
        try Tensor._foreach_add_(gradients, try weights.map { try $0.sign() }, alpha: Scalar(l1))
      }
      return total
    }
  }

  /// The norm of each tensor.
  private static func sums(_ tensors: [Tensor], power: Double) throws -> [Double] {
    try Tensor._foreach_norm(tensors, ord: .double(power)).map { try $0.double() }
  }
}
