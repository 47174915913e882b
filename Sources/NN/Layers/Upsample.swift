public import Torch

/// ``interpolate(_:size:scale:mode:alignCorners:antialias:)`` as a layer: makes sequences, images or volumes `[batch, channels, …]` larger
/// or smaller.
public final class Upsample: Module, Layer {
  private let size: [Int]?
  private let scale: [Double]?
  private let mode: InterpolationMode
  private let alignCorners: Bool?

  /// - Parameters:
  ///   - size: the sizes of the result, one for each spatial dimension.
  ///   - mode: how values between the given ones are made.
  ///   - alignCorners: whether the centres of the corner values stay where they are; only for the linear and cubic modes.
  public init(size: [Int], mode: InterpolationMode = .nearest, alignCorners: Bool? = nil) {
    self.size = size
    scale = nil
    self.mode = mode
    self.alignCorners = alignCorners
  }

  /// - Parameters:
  ///   - factors: the factors of the sizes, one for each spatial dimension or one for all.
  ///   - mode: how values between the given ones are made.
  ///   - alignCorners: whether the centres of the corner values stay where they are; only for the linear and cubic modes.
  public init(scale factors: Double..., mode: InterpolationMode = .nearest, alignCorners: Bool? = nil) {
    size = nil
    scale = factors
    self.mode = mode
    self.alignCorners = alignCorners
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try interpolate(x, size: size, scale: scale, mode: mode, alignCorners: alignCorners) }
  }

  public override var details: String { (size.map { "to \($0)" } ?? "×\(scale ?? [])") + ", \(mode.rawValue)" }
}
