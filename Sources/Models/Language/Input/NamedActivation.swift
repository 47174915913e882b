import MartletCore
import NN
public import Torch

/// An activation under the name that configurations of other people's models give it.
public enum NamedActivation: String, Sendable, CaseIterable {
  /// By the error function.
  case gelu
  /// By a hyperbolic tangent, as in GPT-2.
  case geluNew = "gelu_new"
  /// The same formula.
  case geluTanh = "gelu_pytorch_tanh"
  /// The same formula.
  case geluFast = "gelu_fast"
  /// x · sigmoid(1.702 x).
  case quickGELU = "quick_gelu"
  /// max(x, 0).
  case relu
  /// max(x, 0)².
  case squaredReLU = "relu2"
  /// x · sigmoid(x).
  case silu
  /// The same as `silu`.
  case swish
  /// The hyperbolic tangent.
  case tanh
  /// 1 / (1 + e⁻ˣ).
  case sigmoid
  /// x · tanh(softplus(x)).
  case mish
  /// x itself.
  case linear

  /// Applies the activation; any shape.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    switch self {
    case .gelu: try NN.gelu(x)
    case .geluNew, .geluTanh, .geluFast: try NN.gelu(x, approximation: .tanh)
    case .quickGELU: try x * (x * 1.702).sigmoid()
    case .relu: try x.relu()
    case .squaredReLU: try x.relu().square()
    case .silu, .swish: try x.silu()
    case .tanh: try x.tanh()
    case .sigmoid: try x.sigmoid()
    case .mish: try NN.mish(x)
    case .linear: x
    }
  }
}
