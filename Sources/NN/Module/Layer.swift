public import Torch

/// A module with one tensor in and one out: what `Sequential` chains and `Trainer` trains.
///
/// A layer wraps its work in ``Module/observed(_:_:)``, so that errors name it and summaries and diagnostics see it.
public protocol Layer: Module {
  /// Applies the layer.
  /// - Throws: `TorchError` that names the layer and its path where the input does not fit.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor
}
