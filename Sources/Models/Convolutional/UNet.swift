import NN
public import Torch

/// A network that gives every pixel a class: down to a coarse map and up again, with shortcuts between equal sizes (Ronneberger, Fischer,
/// Brox 2015, arXiv:1505.04597; with padding and batch norm, as is usual today).
///
/// Input `[batch, channels, height, width]` of any size of 2^levels or more, output `[batch, classes, height, width]`. State: `down.N`,
/// `up.N.up`, `up.N.conv`, `head`.
public final class UNet: StagedNetwork {
  private let down: [Sequential]
  private let up: [UNetUp]
  private var head: Conv2d

  /// - Parameters:
  ///   - widths: channels of each level, the finest first.
  /// - Throws: `ModelError` for fewer than two levels.
  public init(channels: Int = 3, classes: Int = 2, widths: [Int] = [64, 128, 256, 512]) throws {
    guard widths.count >= 2, widths.allSatisfy({ $0 >= 1 }) else {
      throw ModelError("a U-Net with widths \(widths)", expected: "two levels or more")
    }
    down = zip([channels] + widths, widths).map { UNetUp.double($0, $1) }
    up = zip(widths, widths.dropFirst()).reversed().map { UNetUp($1, $0) }
    head = Conv2d(widths[0], classes, kernel: 1)
    super.init()
    try initializeWeights(convolutions: .kaimingNormal(mode: .fanOut), linear: nil)
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    var maps: [Tensor] = []
    var h = x
    for (level, block) in down.enumerated() {
      h = try block(level == 0 ? h : maxPool2d(h, 2))
      maps.append(h)
    }
    for (block, map) in zip(up, maps.dropLast().reversed()) { h = try block(h, beside: map) }
    return try head(h)
  }

  public override var stages: [Stage] {
    down.indices.map { Stage("down\($0 + 1)", ["down.\($0)"]) } + up.indices.map { Stage("up\($0 + 1)", ["up.\($0)"]) } + [Stage("head")]
  }

  public override func replaceHead(classes: Int) throws { head = Conv2d(head.inputs, try Self.checked(classes: classes), kernel: 1) }
}

/// Doubles the size and looks at the map of that size on the way down.
private final class UNetUp: Module {
  private let up: ConvTranspose2d
  private let conv: Sequential

  init(_ inputs: Int, _ outputs: Int) {
    up = ConvTranspose2d(inputs, outputs, kernel: 2, stride: 2)
    conv = Self.double(2 * outputs, outputs)
  }

  func callAsFunction(_ x: Tensor, beside map: Tensor) throws(TorchError) -> Tensor {
    try observed([x, map]) { (inputs) throws(TorchError) in
      var h = try up(inputs[0])
      let high = map.shape[2] - h.shape[2], wide = map.shape[3] - h.shape[3]
      // An odd size lost its last row or column on the way down.
      if high > 0 || wide > 0 { h = try h.pad([0, wide, 0, high]) }
      return [try conv(Tensor.cat([map, h], dim: 1))]
    }[0]
  }

  /// Two convolutions 3×3 with batch norm.
  static func double(_ inputs: Int, _ outputs: Int) -> Sequential {
    Sequential(convNorm(inputs, outputs), convNorm(outputs, outputs))
  }
}
