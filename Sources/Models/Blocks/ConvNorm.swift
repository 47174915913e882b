import NN
import Torch

/// The settings of batch norm in a family of networks.
struct NormSettings {
  var eps = 1e-5
  var momentum = 0.1

  func layer(_ channels: Int) -> BatchNorm2d { BatchNorm2d(channels, eps: eps, momentum: momentum) }
}

/// Convolution without bias, batch norm and activation, with the names of torchvision's `Conv2dNormActivation`: `0`, `1`, `2`.
func convNorm(
  _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, groups: Int = 1, norm: NormSettings = NormSettings(),
  activation: (any Layer)? = ReLU(overwriting: true)
) -> Sequential {
  let layers: [any Layer] = [
    Conv2d(inputs, outputs, kernel: kernel, stride: stride, padding: (kernel - 1) / 2, groups: groups, bias: false), norm.layer(outputs),
  ]
  return Sequential(layers + (activation.map { [$0] } ?? []))
}

/// The multiple of 8 next to `channels`, never less than 90 % of it: what widths are rounded to in the MobileNet family.
func roundedChannels(_ channels: Double) -> Int {
  let rounded = max(8, Int(channels + 4) / 8 * 8)
  return Double(rounded) < 0.9 * channels ? rounded + 8 : rounded
}

/// What stands before the first stage of a network of photos.
public enum Stem: String, Sendable, Hashable, Codable, CaseIterable {
  /// Takes a quarter of the size (the MobileNet family: half): for photos, as in the papers.
  case large
  /// Keeps the size: for images of about 32×32.
  case small

  /// The stem for images of a size: small up to 64 pixels.
  public static func fitting(height: Int, width: Int) -> Stem { min(height, width) <= 64 ? .small : .large }
}

extension Module {
  /// Fills convolutions and linear layers as torchvision's constructors do, in their order. Their biases become zero.
  /// - Parameter linear: `nil` leaves linear layers as they are.
  func initializeWeights(convolutions: Initializer, linear: Initializer?) throws(TorchError) {
    for (_, module) in namedModules() {
      if let convolution = module as? Convolution {
        try convolution.weight.initialize(convolutions)
        try convolution.bias?.initialize(.zeros)
      } else if let linear, let layer = module as? Linear {
        try layer.weight.initialize(linear)
        try layer.bias?.initialize(.zeros)
      }
    }
  }
}

extension Linear {
  /// A linear layer whose weights are filled by `initializer` and whose bias is zero.
  static func head(_ inputs: Int, _ outputs: Int, _ initializer: Initializer) throws(TorchError) -> Linear {
    let layer = Linear(inputs, outputs)
    try layer.weight.initialize(initializer)
    try layer.bias?.initialize(.zeros)
    return layer
  }
}

extension Sequential {
  /// The same layers with another one at the end.
  func replacingLast(with layer: any Layer) -> Sequential { Sequential(Array(layers.dropLast()) + [layer]) }
}

extension Stage {
  /// Stages of consecutive elements of `features`: a count for each.
  static func features(_ counts: [(name: String, count: Int)]) -> [Stage] {
    var next = 0
    return counts.map { name, count in
      defer { next += count }
      return Stage(name, (next..<(next + count)).map { "features.\($0)" })
    }
  }
}
