import Torch

/// What `InstanceNorm1d`, `InstanceNorm2d` and `InstanceNorm3d` share.
///
/// Each channel of each item is brought to mean 0 and variance 1 over its positions (Ulyanov, Vedaldi, Lempitsky 2016, arXiv:1607.08022).
/// State, where asked for: `weight`, `bias`, `running_mean`, `running_var` `[channels]` and `num_batches_tracked`.
public class InstanceNorm: Module {
  /// The scale of each channel, or `nil`.
  public let weight: Parameter?
  /// The shift of each channel, or `nil`.
  public let bias: Parameter?
  /// The running mean of each channel, or `nil`.
  public let runningMean: Buffer?
  /// The running variance of each channel, or `nil`.
  public let runningVar: Buffer?
  /// Part of PyTorch's state; PyTorch does not count, either.
  public let numBatchesTracked: Buffer?
  /// The number of channels.
  public let channels: Int
  /// Added to the variance.
  public let eps: Double
  /// The share of the newest batch in the running statistics.
  public let momentum: Double
  private let rank: Int

  init(_ channels: Int, rank: Int, eps: Double, momentum: Double, affine: Bool, trackRunningStats: Bool) {
    self.channels = channels
    self.rank = rank
    self.eps = eps
    self.momentum = momentum
    weight = affine ? Parameter(shape: [channels], .ones) : nil
    bias = affine ? Parameter(shape: [channels], .zeros) : nil
    func buffer(_ make: () throws(TorchError) -> Tensor) -> Buffer? { trackRunningStats ? Buffer(make) : nil }
    runningMean = buffer { () throws(TorchError) in try Tensor.zeros([channels]) }
    runningVar = buffer { () throws(TorchError) in try Tensor.ones([channels]) }
    numBatchesTracked = buffer { () throws(TorchError) in try Tensor.zeros([], dtype: .int64) }
  }

  final func normalized(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let isBatched = x.ndim == rank + 2
      guard isBatched || x.ndim == rank + 1, x.shape[isBatched ? 1 : 0] == channels else {
        throw TorchError.layer("got \(x.shape)", expected: expectation(inputs: [x.shape]))
      }
      let usesInput = isTraining || runningMean == nil
      guard !usesInput || x.shape.suffix(rank).reduce(1, *) > 1 else {
        throw TorchError.layer("there is one position in shape \(x.shape)", expected: "more than one position to take the variance over")
      }
      let batched = isBatched ? x : try x.unsqueeze(0)
      let result = try batched.instanceNorm(
        weight?.value, bias?.value, runningMean?.value, runningVar?.value, useInputStats: usesInput, momentum: momentum, eps: eps,
        cudnnEnabled: true)
      return isBatched ? result : try result.squeeze(dim: 0)
    }
  }

  public override var details: String { "\(channels)" }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    ConvolutionSettings.expectation(shape: shapes.first ?? [], channels: channels, rank: rank)
  }
}
