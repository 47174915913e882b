import NN
public import Torch

/// Stacks of convolutions 3×3 with max-pooling between them (Simonyan, Zisserman 2014, arXiv:1409.1556).
///
/// Input `[batch, channels, height, width]` of 32×32 or more, output `[batch, classes]`. torchvision's names (`features.0.weight`,
/// `classifier.6.bias`).
public final class VGG: StagedNetwork {
  /// The number of layers with weights.
  public enum Depth: Int, Sendable, CaseIterable {
    case eleven = 11
    case thirteen = 13
    case sixteen = 16
    case nineteen = 19

    /// Convolutions in each of the five blocks.
    var blocks: [Int] {
      switch self {
      case .eleven: [1, 1, 2, 2, 2]
      case .thirteen: [2, 2, 2, 2, 2]
      case .sixteen: [2, 2, 3, 3, 3]
      case .nineteen: [2, 2, 4, 4, 4]
      }
    }
  }

  private let features: Sequential
  private var classifier: Sequential
  private let blockStages: [Stage]

  /// - Parameters:
  ///   - batchNorm: whether batch norm follows each convolution.
  ///   - width: what the channels and hidden sizes are multiplied with, rounded to multiples of 8.
  ///   - dropout: the probability of a zero behind the two hidden layers.
  /// - Throws: `TorchError` if a parameter could not be made.
  public init(
    _ depth: Depth, batchNorm: Bool = true, channels: Int = 3, classes: Int = 1000, width: Double = 1, dropout: Double = 0.5
  ) throws {
    func scaled(_ size: Int) -> Int { width == 1 ? size : roundedChannels(Double(size) * width) }
    var layers: [any Layer] = []
    var stages: [Stage] = []
    var inputs = channels
    for (number, (count, size)) in zip(depth.blocks, [64, 128, 256, 512, 512]).enumerated() {
      let first = layers.count
      for _ in 0..<count {
        layers.append(Conv2d(inputs, scaled(size), kernel: 3, padding: 1))
        if batchNorm { layers.append(BatchNorm2d(scaled(size))) }
        layers.append(ReLU(overwriting: true))
        inputs = scaled(size)
      }
      layers.append(MaxPool2d(2))
      stages.append(Stage("block\(number + 1)", (first..<layers.count).map { "features.\($0)" }))
    }
    blockStages = stages
    features = Sequential(layers)
    let hidden = scaled(4096)
    classifier = Sequential(
      Linear(inputs * 49, hidden), ReLU(overwriting: true), Dropout(dropout), Linear(hidden, hidden), ReLU(overwriting: true),
      Dropout(dropout), Linear(hidden, classes))
    super.init()
    try initializeWeights(convolutions: .kaimingNormal(mode: .fanOut), linear: .normal(std: 0.01))
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    try classifier(features(x).adaptiveAvgPool2d(outputSize: [7, 7]).flatten(from: 1))
  }

  public override var stages: [Stage] {
    blockStages + [Stage("classifier", ["classifier.0", "classifier.3"]), Stage("head", ["classifier.6"])]
  }

  public override func replaceHead(classes: Int) throws {
    guard let last = classifier.layers.last as? Linear else { return }
    classifier = classifier.replacingLast(with: try Linear.head(last.inputs, Self.checked(classes: classes), .normal(std: 0.01)))
  }
}
