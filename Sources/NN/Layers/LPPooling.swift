public import Torch

/// What `LPPool1d`, `LPPool2d` and `LPPool3d` share: the p-norm of each window.
public class PowerPooling: Module {
  private let power: Double
  private let window: PoolingWindow

  init(_ power: Double, _ window: PoolingWindow) {
    self.power = power
    self.window = window
  }

  final func pooled(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard power != 0 else { throw TorchError.layer("there is no norm of power 0", expected: "a power other than 0") }
      try window.check(x)
      let w = window, count = Double(w.kernel.reduce(1, *))
      if power.isInfinite {
        let sizes = try x.abs()
        return power > 0 ? try largest(sizes) : try -largest(-sizes)
      }
      let powers = try x.pow(Scalar(power))
      let mean =
        switch w.rank {
        case 1: try powers.avgPool1d(kernelSize: w.kernel, stride: w.stride, ceilMode: w.ceilMode)
        case 2: try powers.avgPool2d(kernelSize: w.kernel, stride: w.stride, ceilMode: w.ceilMode)
        default: try powers.avgPool3d(kernelSize: w.kernel, stride: w.stride, ceilMode: w.ceilMode)
        }
      return try (mean.sign() * mean.abs().relu() * count).pow(Scalar(1 / power))
    }
  }

  private func largest(_ x: Tensor) throws(TorchError) -> Tensor {
    let w = window
    return switch w.rank {
    case 1: try x.maxPool1d(kernelSize: w.kernel, stride: w.stride, ceilMode: w.ceilMode)
    case 2: try x.maxPool2d(kernelSize: w.kernel, stride: w.stride, ceilMode: w.ceilMode)
    default: try x.maxPool3d(kernelSize: w.kernel, stride: w.stride, ceilMode: w.ceilMode)
    }
  }

  public override var details: String { "power \(power), \(window.details)" }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PoolingShape.expectation(shapes, rank: window.rank) }
}

/// The p-norm of each window of sequences `[batch, channels, length]` (or without batch).
public final class LPPool1d: PowerPooling, Layer {
  /// - Parameters:
  ///   - power: the norm's power; infinity takes the largest absolute value.
  ///   - kernel: the window's size: a number.
  ///   - stride: the step; the window's size if `nil`.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  public init(_ power: Double, _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, ceilMode: Bool = false) {
    super.init(power, PoolingWindow(rank: 1, kernel, stride: stride, ceilMode: ceilMode))
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x) }
}

/// The p-norm of each window of images `[batch, channels, height, width]` (or without batch).
public final class LPPool2d: PowerPooling, Layer {
  /// - Parameters:
  ///   - power: the norm's power; infinity takes the largest absolute value.
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  public init(_ power: Double, _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, ceilMode: Bool = false) {
    super.init(power, PoolingWindow(rank: 2, kernel, stride: stride, ceilMode: ceilMode))
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x) }
}

/// The p-norm of each window of volumes `[batch, channels, depth, height, width]` (or without batch).
public final class LPPool3d: PowerPooling, Layer {
  /// - Parameters:
  ///   - power: the norm's power; infinity takes the largest absolute value.
  ///   - kernel: the window's size: one number, or `[depth, height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  public init(_ power: Double, _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, ceilMode: Bool = false) {
    super.init(power, PoolingWindow(rank: 3, kernel, stride: stride, ceilMode: ceilMode))
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x) }
}
