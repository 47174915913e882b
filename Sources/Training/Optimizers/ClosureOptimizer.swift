public import Torch

/// An optimizer that computes the loss more than once a step: L-BFGS for its line search, SAM for the gradient at the worst neighbour.
///
/// Whoever runs the loop asks for it before a step:
///
/// ```swift
/// if let optimizer = optimizer as? any ClosureOptimizer {
///   loss = try optimizer.step {
///     optimizer.zeroGradients()
///     let loss = try objective(batch).loss
///     try loss.backward()  // then accumulate, average over processes, clip: whatever happens before a plain step
///     return loss
///   }
/// } else {
///   …
///   try optimizer.step()
/// }
/// ```
///
/// What is random in the closure (dropout) must be the same at every call within a step, or the line search compares different functions:
/// seed libtorch's generator inside. Layers with running statistics move them at every call.
public protocol ClosureOptimizer: Optimizer {
  /// Applies one update.
  /// - Parameter evaluate: computes the loss at the parameters' present values and leaves its gradients (and no older ones) in them; called
  ///   one or more times, with gradient recording on. It is PyTorch's `closure`.
  /// - Returns: the loss of the first call, that is before the update.
  /// - Throws: what `evaluate` throws, and then the parameters are as they were before the step; `TorchError` if the engine fails.
  @discardableResult
  func step(_ evaluate: () throws -> Tensor) throws -> Tensor
}

extension ClosureOptimizer {
  /// Applies one update of a loss that nothing else happens to: clears the gradients and runs `backward` itself.
  /// - Parameter loss: the loss at the parameters' present values, one number.
  /// - Returns: the loss before the update.
  @discardableResult
  public func step(minimizing loss: () throws -> Tensor) throws -> Tensor {
    try step {
      zeroGradients()
      let value = try loss()
      try value.backward()
      return value
    }
  }
}
