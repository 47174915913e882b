import Foundation
import Torch

/// Which side of a weight keeps its variance.
public enum FanMode: String, Sendable, CaseIterable {
  /// The forward pass: the number of inputs that each output sums.
  case fanIn
  /// The backward pass: the number of outputs that each input reaches.
  case fanOut
}

/// What follows a layer, for the scale of its weights (`torch.nn.init.calculate_gain`).
public enum Nonlinearity: Sendable, Hashable {
  /// Nothing, or another linear or convolution layer.
  case linear
  case sigmoid
  case tanh
  case relu
  /// With the factor of negative values.
  case leakyReLU(slope: Double = 0.01)
  case selu

  /// The factor by which weights have to be larger.
  public var gain: Double {
    switch self {
    case .linear, .sigmoid: 1
    case .tanh: 5.0 / 3
    case .relu: 2.0.squareRoot()
    case .leakyReLU(let slope): (2.0 / (1 + slope * slope)).squareRoot()
    case .selu: 3.0 / 4
    }
  }
}

extension Initializer {
  /// Uniform in ±gain · √(3 / fan) (He et al. 2015, arXiv:1502.01852).
  public static func kaimingUniform(mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .relu) -> Initializer {
    Initializer(
      "kaimingUniform",
      inPlace: { (tensor) throws(TorchError) in
        let std = nonlinearity.gain / Double(try fan(of: tensor.shape, mode, "kaimingUniform")).squareRoot()
        let bound = 3.0.squareRoot() * std
        try tensor.uniform_(from: -bound, to: bound)
      })
  }

  /// Normal with standard deviation gain / √fan (He et al. 2015, arXiv:1502.01852).
  public static func kaimingNormal(mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .relu) -> Initializer {
    Initializer(
      "kaimingNormal",
      inPlace: { (tensor) throws(TorchError) in
        let std = nonlinearity.gain / Double(try fan(of: tensor.shape, mode, "kaimingNormal")).squareRoot()
        try tensor.normal_(mean: 0, std: std)
      })
  }

  /// Uniform in ±gain · √(6 / (fan in + fan out)) (Glorot, Bengio 2010).
  public static func xavierUniform(gain: Double = 1) -> Initializer {
    Initializer(
      "xavierUniform",
      inPlace: { (tensor) throws(TorchError) in
        let fans = try fans(of: tensor.shape, "xavierUniform")
        let bound = 3.0.squareRoot() * (gain * (2.0 / Double(fans.in + fans.out)).squareRoot())
        try tensor.uniform_(from: -bound, to: bound)
      })
  }

  /// Normal with standard deviation gain · √(2 / (fan in + fan out)) (Glorot, Bengio 2010).
  public static func xavierNormal(gain: Double = 1) -> Initializer {
    Initializer(
      "xavierNormal",
      inPlace: { (tensor) throws(TorchError) in
        let fans = try fans(of: tensor.shape, "xavierNormal")
        try tensor.normal_(mean: 0, std: gain * (2.0 / Double(fans.in + fans.out)).squareRoot())
      })
  }

  /// Uniform in ±√(3 / fan in): equal variances before and after a layer without a nonlinearity, or with SELU (LeCun et al. 1998).
  public static var lecunUniform: Initializer { kaimingUniform(nonlinearity: .linear).named("lecunUniform") }

  /// Normal with standard deviation 1 / √(fan in): equal variances before and after a layer without a nonlinearity, or with SELU (LeCun
  /// et al. 1998, Klambauer et al. 2017, arXiv:1706.02515).
  public static var lecunNormal: Initializer { kaimingNormal(nonlinearity: .linear).named("lecunNormal") }

  /// What PyTorch's linear and convolution layers start their weights with: uniform in ±1/√(fan in).
  static let pyTorchWeight = kaimingUniform(nonlinearity: .leakyReLU(slope: 5.0.squareRoot()))

  /// What PyTorch's linear and convolution layers start their biases with: uniform in ±1/√(fan in).
  static func pyTorchBias(fanIn: Int) -> Initializer {
    let bound = fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0
    return uniform(-bound, bound)
  }

  private static func fan(of shape: [Int], _ mode: FanMode, _ name: String) throws(TorchError) -> Int {
    let fans = try fans(of: shape, name)
    return mode == .fanIn ? fans.in : fans.out
  }

  /// The inputs and outputs of a weight `[out, in, kernel…]`.
  private static func fans(of shape: [Int], _ name: String) throws(TorchError) -> (in: Int, out: Int) {
    guard shape.count >= 2 else {
      throw TorchError.layer("a tensor of shape \(shape) has no inputs and outputs", in: name, expected: "two or more dimensions")
    }
    let field = shape.dropFirst(2).reduce(1, *)
    return (max(shape[1] * field, 1), max(shape[0] * field, 1))
  }
}
