import MartletCore
import NN
import Torch

/// A configuration of Tools/fixtures_nn.py, read with Swift's types.
struct Config {
  let values: [String: JSONValue]

  func int(_ key: String, _ otherwise: Int = 0) -> Int { values[key]?.intValue ?? otherwise }
  func double(_ key: String, _ otherwise: Double = 0) -> Double { values[key]?.doubleValue ?? otherwise }
  func bool(_ key: String, _ otherwise: Bool) -> Bool { values[key]?.boolValue ?? otherwise }
  func string(_ key: String, _ otherwise: String = "") -> String { values[key]?.stringValue ?? otherwise }
  func ints(_ key: String) -> [Int]? { values[key]?.arrayValue?.compactMap(\.intValue) }

  func extent(_ key: String, _ otherwise: Int = 1) -> any SpatialExtent {
    ints(key) ?? int(key, otherwise)
  }

  var padding: any ConvolutionPadding {
    switch string("padding") {
    case "same": NamedPadding.same
    case "valid": NamedPadding.valid
    default: ints("padding") ?? int("padding")
    }
  }

  var paddingMode: PaddingMode { PaddingMode(rawValue: string("paddingMode", "zeros")) ?? .zeros }
}

extension LayerCase {
  /// Makes the layer that the case describes.
  func make() throws -> any Layer {
    let c = Config(values: config)
    switch layer {
    case "Linear": return Linear(c.int("in"), c.int("out"), bias: c.bool("bias", true))
    case "Identity": return Identity()
    case "Conv1d": return makeConv1d(c, c.extent("kernel"), c.extent("stride"), c.padding, c.extent("dilation"))
    case "Conv2d": return makeConv2d(c, c.extent("kernel"), c.extent("stride"), c.padding, c.extent("dilation"))
    case "ConvTranspose2d":
      return makeTransposed(
        c, c.extent("kernel"), c.extent("stride"), c.extent("padding", 0), c.extent("outputPadding", 0), c.extent("dilation"))
    case "BatchNorm1d", "BatchNorm2d": return makeBatchNorm(c)
    case "LayerNorm":
      return LayerNorm(
        c.ints("shape") ?? [], eps: c.double("eps", 1e-5), affine: c.bool("affine", true), bias: c.bool("bias", true))
    case "GroupNorm": return GroupNorm(c.int("groups"), c.int("channels"), affine: c.bool("affine", true))
    case "Dropout": return Dropout(c.double("p"))
    case "Dropout2d": return Dropout2d(c.double("p"))
    case "Embedding":
      return Embedding(
        c.int("count"), c.int("dimension"), paddingIndex: config["paddingIndex"]?.intValue, maxNorm: config["maxNorm"]?.doubleValue,
        normType: c.double("normType", 2))
    case "Flatten": return Flatten(from: c.int("from", 1), to: c.int("to", -1))
    case "GlobalAveragePool": return GlobalAveragePool()
    case "PReLU": return PReLU(c.int("channels", 1), start: c.double("start", 0.25))
    default: return try makePool(c) ?? makeActivation(c) ?? makeComposite(c)
    }
  }

  private func makeConv1d(
    _ c: Config, _ kernel: some SpatialExtent, _ stride: some SpatialExtent, _ padding: some ConvolutionPadding,
    _ dilation: some SpatialExtent
  ) -> any Layer {
    Conv1d(
      c.int("in"), c.int("out"), kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: c.int("groups", 1),
      bias: c.bool("bias", true), paddingMode: c.paddingMode)
  }

  private func makeConv2d(
    _ c: Config, _ kernel: some SpatialExtent, _ stride: some SpatialExtent, _ padding: some ConvolutionPadding,
    _ dilation: some SpatialExtent
  ) -> any Layer {
    Conv2d(
      c.int("in"), c.int("out"), kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: c.int("groups", 1),
      bias: c.bool("bias", true), paddingMode: c.paddingMode)
  }

  private func makeTransposed(
    _ c: Config, _ kernel: some SpatialExtent, _ stride: some SpatialExtent, _ padding: some SpatialExtent,
    _ outputPadding: some SpatialExtent, _ dilation: some SpatialExtent
  ) -> any Layer {
    ConvTranspose2d(
      c.int("in"), c.int("out"), kernel: kernel, stride: stride, padding: padding, outputPadding: outputPadding,
      groups: c.int("groups", 1), bias: c.bool("bias", true), dilation: dilation)
  }

  private func makeBatchNorm(_ c: Config) -> any Layer {
    let momentum = config["momentum"] == .null ? nil : c.double("momentum", 0.1)
    let affine = c.bool("affine", true), track = c.bool("trackRunningStats", true), eps = c.double("eps", 1e-5)
    return layer == "BatchNorm1d"
      ? BatchNorm1d(c.int("channels"), eps: eps, momentum: momentum, affine: affine, trackRunningStats: track)
      : BatchNorm2d(c.int("channels"), eps: eps, momentum: momentum, affine: affine, trackRunningStats: track)
  }

  private func makePool(_ c: Config) -> (any Layer)? {
    let stride: (any SpatialExtent)? = config["stride"].map { _ in c.extent("stride") }
    func extents(_ value: any SpatialExtent) -> [Int] { value.extents(2) }
    let kernel = extents(c.extent("kernel")), padding = extents(c.extent("padding", 0)), size = extents(c.extent("size"))
    switch layer {
    case "MaxPool2d":
      return MaxPool2d(
        kernel, stride: stride, padding: padding, dilation: extents(c.extent("dilation")), ceilMode: c.bool("ceilMode", false))
    case "AvgPool2d":
      return AvgPool2d(
        kernel, stride: stride, padding: padding, ceilMode: c.bool("ceilMode", false), countIncludePad: c.bool("countIncludePad", true))
    case "AdaptiveAvgPool2d": return AdaptiveAvgPool2d(size)
    case "AdaptiveMaxPool2d": return AdaptiveMaxPool2d(size)
    default: return nil
    }
  }

  private func makeActivation(_ c: Config) -> (any Layer)? {
    switch layer {
    case "ReLU": ReLU()
    case "ReLU6": ReLU6()
    case "SiLU": SiLU()
    case "Sigmoid": Sigmoid()
    case "Tanh": Tanh()
    case "SELU": SELU()
    case "Hardswish": Hardswish()
    case "Hardsigmoid": Hardsigmoid()
    case "Mish": Mish()
    case "GELU": GELU(approximation: GELUApproximation(rawValue: c.string("approximation")) ?? .none)
    case "LeakyReLU": LeakyReLU(slope: c.double("slope", 0.01))
    case "ELU": ELU(alpha: c.double("alpha", 1))
    case "Softplus": Softplus(beta: c.double("beta", 1), threshold: c.double("threshold", 20))
    case "Hardtanh": Hardtanh(low: c.double("low", -1), high: c.double("high", 1))
    case "Softmax": Softmax(dim: c.int("dim"))
    case "LogSoftmax": LogSoftmax(dim: c.int("dim"))
    default: nil
    }
  }

  private func makeComposite(_ c: Config) throws -> any Layer {
    switch layer {
    case "Sequential-mlp": return Sequential(Linear(4, 5), ReLU(), Linear(5, 2))
    case "Sequential-cnn":
      return Sequential {
        Conv2d(1, 2, kernel: 3, bias: false)
        BatchNorm2d(2)
        ReLU()
        MaxPool2d(2)
        Flatten()
        Dropout(0.25)
        Linear(8, 3)
      }
    case "Residual":
      let projected = c.bool("projection", false)
      return Residual(Sequential(Linear(3, projected ? 2 : 3), Tanh()), projection: projected ? Linear(3, 2, bias: false) : nil)
    default: throw ArgumentError("no layer is called '\(layer)'")
    }
  }

  /// A shape that the layer must refuse, or `nil` where it takes every shape.
  var wrongShape: [Int]? {
    let c = Config(values: config)
    switch layer {
    case "Linear", "Sequential-mlp", "Residual": return [2, 77]
    case "Conv1d": return [2, c.int("in") + 1, 9]
    case "Conv2d", "ConvTranspose2d": return [2, c.int("in") + 1, 9, 9]
    case "Sequential-cnn": return [2, 5, 6, 6]
    case "BatchNorm1d": return [4, 9]
    case "BatchNorm2d": return config["affine"] == nil ? [4, 9, 2, 2] : [4, 3]
    case "LayerNorm": return [2, 99]
    case "GroupNorm": return [2, 7, 2]
    case "Dropout2d": return [3]
    case "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "GlobalAveragePool": return [3, 3]
    case "PReLU": return config["channels"] == nil ? nil : [2, 9]
    case "Softmax", "LogSoftmax": return c.int("dim") == 1 ? [5] : nil
    default: return nil
    }
  }
}
