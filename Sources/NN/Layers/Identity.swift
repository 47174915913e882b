public import Torch

/// Gives its input back: a place holder where another layer could stand.
public final class Identity: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in x }
  }
}
