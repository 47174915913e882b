import NN
public import Torch

/// A temporal convolutional network: causal convolutions whose dilation doubles from level to level (Bai, Kolter, Koltun 2018,
/// arXiv:1803.01271).
///
/// Input `[batch, steps, features]`, output `[batch, outputs]` from the last step: logits of a class, or the values of a forecast. It sees
/// the last ``receptiveField`` steps. State: `network.N.conv1`, `conv2`, `downsample`, then `head`.
public final class TemporalConvNet: StagedNetwork {
  /// How many steps back the answer can depend on.
  public let receptiveField: Int
  private let network: [TemporalBlock]
  private var head: Linear

  /// - Parameters:
  ///   - features: values per step.
  ///   - outputs: values that come out per sequence.
  ///   - channels: the channels of each level.
  ///   - kernel: steps that each filter sees, 2 or more.
  ///   - dropout: the probability of a zero behind each convolution.
  /// - Throws: `ModelError` without levels or for a kernel below 2.
  public init(features: Int, outputs: Int, channels: [Int] = [64, 64, 64, 64], kernel: Int = 3, dropout: Double = 0.1) throws {
    guard let last = channels.last, kernel >= 2, channels.count <= 20 else {
      throw ModelError("a TCN of \(channels.count) levels with kernel \(kernel)", expected: "1…20 levels and a kernel of 2 or more")
    }
    network = zip([features] + channels, channels).enumerated().map { level, sizes in
      TemporalBlock(sizes.0, sizes.1, kernel: kernel, dilation: 1 << level, dropout: dropout)
    }
    receptiveField = 1 + 2 * (kernel - 1) * ((1 << channels.count) - 1)
    head = Linear(last, outputs)
    super.init()
    try initialize(.normal(std: 0.01)) { name, _ in name.hasPrefix("network.") && name.hasSuffix(".weight") }
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    guard x.ndim == 3 else {
      throw TorchError(.value, "TemporalConvNet", "got an input of shape \(x.shape)", expected: "[batch, steps, features]")
    }
    var h = try x.transpose(1, 2)
    for block in network { h = try block(h) }
    return try head(h.select(dim: 2, index: -1))
  }

  public override var stages: [Stage] { network.indices.map { Stage("level\($0 + 1)", ["network.\($0)"]) } + [Stage("head")] }

  public override func replaceHead(classes: Int) throws { head = Linear(head.inputs, try Self.checked(classes: classes)) }
}

/// Two causal convolutions beside a shortcut. Input and output `[batch, channels, steps]`.
private final class TemporalBlock: Module, Layer {
  private let conv1: Conv1d, conv2: Conv1d
  private let downsample: Conv1d?
  private let dropout: Dropout
  private let padding: Int

  init(_ inputs: Int, _ outputs: Int, kernel: Int, dilation: Int, dropout: Double) {
    conv1 = Conv1d(inputs, outputs, kernel: kernel, dilation: dilation)
    conv2 = Conv1d(outputs, outputs, kernel: kernel, dilation: dilation)
    downsample = inputs == outputs ? nil : Conv1d(inputs, outputs, kernel: 1)
    self.dropout = Dropout(dropout)
    padding = (kernel - 1) * dilation
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      // Zeros before the first step only: no step sees a later one.
      let first = try dropout(relu(conv1(x.pad([padding, 0]))))
      let second = try dropout(relu(conv2(first.pad([padding, 0]))))
      let shortcut = try downsample?(x) ?? x
      return try relu(second + shortcut)
    }
  }
}
