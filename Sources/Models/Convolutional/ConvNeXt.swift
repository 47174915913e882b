import NN
public import Torch

/// A convolutional network with a transformer's habits: large depthwise filters, layer norm, GELU (Liu et al. 2022, arXiv:2201.03545).
///
/// Input `[batch, channels, height, width]` of 8 patches or more, output `[batch, classes]`. torchvision's names
/// (`features.1.0.block.0.weight`).
public final class ConvNeXt: StagedNetwork {
  /// The networks of the paper.
  public enum Size: String, Sendable, CaseIterable {
    case tiny
    case small
    case base

    var plan: (widths: [Int], depths: [Int], stochasticDepth: Double) {
      switch self {
      case .tiny: ([96, 192, 384, 768], [3, 3, 9, 3], 0.1)
      case .small: ([96, 192, 384, 768], [3, 3, 27, 3], 0.4)
      case .base: ([128, 256, 512, 1024], [3, 3, 27, 3], 0.5)
      }
    }
  }

  private let features: Sequential
  private var classifier: Sequential
  private let depth: Int

  /// - Parameters:
  ///   - widths: channels of each stage.
  ///   - depths: blocks in each stage, as many as there are widths.
  ///   - patch: the side of the squares that the first convolution takes; 4 for photos, 2 or 1 for small images.
  ///   - stochasticDepth: the probability that the last block is left out for an item; it grows from 0 at the first.
  ///   - layerScale: what each block's contribution starts being multiplied with.
  /// - Throws: `ModelError` where widths and depths do not go together, `TorchError` if a parameter could not be made.
  public init(
    widths: [Int], depths: [Int], channels: Int = 3, classes: Int = 1000, patch: Int = 4, stochasticDepth: Double = 0,
    layerScale: Double = 1e-6
  ) throws {
    guard let first = widths.first, let last = widths.last, widths.count == depths.count, (widths + depths).allSatisfy({ $0 >= 1 }),
      patch >= 1
    else {
      throw ModelError(
        "a ConvNeXt with widths \(widths), depths \(depths) and patches of \(patch)", expected: "one width and one depth for each stage")
    }
    var layers: [any Layer] = [Sequential(Conv2d(channels, first, kernel: patch, stride: patch), LayerNorm2d(first, eps: 1e-6))]
    let total = depths.reduce(0, +)
    var number = 0
    for (stage, (width, depth)) in zip(widths, depths).enumerated() {
      let blocks = (0..<depth).map { _ in
        defer { number += 1 }
        return ConvNeXtBlock(
          width, layerScale: layerScale, stochasticDepth: stochasticDepth * Double(number) / Double(max(1, total - 1)))
      }
      layers.append(Sequential(blocks))
      if stage + 1 < widths.count {
        layers.append(Sequential(LayerNorm2d(width, eps: 1e-6), Conv2d(width, widths[stage + 1], kernel: 2, stride: 2)))
      }
    }
    features = Sequential(layers)
    classifier = Sequential(LayerNorm2d(last, eps: 1e-6), Flatten(), Linear(last, classes))
    depth = widths.count
    super.init()
    try initializeWeights(convolutions: .truncatedNormal(std: 0.02), linear: .truncatedNormal(std: 0.02))
  }

  /// One of the paper's networks.
  /// - Parameters:
  ///   - width: what all channels are multiplied with, rounded to multiples of 8.
  ///   - stochasticDepth: torchvision's for the size if `nil`.
  public convenience init(
    _ size: Size, channels: Int = 3, classes: Int = 1000, width: Double = 1, patch: Int = 4, stochasticDepth: Double? = nil,
    layerScale: Double = 1e-6
  ) throws {
    let plan = size.plan
    try self.init(
      widths: plan.widths.map { width == 1 ? $0 : roundedChannels(Double($0) * width) }, depths: plan.depths, channels: channels,
      classes: classes, patch: patch, stochasticDepth: stochasticDepth ?? plan.stochasticDepth, layerScale: layerScale)
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    try classifier(features(x).adaptiveAvgPool2d(outputSize: [1, 1]))
  }

  public override var stages: [Stage] {
    [Stage("stem", ["features.0"])]
      + (1...depth).map { Stage("stage\($0)", $0 == 1 ? ["features.1"] : ["features.\(2 * $0 - 2)", "features.\(2 * $0 - 1)"]) }
      + [Stage("head", ["classifier"])]
  }

  /// The layer norm before the last layer stays.
  public override func replaceHead(classes: Int) throws {
    guard let last = classifier.layers.last as? Linear else { return }
    let head = try Linear.head(last.inputs, Self.checked(classes: classes), .truncatedNormal(std: 0.02))
    classifier = classifier.replacingLast(with: head)
  }
}

/// A depthwise convolution 7×7 and two linear layers over the channels, beside a shortcut.
private final class ConvNeXtBlock: Module, Layer {
  private let layerScale: Parameter
  private let block: Sequential
  private let depth: StochasticDepth?

  init(_ width: Int, layerScale: Double, stochasticDepth: Double) {
    self.layerScale = Parameter(shape: [width, 1, 1], .constant(layerScale))
    block = Sequential(
      Conv2d(width, width, kernel: 7, padding: 3, groups: width), Permute(0, 2, 3, 1), LayerNorm(width, eps: 1e-6),
      Linear(width, 4 * width), GELU(), Linear(4 * width, width), Permute(0, 3, 1, 2))
    depth = stochasticDepth > 0 ? StochasticDepth(stochasticDepth) : nil
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let added = try layerScale.value * block(x)
      return try (depth?(added) ?? added) + x
    }
  }
}

/// The dimensions in another order.
private final class Permute: Module, Layer {
  private let order: [Int]

  init(_ order: Int...) { self.order = order }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.permute(order) }
  }
}
