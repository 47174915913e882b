import NN
public import Torch

/// Inverted residuals with linear bottlenecks (Sandler et al. 2018, arXiv:1801.04381).
///
/// Input `[batch, channels, height, width]`, output `[batch, classes]`. torchvision's names (`features.1.conv.0.0.weight`).
public final class MobileNetV2: StagedNetwork {
  private let features: Sequential
  private var classifier: Sequential

  /// Expansion, channels, blocks, stride.
  private static let plan = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]

  /// - Parameters:
  ///   - width: what all channels are multiplied with, rounded to multiples of 8.
  ///   - dropout: the probability of a zero before the head.
  ///   - stem: `.small` leaves out the first stride, for images of about 32×32.
  /// - Throws: `TorchError` if a parameter could not be made.
  public init(channels: Int = 3, classes: Int = 1000, width: Double = 1, dropout: Double = 0.2, stem: Stem = .large) throws {
    var inputs = roundedChannels(32 * width)
    var layers: [any Layer] = [convNorm(channels, inputs, stride: stem == .large ? 2 : 1, activation: ReLU6(overwriting: true))]
    for (expansion, size, count, stride) in Self.plan {
      let outputs = roundedChannels(Double(size) * width)
      for index in 0..<count {
        layers.append(InvertedResidual(inputs, outputs, stride: index == 0 ? stride : 1, expansion: expansion))
        inputs = outputs
      }
    }
    let last = roundedChannels(1280 * max(1, width))
    layers.append(convNorm(inputs, last, kernel: 1, activation: ReLU6(overwriting: true)))
    features = Sequential(layers)
    classifier = Sequential(Dropout(dropout), Linear(last, classes))
    super.init()
    try initializeWeights(convolutions: .kaimingNormal(mode: .fanOut), linear: .normal(std: 0.01))
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor { try classifier(features(x).mean(dims: [2, 3])) }

  public override var stages: [Stage] {
    let blocks = Self.plan.enumerated().map { ("stage\($0 + 1)", $1.2) }
    return Stage.features([("stem", 1)] + blocks + [("last", 1)]) + [Stage("head", ["classifier.1"])]
  }

  public override func replaceHead(classes: Int) throws {
    guard let last = classifier.layers.last as? Linear else { return }
    classifier = classifier.replacingLast(with: try Linear.head(last.inputs, Self.checked(classes: classes), .normal(std: 0.01)))
  }
}

/// Widens, filters each channel by itself, narrows without an activation.
private final class InvertedResidual: Module, Layer {
  private let conv: Sequential
  private let adds: Bool

  init(_ inputs: Int, _ outputs: Int, stride: Int, expansion: Int) {
    let hidden = inputs * expansion
    var layers: [any Layer] = expansion == 1 ? [] : [convNorm(inputs, hidden, kernel: 1, activation: ReLU6(overwriting: true))]
    layers += [
      convNorm(hidden, hidden, stride: stride, groups: hidden, activation: ReLU6(overwriting: true)),
      Conv2d(hidden, outputs, kernel: 1, bias: false),
      BatchNorm2d(outputs),
    ]
    conv = Sequential(layers)
    adds = stride == 1 && inputs == outputs
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in adds ? try x + conv(x) : try conv(x) }
  }
}
