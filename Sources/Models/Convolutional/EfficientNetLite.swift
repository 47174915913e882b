import NN
public import Torch

/// EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation and with ReLU6, for devices that compute with integers.
///
/// Input `[batch, channels, height, width]` (the published weights: 3×224×224, ImageNet's mean and deviation), output `[batch, classes]`.
/// The names are those of the weights that are handed around as `efficientnet-lite0-57934424.pth` (`_blocks.3._depthwise_conv.weight`).
/// Its convolutions pad as TensorFlow does, where it was trained: with stride 2 more to the right and below.
public final class EfficientNetLite: StagedNetwork {
  private let convStem: SameConv2d, bn0: BatchNorm2d
  private let blocks: [LiteBlock]
  private let convHead: SameConv2d, bn1: BatchNorm2d
  private let dropout: Dropout
  private var fc: Linear

  private static let norm = NormSettings(eps: 1e-3, momentum: 0.01)

  /// - Parameters:
  ///   - width: what all channels are multiplied with, rounded to multiples of 8; the published weights are for 1.
  ///   - dropout: the probability of a zero before the head.
  /// - Throws: `TorchError` if a parameter could not be made.
  public init(channels: Int = 3, classes: Int = 1000, width: Double = 1, dropout: Double = 0.2) throws {
    func scaled(_ channels: Int) -> Int { roundedChannels(Double(channels) * width) }
    convStem = SameConv2d(channels, scaled(32), kernel: 3, stride: 2)
    bn0 = Self.norm.layer(scaled(32))
    blocks = EfficientNet.plan.flatMap { expansion, kernel, stride, inputs, outputs, count in
      (0..<count).map { index in
        LiteBlock(
          scaled(index == 0 ? inputs : outputs), scaled(outputs), kernel: kernel, stride: index == 0 ? stride : 1, expansion: expansion,
          norm: Self.norm)
      }
    }
    let last = scaled(1280)
    convHead = SameConv2d(scaled(320), last, kernel: 1)
    bn1 = Self.norm.layer(last)
    self.dropout = Dropout(dropout)
    fc = Linear(last, classes)
    super.init()
    try initializeWeights(convolutions: .kaimingNormal(mode: .fanOut), linear: .normal(std: 0.01))
  }

  public override class var stateNames: [String: String] {
    ["convStem": "_conv_stem", "bn0": "_bn0", "blocks": "_blocks", "convHead": "_conv_head", "bn1": "_bn1", "fc": "_fc"]
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    var h = try relu6Over(bn0(convStem(x)))
    for block in blocks { h = try block(h) }
    h = try relu6Over(bn1(convHead(h))).mean(dims: [2, 3])
    return try fc(dropout(h))
  }

  public override var stages: [Stage] {
    var next = 0
    let blocks = EfficientNet.plan.enumerated().map { number, row in
      defer { next += row.5 }
      return Stage("stage\(number + 1)", (next..<(next + row.5)).map { "_blocks.\($0)" })
    }
    return [Stage("stem", ["_conv_stem", "_bn0"])] + blocks + [Stage("last", ["_conv_head", "_bn1"]), Stage("head", ["_fc"])]
  }

  public override func replaceHead(classes: Int) throws {
    fc = try Linear.head(fc.inputs, Self.checked(classes: classes), .normal(std: 0.01))
  }
}

/// Widens, filters each channel by itself, narrows; adds the input where the shapes are equal.
private final class LiteBlock: Module, Layer {
  private let expandConv: SameConv2d?, bn0: BatchNorm2d?
  private let depthwiseConv: SameConv2d, bn1: BatchNorm2d
  private let projectConv: SameConv2d, bn2: BatchNorm2d
  private let adds: Bool

  init(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, expansion: Int, norm: NormSettings) {
    let expanded = inputs * expansion
    expandConv = expansion == 1 ? nil : SameConv2d(inputs, expanded, kernel: 1)
    bn0 = expansion == 1 ? nil : norm.layer(expanded)
    depthwiseConv = SameConv2d(expanded, expanded, kernel: kernel, stride: stride, groups: expanded)
    bn1 = norm.layer(expanded)
    projectConv = SameConv2d(expanded, outputs, kernel: 1)
    bn2 = norm.layer(outputs)
    adds = stride == 1 && inputs == outputs
  }

  override class var stateNames: [String: String] {
    [
      "expandConv": "_expand_conv", "bn0": "_bn0", "depthwiseConv": "_depthwise_conv", "bn1": "_bn1", "projectConv": "_project_conv",
      "bn2": "_bn2",
    ]
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var h = x
      if let expandConv, let bn0 { h = try relu6Over(bn0(expandConv(h))) }
      h = try relu6Over(bn1(depthwiseConv(h)))
      h = try bn2(projectConv(h))
      return adds ? try h + x : h
    }
  }
}

/// A convolution without bias whose output has the size of its input divided by the stride, rounded up, as in TensorFlow.
private final class SameConv2d: Module, Layer {
  private let conv: Conv2d
  private let kernel: Int, stride: Int

  init(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1) {
    conv = Conv2d(
      inputs, outputs, kernel: kernel, stride: stride, padding: stride == 1 ? (kernel - 1) / 2 : 0, groups: groups, bias: false)
    self.kernel = kernel
    self.stride = stride
  }

  override class var stateNames: [String: String] { ["conv": ""] }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard stride > 1, x.ndim == 4 else { return try conv(x) }
      let amounts = x.shape[2...].map { size in max(0, ((size + stride - 1) / stride - 1) * stride + kernel - size) }
      // Last dimension first, both sides of each.
      return try conv(x.pad(amounts.reversed().flatMap { [$0 / 2, $0 - $0 / 2] }))
    }
  }
}
