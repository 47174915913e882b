import NN
public import Torch

/// Each layer sees what all before it in its block gave (Huang, Liu, van der Maaten, Weinberger 2016, arXiv:1608.06993).
///
/// Input `[batch, channels, height, width]`, output `[batch, classes]`. torchvision's names
/// (`features.denseblock1.denselayer1.conv1.weight`).
public final class DenseNet: StagedNetwork {
  /// The networks of the paper, by their number of layers.
  public enum Depth: Int, Sendable, CaseIterable {
    case layers121 = 121
    case layers161 = 161
    case layers169 = 169
    case layers201 = 201

    var plan: (growth: Int, blocks: [Int], first: Int) {
      switch self {
      case .layers121: (32, [6, 12, 24, 16], 64)
      case .layers161: (48, [6, 12, 36, 24], 96)
      case .layers169: (32, [6, 12, 32, 32], 64)
      case .layers201: (32, [6, 12, 48, 32], 64)
      }
    }
  }

  private let features: DenseFeatures
  private var classifier: Linear

  /// - Parameters:
  ///   - growth: channels that each layer adds.
  ///   - blocks: layers in each block.
  ///   - first: channels of the first convolution.
  ///   - dropout: the probability of a zero behind each layer.
  ///   - stem: `.small` keeps the size with a convolution 3×3, for images of about 32×32.
  /// - Throws: `ModelError` without blocks, `TorchError` if a parameter could not be made.
  public init(
    growth: Int = 32, blocks: [Int], first: Int = 64, channels: Int = 3, classes: Int = 1000, dropout: Double = 0, stem: Stem = .large
  ) throws {
    guard !blocks.isEmpty, blocks.allSatisfy({ $0 >= 1 }) else {
      throw ModelError("a DenseNet with blocks of \(blocks) layers", expected: "blocks of one layer or more")
    }
    features = DenseFeatures(growth: growth, blocks: blocks, first: first, channels: channels, dropout: dropout, stem: stem)
    classifier = Linear(features.outputs, classes)
    super.init()
    try initializeWeights(convolutions: .kaimingNormal(), linear: nil)
    try classifier.bias?.initialize(.zeros)
  }

  /// One of the paper's networks.
  public convenience init(
    _ depth: Depth, channels: Int = 3, classes: Int = 1000, width: Double = 1, dropout: Double = 0, stem: Stem = .large
  ) throws {
    let plan = depth.plan
    func scaled(_ size: Int) -> Int { width == 1 ? size : roundedChannels(Double(size) * width) }
    try self.init(
      growth: scaled(plan.growth), blocks: plan.blocks, first: scaled(plan.first), channels: channels, classes: classes,
      dropout: dropout, stem: stem)
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor { try classifier(reluOver(features(x)).mean(dims: [2, 3])) }

  public override var stages: [Stage] {
    func named(_ names: [String]) -> [String] { names.map { "features." + $0 } }
    let count = features.blocks
    return [Stage("stem", named(["conv0", "norm0"]))]
      + (1...count).map { Stage("denseblock\($0)", named(["denseblock\($0)", $0 < count ? "transition\($0)" : "norm5"])) }
      + [Stage("classifier")]
  }

  public override func replaceHead(classes: Int) throws {
    classifier = Linear(classifier.inputs, try Self.checked(classes: classes))
    try classifier.bias?.initialize(.zeros)
  }

  /// Files of before 2018 say `norm.1` where the layer is called `norm1`.
  public override func currentName(of name: String) -> String {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let layer = parts.firstIndex(where: { $0.hasPrefix("denselayer") }), layer + 2 < parts.count, parts[layer + 2].count == 1,
      ["norm", "conv"].contains(parts[layer + 1])
    else { return name }
    parts[layer + 1] += parts.remove(at: layer + 2)
    return parts.joined(separator: ".")
  }
}

/// Everything before the classifier, under names of its own.
private final class DenseFeatures: Module, Layer {
  let outputs: Int, blocks: Int
  private let layers: [(name: String, layer: any Layer)]

  init(growth: Int, blocks: [Int], first: Int, channels: Int, dropout: Double, stem: Stem) {
    var layers: [(name: String, layer: any Layer)] = [
      (
        "conv0",
        stem == .large
          ? Conv2d(channels, first, kernel: 7, stride: 2, padding: 3, bias: false)
          : Conv2d(channels, first, kernel: 3, padding: 1, bias: false)
      ), ("norm0", BatchNorm2d(first)), ("relu0", ReLU(overwriting: true)),
    ]
    if stem == .large { layers.append(("pool0", MaxPool2d(3, stride: 2, padding: 1))) }
    var width = first
    for (index, count) in blocks.enumerated() {
      layers.append(("denseblock\(index + 1)", DenseBlock(width, growth: growth, layers: count, dropout: dropout)))
      width += count * growth
      guard index + 1 < blocks.count else { continue }
      let transition = Sequential(named: [
        "norm": BatchNorm2d(width), "relu": ReLU(overwriting: true), "conv": Conv2d(width, width / 2, kernel: 1, bias: false),
        "pool": AvgPool2d(2),
      ])
      layers.append(("transition\(index + 1)", transition))
      width /= 2
    }
    // As torchvision calls it, whatever the number of blocks.
    layers.append(("norm5", BatchNorm2d(width)))
    self.layers = layers
    self.blocks = blocks.count
    outputs = width
  }

  override func stateMembers() -> [(name: String, member: Any)] { layers.map { ($0.name, $0.layer) } }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var h = x
      for (_, layer) in layers { h = try layer(h) }
      return h
    }
  }
}

private final class DenseBlock: Module, Layer {
  private let layers: [DenseLayer]

  init(_ inputs: Int, growth: Int, layers count: Int, dropout: Double) {
    layers = (0..<count).map { DenseLayer(inputs + $0 * growth, growth: growth, dropout: dropout) }
  }

  override func stateMembers() -> [(name: String, member: Any)] { layers.enumerated().map { ("denselayer\($0 + 1)", $1) } }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var parts = [x]
      for layer in layers { parts.append(try layer(parts.count == 1 ? x : Tensor.cat(parts, dim: 1))) }
      return try Tensor.cat(parts, dim: 1)
    }
  }
}

private final class DenseLayer: Module, Layer {
  private let norm1: BatchNorm2d, conv1: Conv2d
  private let norm2: BatchNorm2d, conv2: Conv2d
  private let dropout: Double

  init(_ inputs: Int, growth: Int, dropout: Double) {
    norm1 = BatchNorm2d(inputs)
    conv1 = Conv2d(inputs, 4 * growth, kernel: 1, bias: false)
    norm2 = BatchNorm2d(4 * growth)
    conv2 = Conv2d(4 * growth, growth, kernel: 3, padding: 1, bias: false)
    self.dropout = dropout
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let h = try conv2(reluOver(norm2(conv1(reluOver(norm1(x))))))
      return dropout > 0 && isTraining ? try h.dropout(p: dropout, train: true) : h
    }
  }
}
