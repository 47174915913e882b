import NN
public import Torch

/// MobileNetV2's blocks with squeeze-and-excitation and hard swish, found by search (Howard et al. 2019, arXiv:1905.02244).
///
/// Input `[batch, channels, height, width]`, output `[batch, classes]`. torchvision's names (`features.4.block.2.fc1.weight`).
public final class MobileNetV3: StagedNetwork {
  /// The two networks of the paper.
  public enum Size: String, Sendable, CaseIterable {
    case small
    case large
  }

  private let features: Sequential
  private var classifier: Sequential
  private let strides: [Int]

  /// One block of the paper's tables 1 and 2.
  fileprivate struct Row {
    let inputs: Int, kernel: Int, expanded: Int, outputs: Int
    let squeezes: Bool, hardSwish: Bool
    let stride: Int

    init(_ inputs: Int, _ kernel: Int, _ expanded: Int, _ outputs: Int, _ squeezes: Bool, _ hardSwish: Bool, _ stride: Int) {
      (self.inputs, self.kernel, self.expanded, self.outputs) = (inputs, kernel, expanded, outputs)
      (self.squeezes, self.hardSwish, self.stride) = (squeezes, hardSwish, stride)
    }
  }

  private static let large = [
    Row(16, 3, 16, 16, false, false, 1), Row(16, 3, 64, 24, false, false, 2), Row(24, 3, 72, 24, false, false, 1),
    Row(24, 5, 72, 40, true, false, 2), Row(40, 5, 120, 40, true, false, 1), Row(40, 5, 120, 40, true, false, 1),
    Row(40, 3, 240, 80, false, true, 2), Row(80, 3, 200, 80, false, true, 1), Row(80, 3, 184, 80, false, true, 1),
    Row(80, 3, 184, 80, false, true, 1), Row(80, 3, 480, 112, true, true, 1), Row(112, 3, 672, 112, true, true, 1),
    Row(112, 5, 672, 160, true, true, 2), Row(160, 5, 960, 160, true, true, 1), Row(160, 5, 960, 160, true, true, 1),
  ]
  private static let small = [
    Row(16, 3, 16, 16, true, false, 2), Row(16, 3, 72, 24, false, false, 2), Row(24, 3, 88, 24, false, false, 1),
    Row(24, 5, 96, 40, true, true, 2), Row(40, 5, 240, 40, true, true, 1), Row(40, 5, 240, 40, true, true, 1),
    Row(40, 5, 120, 48, true, true, 1), Row(48, 5, 144, 48, true, true, 1), Row(48, 5, 288, 96, true, true, 2),
    Row(96, 5, 576, 96, true, true, 1), Row(96, 5, 576, 96, true, true, 1),
  ]

  /// - Parameters:
  ///   - width: what all channels are multiplied with, rounded to multiples of 8.
  ///   - dropout: the probability of a zero before the head.
  ///   - stem: `.small` leaves out the first stride, for images of about 32×32.
  /// - Throws: `TorchError` if a parameter could not be made.
  public init(
    _ size: Size, channels: Int = 3, classes: Int = 1000, width: Double = 1, dropout: Double = 0.2, stem: Stem = .large
  ) throws {
    let norm = NormSettings(eps: 0.001, momentum: 0.01)
    let rows = size == .large ? Self.large : Self.small
    func scaled(_ channels: Int) -> Int { roundedChannels(Double(channels) * width) }
    let first = scaled(rows[0].inputs), end = scaled(rows[rows.count - 1].outputs)
    features = Sequential(
      [convNorm(channels, first, stride: stem == .large ? 2 : 1, norm: norm, activation: Hardswish(overwriting: true))]
        + rows.map { SqueezingResidual($0, scaled: scaled, norm: norm) }
        + [convNorm(end, 6 * end, kernel: 1, norm: norm, activation: Hardswish(overwriting: true))])
    let hidden = scaled(size == .large ? 1280 : 1024)
    classifier = Sequential(Linear(6 * end, hidden), Hardswish(overwriting: true), Dropout(dropout), Linear(hidden, classes))
    strides = rows.map(\.stride)
    super.init()
    try initializeWeights(convolutions: .kaimingNormal(mode: .fanOut), linear: .normal(std: 0.01))
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor { try classifier(features(x).mean(dims: [2, 3])) }

  public override var stages: [Stage] {
    // A stage ends where the next stride begins.
    var counts: [(name: String, count: Int)] = []
    for stride in strides {
      if counts.isEmpty || stride > 1 { counts.append(("stage\(counts.count + 1)", 0)) }
      counts[counts.count - 1].count += 1
    }
    return Stage.features([("stem", 1)] + counts + [("last", 1)]) + [
      Stage("classifier", ["classifier.0"]), Stage("head", ["classifier.3"]),
    ]
  }

  public override func replaceHead(classes: Int) throws {
    guard let last = classifier.layers.last as? Linear else { return }
    classifier = classifier.replacingLast(with: try Linear.head(last.inputs, Self.checked(classes: classes), .normal(std: 0.01)))
  }
}

/// An inverted residual that may squeeze and excite.
private final class SqueezingResidual: Module, Layer {
  private let block: Sequential
  private let adds: Bool

  init(_ row: MobileNetV3.Row, scaled: (Int) -> Int, norm: NormSettings) {
    let inputs = scaled(row.inputs), expanded = scaled(row.expanded), outputs = scaled(row.outputs)
    func activation() -> any Layer { row.hardSwish ? Hardswish(overwriting: true) : ReLU(overwriting: true) }
    var layers: [any Layer] = []
    if expanded != inputs { layers.append(convNorm(inputs, expanded, kernel: 1, norm: norm, activation: activation())) }
    layers.append(
      convNorm(expanded, expanded, kernel: row.kernel, stride: row.stride, groups: expanded, norm: norm, activation: activation()))
    if row.squeezes {
      layers.append(
        SqueezeExcitation(
          expanded, squeeze: roundedChannels(Double(expanded / 4)), activation: ReLU(overwriting: true), scale: Hardsigmoid()))
    }
    layers.append(convNorm(expanded, outputs, kernel: 1, norm: norm, activation: nil))
    block = Sequential(layers)
    adds = row.stride == 1 && inputs == outputs
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in adds ? try block(x) + x : try block(x) }
  }
}
