import NN
public import Torch

/// LeNet-5 (LeCun, Bottou, Bengio, Haffner: "Gradient-based learning applied to document recognition", 1998), with today's ReLU and
/// max-pooling.
///
/// Input `[batch, channels, height, width]`, output `[batch, classes]`. State: `conv1`, `conv2`, `fc1`, `fc2`, `fc3`.
public final class LeNet: StagedNetwork {
  private let conv1: Conv2d, conv2: Conv2d
  private let fc1: Linear, fc2: Linear
  private var fc3: Linear

  /// - Throws: `ModelError` if the image is too small for a stage, which is named.
  public init(channels: Int = 1, height: Int = 28, width: Int = 28, classes: Int = 10) throws(ModelError) {
    var size = ImageSize(height: height, width: width)
    try Self.shrink(&size)
    conv1 = Conv2d(channels, 6, kernel: 5, padding: 2)
    conv2 = Conv2d(6, 16, kernel: 5)
    fc1 = Linear(16 * size.area, 120)
    fc2 = Linear(120, 84)
    fc3 = Linear(84, classes)
  }

  /// What the stages do to an image's size.
  static func shrink(_ size: inout ImageSize) throws(ModelError) {
    try size.pool("the first pooling", by: 2)
    try size.shrink("the second convolution", by: 4)
    try size.pool("the second pooling", by: 2)
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    var h = try maxPool2d(reluOver(conv1(x)), 2)
    h = try maxPool2d(reluOver(conv2(h)), 2)
    return try fc3(reluOver(fc2(reluOver(fc1(h.flatten(from: 1))))))
  }

  public override var stages: [Stage] { ["conv1", "conv2", "fc1", "fc2", "fc3"].map { Stage($0) } }

  public override func replaceHead(classes: Int) throws { fc3 = Linear(fc3.inputs, try Self.checked(classes: classes)) }
}
