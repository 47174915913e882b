public import MartletCore
public import NN
public import Torch

/// How gradients are kept small.
public enum GradientClip: Sendable, Hashable, Codable {
  /// Scale all gradients together so that their Euclidean norm is at most this.
  case norm(Double)
  /// Scale all gradients together so that their norm of another order is at most `maximum`.
  case normOfOrder(maximum: Double, Gradients.Norm)
  /// Cut every element to plus or minus this.
  case value(Double)
  /// Scale the gradients of each unit so that their norm is at most `factor` times that of the unit's weights, which count as `minimum` at
  /// least; see `Gradients.clip(_:adaptive:minimum:)`.
  case adaptive(factor: Double, minimum: Double = 1e-3)

  /// Clipping begins with the norm of all gradients, so that it finds numbers that are not finite by itself.
  var measuresNorm: Bool {
    switch self {
    case .norm, .normOfOrder: true
    case .value, .adaptive: false
    }
  }

  /// Clips the gradients that are there.
  /// - Returns: the norm before clipping, where it had to be computed.
  /// - Throws: `NonFiniteGradient` if the norm is NaN or infinite.
  @discardableResult
  public func apply(to parameters: [(name: String, parameter: Parameter)]) throws -> Double? {
    switch self {
    case .norm(let maximum): return try Gradients.clip(parameters, norm: maximum)
    case .normOfOrder(let maximum, let order): return try Gradients.clip(parameters, norm: maximum, order)
    case .value(let maximum): try Gradients.clip(parameters.map(\.parameter), value: maximum)
    case .adaptive(let factor, let minimum):
      try Gradients.clip(parameters.map(\.parameter), adaptive: factor, minimum: minimum)
    }
    return nil
  }

  /// Refuses limits that are no limits.
  /// - Throws: `ArgumentError` naming the limit.
  public func validate() throws {
    func positive(_ name: String, _ value: Double) throws {
      guard value > 0, value.isFinite else { throw ArgumentError("\(name) is \(value)", expected: "a finite number above 0") }
    }
    switch self {
    case .norm(let maximum): try positive("the norm to clip at", maximum)
    case .normOfOrder(let maximum, let order):
      try positive("the norm to clip at", maximum)
      if case .p(let order) = order { try positive("the norm's order", order) }
    case .value(let maximum): try positive("the value to clip at", maximum)
    case .adaptive(let factor, let minimum):
      try positive("adaptive clipping's factor", factor)
      try positive("adaptive clipping's minimum", minimum)
    }
  }
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
  public enum Norm: Sendable, Hashable, Codable {
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
  /// - Parameters:
  ///   - parameters: with their names, as `Module.namedParameters()` gives them.
  ///   - refusesNonFinite: throw when the norm is NaN or infinite; otherwise scale by what comes out, as PyTorch does: gradients become
  ///     NaN.
  /// - Returns: the norm before clipping.
  /// - Throws: `NonFiniteGradient` naming the first parameter if the norm is NaN or infinite; the gradients are untouched then.
  @discardableResult
  public static func clip(
    _ parameters: [(name: String, parameter: Parameter)], norm maximum: Double, _ kind: Norm = .p(2), refusesNonFinite: Bool = true
  ) throws -> Double {
    let total = try norm(of: parameters.map(\.parameter), kind)
    if refusesNonFinite, !total.isFinite {
      throw NonFiniteGradient(parameter: try firstNonFinite(parameters) ?? "all parameters together")
    }
    let factor = maximum / (total + 1e-6)
    // NaN compares as false, and has to go through.
    if !(factor >= 1) {
      let gradients = parameters.compactMap(\.parameter.grad)
      try withoutGrad { try Tensor._foreach_mul_(gradients, Scalar(factor)) }
    }
    return total
  }

  /// Scales the gradients of every group by themselves so that each group's norm is at most `maximum`.
  /// - Returns: the norm of each group before clipping.
  /// - Throws: `NonFiniteGradient` naming the place of the first parameter, such as `group 1, parameter 0`.
  @discardableResult
  public static func clip(groups: [[Parameter]], norm maximum: Double, _ kind: Norm = .p(2)) throws -> [Double] {
    try groups.enumerated().map { number, group in
      let named = group.enumerated().map { (name: "group \(number), parameter \($0.offset)", parameter: $0.element) }
      return try clip(named, norm: maximum, kind)
    }
  }

  /// Cuts every gradient element to `-maximum...maximum` (PyTorch's `clip_grad_value_`).
  public static func clip(_ parameters: [Parameter], value maximum: Double) throws(TorchError) {
    let gradients = parameters.compactMap(\.grad)
    guard !gradients.isEmpty else { return }
    try withoutGrad { () throws(TorchError) in
      try Tensor._foreach_clamp_min_(gradients, Scalar(-maximum))
      try Tensor._foreach_clamp_max_(gradients, Scalar(maximum))
    }
  }

  /// Adaptive clipping (Brock et al.: "High-Performance Large-Scale Image Recognition Without Normalization", ICML 2021): a unit's
  /// gradient is scaled so that its norm is at most `factor` times the norm of the unit's weights.
  ///
  /// A unit is what one output is computed from: a row of a matrix, a filter of a convolution; vectors are one unit. The paper leaves the
  /// last layer's weights out: do not pass them.
  /// - Parameter minimum: weights of a smaller norm count as this, so that a unit of zeros can learn.
  public static func clip(_ parameters: [Parameter], adaptive factor: Double, minimum: Double = 1e-3) throws(TorchError) {
    try withoutGrad { () throws(TorchError) in
      for parameter in parameters {
        guard let gradient = parameter.grad else { continue }
        let largest = try unitNorm(parameter.value.detach())
        try largest.clamp_(min: Scalar(minimum))
        try largest.mul_(Scalar(factor))
        let norm = try unitNorm(gradient)
        let scale = try largest.div(norm.clamp(min: 1e-6))
        // Units within their limit stay as they are, bit for bit.
        try scale.maskedFill_(norm.lt(largest), 1)
        try gradient.mul_(scale)
      }
    }
  }

  private static func unitNorm(_ tensor: Tensor) throws(TorchError) -> Tensor {
    tensor.ndim <= 1
      ? try tensor.linalgVectorNorm(ord: 2) : try tensor.linalgVectorNorm(ord: 2, dims: Array(1..<tensor.ndim), keepDim: true)
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
