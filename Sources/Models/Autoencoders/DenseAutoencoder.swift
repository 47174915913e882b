public import NN
public import Torch

/// A network that squeezes its input through a narrow code and rebuilds it: for anomalies, compression, pretraining.
public protocol Autoencoder: Layer {
  /// The code of each item: `[batch, code]`.
  func encode(_ x: Tensor) throws(TorchError) -> Tensor
  /// The items that codes stand for, in the input's shape.
  func decode(_ code: Tensor) throws(TorchError) -> Tensor
}

/// An autoencoder of linear layers with ReLU.
///
/// Input and output `[batch, …]` with `inputs` values per item. The output is linear: train it with the squared error, or put a sigmoid
/// behind. State: `encoder.N`, `decoder.N`.
public final class DenseAutoencoder: StagedNetwork, Autoencoder {
  private let encoder: MLP, decoder: MLP

  /// - Parameters:
  ///   - hidden: the sizes of the layers between input and code; the decoder has them in reverse.
  ///   - code: values per item in the middle.
  public init(_ inputs: Int, hidden: [Int] = [128], code: Int = 16) {
    encoder = MLP(inputs, hidden: hidden, outputs: code)
    decoder = MLP(code, hidden: hidden.reversed(), outputs: inputs)
  }

  public func encode(_ x: Tensor) throws(TorchError) -> Tensor { try encoder(x.flatten(from: 1)) }
  public func decode(_ code: Tensor) throws(TorchError) -> Tensor { try decoder(code) }
  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor { try decode(encode(x)).reshape(x.shape) }
  public override var stages: [Stage] { [Stage("encoder"), Stage("decoder")] }
}
