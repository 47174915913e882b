import MartletCore
import NN
import Torch

extension LayerCase {
  /// Norms, dropout, padding, shapes, activations: layers with one input.
  func simple(_ c: Config) throws -> Subject? {
    let layer = norm(c) ?? padding(c) ?? shape(c) ?? activation(c)
    return layer.map { Subject($0) }
  }

  private func norm(_ c: Config) -> (any Layer)? {
    let channels = c.int("channels"), eps = c.double("eps", 1e-5), momentum = c.double("momentum", 0.1)
    let tracks = c.bool("trackRunningStats", false), p = c.double("p")
    return switch layer {
    case "InstanceNorm1d":
      InstanceNorm1d(channels, eps: eps, momentum: momentum, affine: c.bool("affine", false), trackRunningStats: tracks)
    case "InstanceNorm2d":
      InstanceNorm2d(channels, eps: eps, momentum: momentum, affine: c.bool("affine", false), trackRunningStats: tracks)
    case "InstanceNorm3d":
      InstanceNorm3d(channels, eps: eps, momentum: momentum, affine: c.bool("affine", false), trackRunningStats: tracks)
    case "BatchNorm3d": BatchNorm3d(channels, eps: eps, momentum: momentum, affine: c.bool("affine", true))
    case "LocalResponseNorm":
      LocalResponseNorm(c.int("size"), alpha: c.double("alpha", 1e-4), beta: c.double("beta", 0.75), k: c.double("k", 1))
    case "Dropout1d": Dropout1d(p)
    case "Dropout2d" where file != nil: Dropout2d(p)
    case "Dropout3d": Dropout3d(p)
    case "AlphaDropout": AlphaDropout(p)
    case "FeatureAlphaDropout": FeatureAlphaDropout(p)
    default: nil
    }
  }

  private func padding(_ c: Config) -> (any Layer)? {
    guard
      let amounts = config["amounts"] == nil ? nil : c.extent("amounts").extents(layer.contains("1d") ? 2 : layer.contains("2d") ? 4 : 6)
    else { return nil }
    return switch layer {
    case "ConstantPad1d": ConstantPad1d(amounts, value: 0.7)
    case "ConstantPad2d": ConstantPad2d(amounts, value: 0.7)
    case "ConstantPad3d": ConstantPad3d(amounts, value: 0.7)
    case "ZeroPad1d": ZeroPad1d(amounts)
    case "ZeroPad2d": ZeroPad2d(amounts)
    case "ZeroPad3d": ZeroPad3d(amounts)
    case "ReflectionPad1d": ReflectionPad1d(amounts)
    case "ReflectionPad2d": ReflectionPad2d(amounts)
    case "ReflectionPad3d": ReflectionPad3d(amounts)
    case "ReplicationPad1d": ReplicationPad1d(amounts)
    case "ReplicationPad2d": ReplicationPad2d(amounts)
    case "ReplicationPad3d": ReplicationPad3d(amounts)
    case "CircularPad1d": CircularPad1d(amounts)
    case "CircularPad2d": CircularPad2d(amounts)
    case "CircularPad3d": CircularPad3d(amounts)
    default: nil
    }
  }

  private func shape(_ c: Config) -> (any Layer)? {
    func two(_ key: String, _ otherwise: Int) -> [Int] { c.extent(key, otherwise).extents(2) }
    let mode = InterpolationMode(rawValue: c.string("mode")) ?? .nearest, corners = config["alignCorners"]?.boolValue
    switch layer {
    case "Upsample":
      if let size = c.ints("size") { return Upsample(size: size, mode: mode, alignCorners: corners) }
      return Upsample(scale: c.double("scale"), mode: mode, alignCorners: corners)
    case "PixelShuffle": return PixelShuffle(c.int("factor"))
    case "PixelUnshuffle": return PixelUnshuffle(c.int("factor"))
    case "ChannelShuffle": return ChannelShuffle(c.int("groups"))
    case "Unfold":
      return Unfold(two("kernel", 1), dilation: two("dilation", 1), padding: two("padding", 0), stride: two("stride", 1))
    case "Fold":
      return Fold(
        two("size", 1), kernel: two("kernel", 1), dilation: two("dilation", 1), padding: two("padding", 0), stride: two("stride", 1))
    case "Unflatten": return Unflatten(c.int("dim"), c.ints("sizes") ?? [])
    default: return nil
    }
  }

  private func activation(_ c: Config) -> (any Layer)? {
    switch layer {
    case "CELU": CELU(alpha: c.double("alpha", 1))
    case "GLU": GLU(dim: c.int("dim", -1))
    case "SwiGLU": SwiGLU(dim: c.int("dim", -1))
    case "GeGLU": GeGLU(dim: c.int("dim", -1))
    case "Hardshrink": Hardshrink(lambda: c.double("lambd", 0.5))
    case "Softshrink": Softshrink(lambda: c.double("lambd", 0.5))
    case "Tanhshrink": Tanhshrink()
    case "Softsign": Softsign()
    case "LogSigmoid": LogSigmoid()
    case "RReLU": RReLU(lower: c.double("lower", 1.0 / 8), upper: c.double("upper", 1.0 / 3))
    case "Threshold": Threshold(c.double("threshold"), value: c.double("value"))
    case "Softmin": Softmin(dim: c.int("dim", -1))
    case "Softmax2d": Softmax2d()
    default: nil
    }
  }
}
