public import MartletCore
public import NN
public import Torch

/// How gradients are kept small.
public enum GradientClip: Sendable, Hashable, Codable {
  /// Scale all gradients together so that their Euclidean norm is at most this.
  case norm(Double)
  /// Cut every element to plus or minus this.
  case value(Double)
}

/// A gradient that is NaN or infinite.
public struct NonFiniteGradient: MartletError {
  /// The first parameter, in PyTorch's order, whose gradient is not finite.
  public let parameter: String
  public var problem: String { "the gradient of '\(parameter)' is not finite" }
  public var remedy: String? { "a smaller learning rate, gradient clipping, or a look at the batch for extreme values" }
}

/// Operations on the gradients of many parameters at once.
public enum Gradients {
  /// The order of a vector norm.
  public enum Norm: Sendable, Hashable {
    /// The sum of p-th powers, to the power 1/p.
    case p(Double)
    /// The largest magnitude.
    case infinity

    var order: Scalar { if case .p(let order) = self { .double(order) } else { .double(.infinity) } }
  }

  /// The norm of all gradients taken as one vector, 0 where there is none.
  public static func norm(of parameters: [Parameter], _ norm: Norm = .p(2)) throws(TorchError) -> Double {
    let gradients = parameters.compactMap(\.grad)
    return try withoutGrad { () throws(TorchError) in
      guard let first = gradients.first else { return 0 }
      // The kernel wants tensors of one kind on one device.
      guard gradients.allSatisfy({ $0.dtype == first.dtype && $0.device == first.device }) else {
        var norms: [Tensor] = []
        for gradient in gradients { norms.append(try gradient.linalgVectorNorm(ord: norm.order, dtype: .float64).to(device: .cpu)) }
        return try Tensor.stack(norms).linalgVectorNorm(ord: norm.order).double()
      }
      let norms = try Tensor._foreach_norm(gradients, ord: norm.order)
      return try norms.count == 1 ? norms[0].double() : Tensor.stack(norms).linalgVectorNorm(ord: norm.order).double()
    }
  }

  /// Scales all gradients so that their common norm is at most `maximum` (Pascanu et al., ICML 2013; PyTorch's `clip_grad_norm_`).
  /// - Parameter parameters: with their names, as `Module.namedParameters()` gives them.
  /// - Returns: the norm before clipping.
  /// - Throws: `NonFiniteGradient` naming the first parameter if the norm is NaN or infinite; the gradients are untouched then.
  @discardableResult
  public static func clip(
    _ parameters: [(name: String, parameter: Parameter)], norm maximum: Double, _ kind: Norm = .p(2)
  ) throws -> Double {
    let total = try norm(of: parameters.map(\.parameter), kind)
    guard total.isFinite else { throw NonFiniteGradient(parameter: try firstNonFinite(parameters) ?? "all parameters together") }
    let factor = maximum / (total + 1e-6)
    if factor < 1 {
      try withoutGrad { try Tensor._foreach_mul_(parameters.compactMap(\.parameter.grad), Scalar(factor)) }
    }
    return total
  }

  /// Cuts every gradient element to `-maximum...maximum` (PyTorch's `clip_grad_value_`).
  public static func clip(_ parameters: [Parameter], value maximum: Double) throws(TorchError) {
    try withoutGrad { () throws(TorchError) in
      for parameter in parameters {
        if let gradient = parameter.grad { try gradient.clamp_(min: Scalar(-maximum), max: Scalar(maximum)) }
      }
    }
  }

  /// The first parameter whose gradient has a NaN or an infinity, or `nil`.
  public static func firstNonFinite(_ parameters: [(name: String, parameter: Parameter)]) throws(TorchError) -> String? {
    for (name, parameter) in parameters {
      if let gradient = parameter.grad, try !gradient.allFinite() { return name }
    }
    return nil
  }
}

extension Tensor {
  /// No element is NaN or infinite. Integers always are finite.
  func allFinite() throws(TorchError) -> Bool {
    guard dtype.isFloatingPoint || dtype.isComplex else { return true }
    return try withoutGrad { () throws(TorchError) in try isfinite().all().double() != 0 }
  }
}
