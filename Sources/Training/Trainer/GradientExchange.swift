/// What averages gradients over the processes that train one model together.
///
/// A trainer tells it of every backward pass; the gradients must be the same in all processes when `gradientsAreSummed` returns, before
/// they are checked, clipped and applied.
public protocol GradientExchange: AnyObject {
  /// A backward pass begins.
  /// - Parameter isLast: the step's last one; what the earlier ones gave is only part of the sum.
  func willRunBackward(isLast: Bool) throws

  /// The step's backward passes are done.
  func gradientsAreSummed() throws

  /// A backward pass failed.
  /// - Returns: the reason, where it was in the exchange, else the same error.
  func explained(_ error: any Error) -> any Error
}

extension GradientExchange {
  public func explained(_ error: any Error) -> any Error { error }
}
