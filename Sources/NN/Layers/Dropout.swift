public import Torch

/// Sets single values to zero with probability `p` in training and scales the rest by 1 / (1 - p); passes everything in evaluation
/// (Srivastava et al. 2014).
public final class Dropout: Module, Layer {
  /// The probability of a zero.
  public let p: Double

  /// - Parameter p: the probability of a zero, in 0…1.
  public init(_ p: Double = 0.5) { self.p = p }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in isTraining ? try x.dropout(p: p, train: true) : x }
  }

  public override var details: String { "\(p)" }
}

/// Sets whole channels of images `[batch, channels, height, width]` to zero with probability `p` in training and scales the rest; passes
/// everything in evaluation (Tompson et al. 2015, arXiv:1411.4280).
public final class Dropout2d: Module, Layer {
  /// The probability that a channel is zero.
  public let p: Double

  /// - Parameter p: the probability that a channel is zero, in 0…1.
  public init(_ p: Double = 0.5) { self.p = p }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in isTraining ? try x.featureDropout(p: p, train: true) : x }
  }

  public override var details: String { "\(p)" }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    (shapes.first?.count ?? 0) >= 2 ? nil : "[batch, channels, height, width]"
  }
}
