import NN
import Torch

/// Scales each channel by what all positions together say about it (Hu, Shen, Albanie, Sun, Wu 2017, arXiv:1709.01507).
///
/// Input and output `[batch, channels, height, width]`. State: `fc1`, `fc2`, convolutions 1×1.
final class SqueezeExcitation: Module, Layer {
  private let fc1: Conv2d, fc2: Conv2d
  private let activation: any Layer, scale: any Layer

  init(_ channels: Int, squeeze: Int, activation: any Layer, scale: any Layer) {
    fc1 = Conv2d(channels, squeeze, kernel: 1)
    fc2 = Conv2d(squeeze, channels, kernel: 1)
    self.activation = activation
    self.scale = scale
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x * scale(fc2(activation(fc1(x.adaptiveAvgPool2d(outputSize: [1, 1]))))) }
  }
}
