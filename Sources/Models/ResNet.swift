public import NN
public import Torch

/// A residual network of basic blocks (He, Zhang, Ren, Sun: "Deep residual learning for image recognition", CVPR 2016): ResNet-18 and -34.
///
/// Input `[batch, channels, height, width]`, output `[batch, classes]`. Parameters have torchvision's names (`layer1.0.conv1.weight`), so
/// that its weights load.
public final class ResNet: Module, Layer {
  /// What stands before the first block.
  public enum Stem: String, Sendable, Hashable, Codable, CaseIterable {
    /// Convolution 7×7 and max-pooling, a quarter of the size: for photos, as in the paper.
    case large
    /// Convolution 3×3 that keeps the size: for images of about 32×32.
    case small
  }

  private let conv1: Conv2d
  private let bn1: BatchNorm2d
  private let layer1: Sequential, layer2: Sequential, layer3: Sequential, layer4: Sequential
  private let fc: Linear
  private let stem: Stem

  /// - Parameters:
  ///   - blocks: basic blocks in each of the four stages: `[2, 2, 2, 2]` is ResNet-18, `[3, 4, 6, 3]` ResNet-34.
  /// - Throws: `ModelError` for another number of stages, `TorchError` if a parameter could not be made.
  public init(blocks: [Int], channels: Int = 3, classes: Int = 1000, stem: Stem = .large) throws {
    guard blocks.count == 4, blocks.allSatisfy({ $0 >= 1 }) else {
      throw ModelError("a ResNet with stages of \(blocks) blocks", expected: "four stages of one block or more")
    }
    self.stem = stem
    conv1 =
      stem == .large
      ? Conv2d(channels, 64, kernel: 7, stride: 2, padding: 3, bias: false) : Conv2d(channels, 64, kernel: 3, padding: 1, bias: false)
    bn1 = BatchNorm2d(64)
    layer1 = Self.stage(64, 64, blocks: blocks[0], stride: 1)
    layer2 = Self.stage(64, 128, blocks: blocks[1], stride: 2)
    layer3 = Self.stage(128, 256, blocks: blocks[2], stride: 2)
    layer4 = Self.stage(256, 512, blocks: blocks[3], stride: 2)
    fc = Linear(512, classes)
    super.init()
    try initialize(.kaimingNormal(mode: .fanOut)) { name, parameter in parameter.shape.count == 4 }
  }

  /// ResNet-18.
  public static func resNet18(channels: Int = 3, classes: Int = 1000, stem: Stem = .large) throws -> ResNet {
    try ResNet(blocks: [2, 2, 2, 2], channels: channels, classes: classes, stem: stem)
  }

  /// ResNet-34.
  public static func resNet34(channels: Int = 3, classes: Int = 1000, stem: Stem = .large) throws -> ResNet {
    try ResNet(blocks: [3, 4, 6, 3], channels: channels, classes: classes, stem: stem)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var h = try relu(bn1(conv1(x)))
      if stem == .large { h = try h.maxPool2d(kernelSize: [3, 3], stride: [2, 2], padding: [1, 1]) }
      h = try layer4(layer3(layer2(layer1(h))))
      return try fc(h.mean(dims: [2, 3]))
    }
  }

  private static func stage(_ inputs: Int, _ outputs: Int, blocks: Int, stride: Int) -> Sequential {
    Sequential((0..<blocks).map { BasicBlock($0 == 0 ? inputs : outputs, outputs, stride: $0 == 0 ? stride : 1) })
  }
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
    downsample =
      stride != 1 || inputs != outputs
      ? Sequential(Conv2d(inputs, outputs, kernel: 1, stride: stride, bias: false), BatchNorm2d(outputs)) : nil
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let body = try bn2(conv2(relu(bn1(conv1(x)))))
      let shortcut = try downsample?(x) ?? x
      return try relu(body + shortcut)
    }
  }
}
