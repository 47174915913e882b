import Foundation
import NN
public import Torch

/// Inverted residuals with squeeze-and-excitation, depth and width scaled together (Tan, Le 2019, arXiv:1905.11946).
///
/// Input `[batch, channels, height, width]`, output `[batch, classes]`. torchvision's names (`features.1.0.block.0.0.weight`).
public final class EfficientNet: StagedNetwork {
  /// The networks of the paper that fit ordinary machines.
  public enum Size: String, Sendable, CaseIterable {
    case b0, b1, b2, b3, b4

    /// What widths and depths are multiplied with, and the dropout before the head.
    var scaling: (width: Double, depth: Double, dropout: Double) {
      switch self {
      case .b0: (1, 1, 0.2)
      case .b1: (1, 1.1, 0.2)
      case .b2: (1.1, 1.2, 0.3)
      case .b3: (1.2, 1.4, 0.3)
      case .b4: (1.4, 1.8, 0.4)
      }
    }
  }

  private let features: Sequential
  private var classifier: Sequential

  /// Expansion, kernel, stride, channels in, channels out, blocks.
  static let plan = [
    (1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3), (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1),
  ]

  /// - Parameters:
  ///   - width: what all channels are multiplied with on top of the size's own factor, rounded to multiples of 8.
  ///   - dropout: the probability of a zero before the head; the paper's for the size if `nil`.
  ///   - stochasticDepth: the probability that the last block is left out for an item; it grows from 0 at the first.
  ///   - stem: `.small` leaves out the first stride, for images of about 32×32.
  /// - Throws: `TorchError` if a parameter could not be made.
  public init(
    _ size: Size, channels: Int = 3, classes: Int = 1000, width: Double = 1, dropout: Double? = nil, stochasticDepth: Double = 0.2,
    stem: Stem = .large
  ) throws {
    let scaling = size.scaling
    func scaled(_ channels: Int) -> Int { roundedChannels(Double(channels) * (scaling.width * width)) }
    let rows = Self.plan.map { row in (row, count: Int((Double(row.5) * scaling.depth).rounded(.up))) }
    let total = rows.reduce(0) { $0 + $1.count }
    var layers: [any Layer] = [convNorm(channels, scaled(32), stride: stem == .large ? 2 : 1, activation: SiLU(overwriting: true))]
    var number = 0
    for ((expansion, kernel, stride, inputs, outputs, _), count) in rows {
      layers.append(
        Sequential(
          (0..<count).map { index in
            defer { number += 1 }
            return MBConv(
              scaled(index == 0 ? inputs : outputs), scaled(outputs), kernel: kernel, stride: index == 0 ? stride : 1,
              expansion: expansion, stochasticDepth: stochasticDepth * Double(number) / Double(total))
          }))
    }
    let end = scaled(320)
    layers.append(convNorm(end, 4 * end, kernel: 1, activation: SiLU(overwriting: true)))
    features = Sequential(layers)
    classifier = Sequential(Dropout(dropout ?? scaling.dropout), Linear(4 * end, classes))
    super.init()
    try initializeWeights(convolutions: .kaimingNormal(mode: .fanOut), linear: Self.headInitializer(classes))
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor { try classifier(features(x).mean(dims: [2, 3])) }

  public override var stages: [Stage] {
    let blocks = Self.plan.indices.map { (name: "stage\($0 + 1)", count: 1) }
    return Stage.features([("stem", 1)] + blocks + [("last", 1)]) + [Stage("head", ["classifier.1"])]
  }

  public override func replaceHead(classes: Int) throws {
    guard let last = classifier.layers.last as? Linear else { return }
    let head = try Linear.head(last.inputs, Self.checked(classes: classes), Self.headInitializer(classes))
    classifier = classifier.replacingLast(with: head)
  }

  private static func headInitializer(_ classes: Int) -> Initializer {
    let bound = 1 / Double(classes).squareRoot()
    return .uniform(-bound, bound)
  }
}

/// An inverted residual that squeezes and excites.
private final class MBConv: Module, Layer {
  private let block: Sequential
  private let depth: StochasticDepth?

  init(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, expansion: Int, stochasticDepth: Double) {
    let expanded = expansion == 1 ? inputs : roundedChannels(Double(inputs * expansion))
    var layers: [any Layer] = expanded == inputs ? [] : [convNorm(inputs, expanded, kernel: 1, activation: SiLU(overwriting: true))]
    layers += [
      convNorm(expanded, expanded, kernel: kernel, stride: stride, groups: expanded, activation: SiLU(overwriting: true)),
      SqueezeExcitation(expanded, squeeze: max(1, inputs / 4), activation: SiLU(overwriting: true), scale: Sigmoid()),
      convNorm(expanded, outputs, kernel: 1, activation: nil),
    ]
    block = Sequential(layers)
    depth = stride == 1 && inputs == outputs ? StochasticDepth(stochasticDepth) : nil
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard let depth else { return try block(x) }
      return try depth(block(x)) + x
    }
  }
}
