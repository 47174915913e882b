import NN
public import Torch

/// Half of the channels pass, half are filtered, then they are shuffled (Ma, Zhang, Zheng, Sun 2018, arXiv:1807.11164).
///
/// Input `[batch, channels, height, width]`, output `[batch, classes]`. torchvision's names (`stage2.0.branch1.0.weight`).
public final class ShuffleNetV2: StagedNetwork {
  /// The networks of the paper, by the factor of their width.
  public enum Size: String, Sendable, CaseIterable {
    case half = "x0_5"
    case one = "x1_0"
    case oneAndHalf = "x1_5"
    case double = "x2_0"

    var channels: [Int] {
      switch self {
      case .half: [24, 48, 96, 192, 1024]
      case .one: [24, 116, 232, 464, 1024]
      case .oneAndHalf: [24, 176, 352, 704, 1024]
      case .double: [24, 244, 488, 976, 2048]
      }
    }
  }

  private let conv1: Sequential
  private let stage2: Sequential, stage3: Sequential, stage4: Sequential
  private let conv5: Sequential
  private var fc: Linear
  private let stem: Stem

  /// - Parameter stem: `.small` keeps the size before the first stage, for images of about 32×32.
  /// - Throws: `TorchError` if a parameter could not be made.
  public init(_ size: Size, channels: Int = 3, classes: Int = 1000, stem: Stem = .large) throws {
    let widths = size.channels
    conv1 = convNorm(channels, widths[0], stride: stem == .large ? 2 : 1)
    self.stem = stem
    func stage(_ number: Int, _ count: Int) -> Sequential {
      Sequential((0..<count).map { ShuffleUnit(widths[$0 == 0 ? number - 1 : number], widths[number], stride: $0 == 0 ? 2 : 1) })
    }
    stage2 = stage(1, 4)
    stage3 = stage(2, 8)
    stage4 = stage(3, 4)
    conv5 = convNorm(widths[3], widths[4], kernel: 1)
    fc = Linear(widths[4], classes)
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    var h = try conv1(x)
    if stem == .large { h = try h.maxPool2d(kernelSize: [3, 3], stride: [2, 2], padding: [1, 1]) }
    return try fc(conv5(stage4(stage3(stage2(h)))).mean(dims: [2, 3]))
  }

  public override var stages: [Stage] { ["conv1", "stage2", "stage3", "stage4", "conv5", "fc"].map { Stage($0) } }

  public override func replaceHead(classes: Int) throws { fc = Linear(fc.inputs, try Self.checked(classes: classes)) }
}

private final class ShuffleUnit: Module, Layer {
  private let branch1: Sequential, branch2: Sequential
  private let stride: Int

  init(_ inputs: Int, _ outputs: Int, stride: Int) {
    let half = outputs / 2, passed = stride > 1 ? inputs : half
    func depthwise(_ channels: Int) -> [any Layer] {
      [Conv2d(channels, channels, kernel: 3, stride: stride, padding: 1, groups: channels, bias: false), BatchNorm2d(channels)]
    }
    func pointwise(_ inputs: Int) -> [any Layer] {
      [Conv2d(inputs, half, kernel: 1, bias: false), BatchNorm2d(half), ReLU(overwriting: true)]
    }
    branch1 = Sequential(stride > 1 ? depthwise(inputs) + pointwise(inputs) : [])
    branch2 = Sequential(pointwise(passed) + depthwise(half) + pointwise(half))
    self.stride = stride
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let halves = stride > 1 ? [x, x] : try x.chunk(2, dim: 1)
      let h = try Tensor.cat([branch1(halves[0]), branch2(halves[1])], dim: 1)
      let shape = h.shape
      return try h.view([shape[0], 2, shape[1] / 2, shape[2], shape[3]]).transpose(1, 2).reshape(shape)
    }
  }
}
