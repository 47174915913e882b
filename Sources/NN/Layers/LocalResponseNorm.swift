public import Torch

/// Divides each value by a power of the mean square over neighbouring channels (Krizhevsky, Sutskever, Hinton 2012).
///
/// Input and output `[batch, channels, …]`.
public final class LocalResponseNorm: Module, Layer {
  private let size: Int
  private let alpha: Double, beta: Double, k: Double

  /// - Parameters:
  ///   - size: how many channels take part.
  ///   - alpha: the factor of the mean square.
  ///   - beta: the power.
  ///   - k: added to the mean square.
  public init(_ size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.k = k
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard size > 0 else { throw TorchError.layer("\(size) channels cannot be averaged", expected: "1 or more") }
      guard x.ndim >= 3 else { throw TorchError.layer("got \(x.shape)", expected: "[batch, channels, length] or more dimensions") }
      let shape = x.shape
      // One row of channels beside one of positions, so that pooling runs along the channels.
      let squares = try x.square().reshape([shape[0], 1, shape[1], -1]).pad([0, 0, size / 2, (size - 1) / 2])
      let mean = try squares.avgPool2d(kernelSize: [size, 1], stride: [1, 1]).reshape(shape)
      return try x / (mean * alpha + k).pow(Scalar(beta))
    }
  }

  public override var details: String { "\(size) channels" }
}
