public import Torch

/// Sets single values to zero with probability `p` in training and scales the rest by 1 / (1 - p); passes everything in evaluation
/// (Srivastava et al. 2014).
public final class Dropout: Module, Layer {
  /// The probability of a zero.
  public let p: Double

  /// Whether each zero is drawn from a key and its place.
  public let isKeyed: Bool

  /// - Parameters:
  ///   - p: the probability of a zero, in 0…1.
  ///   - keyed: draws each zero, on the processor, from one number of libtorch's generator and the value's place: ten times as fast, and
  ///     the same at any number of threads. The zeros are other ones than PyTorch draws from the same seed.
  public init(_ p: Double = 0.5, keyed: Bool = false) {
    self.p = p
    isKeyed = keyed
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in isTraining ? try dropped(x) : x }
  }

  private func dropped(_ x: Tensor) throws(TorchError) -> Tensor {
    guard isKeyed, x.device == .cpu, x.dtype.isFloatingPoint, case .success(let own) = Self.own else {
      return try x.dropout(p: p, train: true)
    }
    guard let result = try own(.tensor(x), .scalar(.double(p))).first else { return x }
    return try result.asTensor()
  }

  /// `CTorch`'s own kernel.
  private static let own = Result { () throws(TorchError) in try TorchOperator("martlet::dropout") }

  public override var details: String { "\(p)" }
}

/// What `Dropout1d`, `Dropout2d` and `Dropout3d` share: whole channels are set to zero with probability `p` in training and the rest is
/// scaled (Tompson et al. 2015, arXiv:1411.4280).
public class ChannelDropout: Module {
  /// The probability that a channel is zero.
  public let p: Double
  private let ranks: ClosedRange<Int>
  private let names: String

  /// - Parameter ranks: the dimensions an input may have; with the least number there is no batch.
  init(_ p: Double, ranks: ClosedRange<Int>, names: String) {
    self.p = p
    self.ranks = ranks
    self.names = names
  }

  final func dropped(_ x: Tensor, unbatchedRank: Int?) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard ranks.contains(x.ndim) else { throw TorchError.layer("got \(x.shape)", expected: names) }
      guard isTraining else { return x }
      guard x.ndim == unbatchedRank else { return try x.featureDropout(p: p, train: true) }
      return try x.unsqueeze(0).featureDropout(p: p, train: true).squeeze(dim: 0)
    }
  }

  public override var details: String { "\(p)" }
}

/// Sets whole channels of sequences `[batch, channels, length]` or `[channels, length]` to zero in training. See ``ChannelDropout``.
public final class Dropout1d: ChannelDropout, Layer {
  /// - Parameter p: the probability that a channel is zero, in 0…1.
  public init(_ p: Double = 0.5) { super.init(p, ranks: 2...3, names: "[batch, channels, length]") }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try dropped(x, unbatchedRank: 2) }
}

/// Sets whole channels of images `[batch, channels, height, width]` to zero in training. See ``ChannelDropout``.
///
/// As in PyTorch an input of three dimensions is taken as `[batch, channels, length]`.
public final class Dropout2d: ChannelDropout, Layer {
  /// - Parameter p: the probability that a channel is zero, in 0…1.
  public init(_ p: Double = 0.5) { super.init(p, ranks: 2...8, names: "[batch, channels, height, width]") }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try dropped(x, unbatchedRank: nil) }
}

/// Sets whole channels of volumes `[batch, channels, depth, height, width]` (or without batch) to zero in training. See
/// ``ChannelDropout``.
public final class Dropout3d: ChannelDropout, Layer {
  /// - Parameter p: the probability that a channel is zero, in 0…1.
  public init(_ p: Double = 0.5) { super.init(p, ranks: 4...5, names: "[batch, channels, depth, height, width]") }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try dropped(x, unbatchedRank: 4) }
}

/// Dropout that keeps mean and variance of what ``SELU`` gives (Klambauer et al. 2017, arXiv:1706.02515); any shape.
public final class AlphaDropout: Module, Layer {
  /// The probability that a value is dropped.
  public let p: Double

  /// - Parameter p: the probability that a value is dropped, in 0…1.
  public init(_ p: Double = 0.5) { self.p = p }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in isTraining ? try x.alphaDropout(p: p, train: true) : x }
  }

  public override var details: String { "\(p)" }
}

/// ``AlphaDropout`` of whole channels: `[batch, channels, …]`.
public final class FeatureAlphaDropout: Module, Layer {
  /// The probability that a channel is dropped.
  public let p: Double

  /// - Parameter p: the probability that a channel is dropped, in 0…1.
  public init(_ p: Double = 0.5) { self.p = p }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard x.ndim >= 2 else { throw TorchError.layer("got \(x.shape)", expected: "[batch, channels, …]") }
      return isTraining ? try x.featureAlphaDropout(p: p, train: true) : x
    }
  }

  public override var details: String { "\(p)" }
}
