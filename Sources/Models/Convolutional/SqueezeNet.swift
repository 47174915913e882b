import NN
public import Torch

/// AlexNet's accuracy with a fiftieth of its parameters (Iandola et al. 2016, arXiv:1602.07360).
///
/// Input `[batch, channels, height, width]` of 21×21 or more, output `[batch, classes]`. torchvision's names
/// (`features.3.squeeze.weight`).
public final class SqueezeNet: StagedNetwork {
  /// The paper's network and its quicker successor.
  public enum Version: String, Sendable, CaseIterable {
    case first = "1_0"
    case second = "1_1"
  }

  private let features: Sequential
  private var classifier: Sequential

  /// - Parameters:
  ///   - width: what the channels are multiplied with, rounded to multiples of 8.
  ///   - dropout: the probability of a zero before the last convolution.
  /// - Throws: `TorchError` if a parameter could not be made.
  public init(
    _ version: Version = .second, channels: Int = 3, classes: Int = 1000, width: Double = 1, dropout: Double = 0.5
  ) throws {
    func scaled(_ size: Int) -> Int { width == 1 ? size : roundedChannels(Double(size) * width) }
    let first = scaled(version == .first ? 96 : 64)
    let poolsBehind = version == .first ? [3, 7] : [2, 4]
    func pool() -> MaxPool2d { MaxPool2d(3, stride: 2, ceilMode: true) }
    var layers: [any Layer] = [
      Conv2d(channels, first, kernel: version == .first ? 7 : 3, stride: 2), ReLU(overwriting: true), pool(),
    ]
    var inputs = first
    for (index, (squeeze, expand)) in [
      (16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256),
    ].enumerated() {
      layers.append(Fire(inputs, squeeze: scaled(squeeze), expand: scaled(expand)))
      inputs = 2 * scaled(expand)
      if poolsBehind.contains(index + 1) { layers.append(pool()) }
    }
    features = Sequential(layers)
    classifier = Sequential(Dropout(dropout), Conv2d(inputs, classes, kernel: 1), ReLU(overwriting: true))
    super.init()
    try initializeWeights(convolutions: .kaimingUniform(), linear: nil)
    try (classifier[1] as? Conv2d)?.weight.initialize(.normal(std: 0.01))
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor { try classifier(features(x)).mean(dims: [2, 3]) }

  public override var stages: [Stage] {
    var stages = [Stage("stem", ["features.0"])]
    for (index, layer) in features.layers.enumerated() where layer is Fire {
      stages.append(Stage("fire\(stages.count)", ["features.\(index)"]))
    }
    return stages + [Stage("head", ["classifier.1"])]
  }

  public override func replaceHead(classes: Int) throws {
    guard let last = classifier[1] as? Conv2d else { return }
    let head = Conv2d(last.inputs, try Self.checked(classes: classes), kernel: 1)
    try head.weight.initialize(.normal(std: 0.01))
    try head.bias?.initialize(.zeros)
    classifier = Sequential(classifier[0], head, classifier[2])
  }
}

/// Narrows by a convolution 1×1, widens by one 1×1 and one 3×3 side by side.
private final class Fire: Module, Layer {
  private let squeeze: Conv2d, expand1x1: Conv2d, expand3x3: Conv2d

  init(_ inputs: Int, squeeze narrow: Int, expand: Int) {
    squeeze = Conv2d(inputs, narrow, kernel: 1)
    expand1x1 = Conv2d(narrow, expand, kernel: 1)
    expand3x3 = Conv2d(narrow, expand, kernel: 3, padding: 1)
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let h = try reluOver(squeeze(x))
      return try Tensor.cat([reluOver(expand1x1(h)), reluOver(expand3x3(h))], dim: 1)
    }
  }
}
