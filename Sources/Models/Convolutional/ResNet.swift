import NN
public import Torch

/// A residual network (He, Zhang, Ren, Sun 2015, arXiv:1512.03385), ResNeXt (Xie et al. 2016, arXiv:1611.05431) and Wide ResNet (Zagoruyko,
/// Komodakis 2016, arXiv:1605.07146).
///
/// Input `[batch, channels, height, width]`, output `[batch, classes]`. Parameters have torchvision's names (`layer1.0.conv1.weight`), so
/// that its weights load.
public final class ResNet: StagedNetwork {
  public typealias Stem = Models.Stem

  /// What the stages are made of.
  public enum Block: Sendable, Hashable {
    /// Two convolutions 3×3.
    case basic
    /// Convolutions 1×1, 3×3 and 1×1; four times as many channels come out.
    /// - Parameters:
    ///   - groups: groups of the middle convolution.
    ///   - groupWidth: channels of each group in the first stage.
    case bottleneck(groups: Int = 1, groupWidth: Int = 64)

    var expansion: Int { self == .basic ? 1 : 4 }
  }

  private let conv1: Conv2d
  private let bn1: BatchNorm2d
  private let layer1: Sequential, layer2: Sequential, layer3: Sequential, layer4: Sequential
  private var fc: Linear
  private let stem: Stem
  private let dropout: Double

  /// - Parameters:
  ///   - blocks: blocks in each of the four stages: `[2, 2, 2, 2]` is ResNet-18, `[3, 4, 6, 3]` ResNet-34 and, of bottlenecks, ResNet-50.
  ///   - width: what all channels are multiplied with, rounded to multiples of 8.
  ///   - dropout: the probability of a zero before the head.
  /// - Throws: `ModelError` for another number of stages, `TorchError` if a parameter could not be made.
  public init(
    blocks: [Int], block: Block = .basic, channels: Int = 3, classes: Int = 1000, stem: Stem = .large, width: Double = 1,
    dropout: Double = 0
  ) throws {
    guard blocks.count == 4, blocks.allSatisfy({ $0 >= 1 }) else {
      throw ModelError("a ResNet with stages of \(blocks) blocks", expected: "four stages of one block or more")
    }
    self.stem = stem
    self.dropout = dropout
    let planes = [64, 128, 256, 512].map { width == 1 ? $0 : roundedChannels(Double($0) * width) }
    conv1 =
      stem == .large
      ? Conv2d(channels, planes[0], kernel: 7, stride: 2, padding: 3, bias: false)
      : Conv2d(channels, planes[0], kernel: 3, padding: 1, bias: false)
    bn1 = BatchNorm2d(planes[0])
    func stage(_ inputs: Int, _ number: Int) -> Sequential {
      let outputs = planes[number] * block.expansion
      return Sequential(
        (0..<blocks[number]).map { index in
          let stride = index == 0 && number > 0 ? 2 : 1
          switch block {
          case .basic: return BasicBlock(index == 0 ? inputs : outputs, outputs, stride: stride)
          case .bottleneck(let groups, let groupWidth):
            let middle = max(1, planes[number] * groupWidth / 64) * groups
            return Bottleneck(index == 0 ? inputs : outputs, middle, outputs, stride: stride, groups: groups)
          }
        })
    }
    layer1 = stage(planes[0], 0)
    layer2 = stage(planes[0] * block.expansion, 1)
    layer3 = stage(planes[1] * block.expansion, 2)
    layer4 = stage(planes[2] * block.expansion, 3)
    fc = Linear(planes[3] * block.expansion, classes)
    super.init()
    try initializeWeights(convolutions: .kaimingNormal(mode: .fanOut), linear: nil)
  }

  /// ResNet-18.
  public static func resNet18(channels: Int = 3, classes: Int = 1000, stem: Stem = .large) throws -> ResNet {
    try ResNet(blocks: [2, 2, 2, 2], channels: channels, classes: classes, stem: stem)
  }

  /// ResNet-34.
  public static func resNet34(channels: Int = 3, classes: Int = 1000, stem: Stem = .large) throws -> ResNet {
    try ResNet(blocks: [3, 4, 6, 3], channels: channels, classes: classes, stem: stem)
  }

  /// ResNet-50.
  public static func resNet50(channels: Int = 3, classes: Int = 1000, stem: Stem = .large) throws -> ResNet {
    try ResNet(blocks: [3, 4, 6, 3], block: .bottleneck(), channels: channels, classes: classes, stem: stem)
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    var h = try reluOver(bn1(conv1(x)))
    if stem == .large { h = try h.maxPool2d(kernelSize: [3, 3], stride: [2, 2], padding: [1, 1]) }
    h = try layer4(layer3(layer2(layer1(h)))).mean(dims: [2, 3])
    if dropout > 0, isTraining { h = try h.dropout(p: dropout, train: true) }
    return try fc(h)
  }

  public override var stages: [Stage] {
    [Stage("stem", ["conv1", "bn1"]), Stage("layer1"), Stage("layer2"), Stage("layer3"), Stage("layer4"), Stage("fc")]
  }

  public override func replaceHead(classes: Int) throws { fc = Linear(fc.inputs, try Self.checked(classes: classes)) }
}

/// Two convolutions 3×3 beside a shortcut.
private final class BasicBlock: Module, Layer {
  // In torchvision's order, which the state's names follow.
  private let conv1: Conv2d, bn1: BatchNorm2d
  private let conv2: Conv2d, bn2: BatchNorm2d
  private let downsample: Sequential?

  init(_ inputs: Int, _ outputs: Int, stride: Int) {
    conv1 = Conv2d(inputs, outputs, kernel: 3, stride: stride, padding: 1, bias: false)
    bn1 = BatchNorm2d(outputs)
    conv2 = Conv2d(outputs, outputs, kernel: 3, padding: 1, bias: false)
    bn2 = BatchNorm2d(outputs)
    downsample = shortcut(inputs, outputs, stride: stride)
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let body = try bn2(conv2(reluOver(bn1(conv1(x)))))
      let shortcut = try downsample?(x) ?? x
      return try reluOver(addOver(body, shortcut))
    }
  }
}

/// Convolutions 1×1, 3×3 and 1×1 beside a shortcut. The stride is in the middle one, as in torchvision ("ResNet V1.5").
private final class Bottleneck: Module, Layer {
  private let conv1: Conv2d, bn1: BatchNorm2d
  private let conv2: Conv2d, bn2: BatchNorm2d
  private let conv3: Conv2d, bn3: BatchNorm2d
  private let downsample: Sequential?

  init(_ inputs: Int, _ middle: Int, _ outputs: Int, stride: Int, groups: Int) {
    conv1 = Conv2d(inputs, middle, kernel: 1, bias: false)
    bn1 = BatchNorm2d(middle)
    conv2 = Conv2d(middle, middle, kernel: 3, stride: stride, padding: 1, groups: groups, bias: false)
    bn2 = BatchNorm2d(middle)
    conv3 = Conv2d(middle, outputs, kernel: 1, bias: false)
    bn3 = BatchNorm2d(outputs)
    downsample = shortcut(inputs, outputs, stride: stride)
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let body = try bn3(conv3(reluOver(bn2(conv2(reluOver(bn1(conv1(x))))))))
      let shortcut = try downsample?(x) ?? x
      return try reluOver(addOver(body, shortcut))
    }
  }
}

/// The convolution on the shortcut, or `nil` where the input itself is added.
private func shortcut(_ inputs: Int, _ outputs: Int, stride: Int) -> Sequential? {
  guard stride != 1 || inputs != outputs else { return nil }
  return Sequential(Conv2d(inputs, outputs, kernel: 1, stride: stride, bias: false), BatchNorm2d(outputs))
}
