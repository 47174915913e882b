import MartletCore
public import Torch

/// What `BatchNorm1d` and `BatchNorm2d` share.
///
/// In training each channel is brought to mean 0 and variance 1 over the batch, and the running statistics follow; in evaluation these
/// are used (Ioffe, Szegedy 2015, arXiv:1502.03167). State: `weight`, `bias`, `running_mean`, `running_var` `[channels]` and
/// `num_batches_tracked` (a single int64).
public class BatchNorm: Module {
  /// The scale of each channel, or `nil`.
  public let weight: Parameter?
  /// The shift of each channel, or `nil`.
  public let bias: Parameter?
  /// The running mean of each channel, or `nil`.
  public let runningMean: Buffer?
  /// The running variance of each channel, or `nil`.
  public let runningVar: Buffer?
  /// How many batches the running statistics have seen.
  public let numBatchesTracked: Buffer?
  /// The number of channels.
  public let channels: Int
  /// Added to the variance.
  public let eps: Double
  /// The share of the newest batch in the running statistics; `nil` averages over all batches.
  public let momentum: Double?
  /// The processes whose batches are normalised together; see ``Module/synchronizeBatchNorm(over:)``.
  var group: ProcessGroup?

  init(_ channels: Int, eps: Double, momentum: Double?, affine: Bool, trackRunningStats: Bool) {
    self.channels = channels
    self.eps = eps
    self.momentum = momentum
    weight = affine ? Parameter(shape: [channels], .ones) : nil
    bias = affine ? Parameter(shape: [channels], .zeros) : nil
    func buffer(_ make: () throws(TorchError) -> Tensor) -> Buffer? { trackRunningStats ? Buffer(make) : nil }
    runningMean = buffer { () throws(TorchError) in try Tensor.zeros([channels]) }
    runningVar = buffer { () throws(TorchError) in try Tensor.ones([channels]) }
    numBatchesTracked = buffer { () throws(TorchError) in try Tensor.zeros([], dtype: .int64) }
  }

  final func normalized(_ x: Tensor, dimensions: ClosedRange<Int>) throws(TorchError) -> Tensor {
    guard dimensions.contains(x.ndim) else {
      throw TorchError.layer("the input has \(x.ndim) dimensions", expected: expectation(inputs: [x.shape]))
    }
    guard isTraining else {
      return try x.batchNorm(
        weight?.value, bias?.value, runningMean?.value, runningVar?.value, training: runningMean == nil, momentum: 0, eps: eps,
        cudnnEnabled: true)
    }
    guard x.count > channels || group != nil else {
      throw TorchError.layer(
        "training needs more than one value per channel, got an input of shape \(x.shape)",
        remedy: "a larger batch, dropping the last incomplete one, or eval()")
    }
    var share = momentum ?? 0
    if let numBatchesTracked {
      let batches = try numBatchesTracked.value
      try batches.add_(1)
      if momentum == nil { share = 1 / (try batches.double()) }
    }
    if let group { return try synchronized(x, over: group, share: share) }
    return try x.batchNorm(
      weight?.value, bias?.value, runningMean?.value, runningVar?.value, training: true, momentum: share, eps: eps, cudnnEnabled: true)
  }

  public override var details: String { "\(channels)" }
}

/// Batch normalisation of features or sequences: `[batch, channels]` or `[batch, channels, length]`.
public final class BatchNorm1d: BatchNorm, Layer {
  /// - Parameters:
  ///   - channels: the size of the second dimension.
  ///   - eps: added to the variance.
  ///   - momentum: the share of the newest batch in the running statistics; `nil` averages over all batches.
  ///   - affine: whether each channel has a trained scale and shift.
  ///   - trackRunningStats: whether running statistics are kept; without them the batch's are used in evaluation, too.
  public override init(
    _ channels: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true, trackRunningStats: Bool = true
  ) {
    super.init(channels, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try normalized(x, dimensions: 2...3) }
  }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    guard let shape = shapes.first, (2...3).contains(shape.count), shape[1] == channels else {
      return "\(channels) channels in [batch, channels] or [batch, channels, length]"
    }
    return nil
  }
}

/// Batch normalisation of images: `[batch, channels, height, width]`.
public final class BatchNorm2d: BatchNorm, Layer {
  /// - Parameters:
  ///   - channels: the size of the second dimension.
  ///   - eps: added to the variance.
  ///   - momentum: the share of the newest batch in the running statistics; `nil` averages over all batches.
  ///   - affine: whether each channel has a trained scale and shift.
  ///   - trackRunningStats: whether running statistics are kept; without them the batch's are used in evaluation, too.
  public override init(
    _ channels: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true, trackRunningStats: Bool = true
  ) {
    super.init(channels, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try normalized(x, dimensions: 4...4) }
  }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    guard let shape = shapes.first, shape.count == 4, shape[1] == channels else {
      return "\(channels) channels in [batch, channels, height, width]"
    }
    return nil
  }
}
