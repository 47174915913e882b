import NN
public import Torch

/// A variational autoencoder of images (Kingma, Welling 2013, arXiv:1312.6114): its codes follow a normal distribution, so that codes that
/// are drawn make new images.
///
/// Input and output `[batch, channels, height, width]`; every width halves the image. The output is linear. In training the code is drawn,
/// in evaluation its mean is taken. State: `encoder.N`, `mean`, `log_variance`, `from_code`, `decoder.N`.
public final class VariationalAutoencoder: StagedNetwork, Autoencoder {
  private let encoder: Sequential, decoder: Sequential
  private let mean: Linear, logVariance: Linear, fromCode: Linear
  private let map: [Int]

  /// One pass: the output and the distribution of each code.
  public struct Pass {
    /// `[batch, channels, height, width]`.
    public let output: Tensor
    /// `[batch, code]`.
    public let mean: Tensor
    /// `[batch, code]`.
    public let logVariance: Tensor

    /// How far the codes' distributions are from the standard normal one, in nats per item: `[batch]`.
    public func divergence() throws(TorchError) -> Tensor {
      try ((mean.square() + logVariance.exp() - logVariance - 1) * 0.5).sum(dims: [1])
    }

    /// The squared error per item plus `beta` times the divergence, averaged over the batch: minus the evidence's lower bound for
    /// normal pixels, up to a constant (beta above 1: Higgins et al. 2017).
    public func loss(_ target: Tensor, beta: Double = 1) throws(TorchError) -> Tensor {
      let errors = try (output - target).square().flatten(from: 1).sum(dims: [1])
      return try (errors + divergence() * beta).mean()
    }
  }

  /// - Parameters:
  ///   - widths: channels behind each halving.
  ///   - code: values per item in the middle.
  /// - Throws: `ModelError` where the image cannot be halved that often.
  public init(channels: Int, height: Int, width: Int, widths: [Int] = [32, 64], code: Int = 32) throws {
    try ConvAutoencoder.check(height: height, width: width, halvings: widths.count)
    let parts = ConvCoder(channels: channels, height: height, width: width, widths: widths)
    (encoder, decoder, map) = (parts.encoder, parts.decoder, parts.map)
    let size = map.reduce(1, *)
    mean = Linear(size, code)
    logVariance = Linear(size, code)
    fromCode = Linear(code, size)
  }

  /// The means of the codes: `[batch, code]`.
  public func encode(_ x: Tensor) throws(TorchError) -> Tensor { try mean(encoder(x).flatten(from: 1)) }

  public func decode(_ code: Tensor) throws(TorchError) -> Tensor {
    try decoder(relu(fromCode(code)).reshape([code.shape[0]] + map))
  }

  /// The output together with the codes' distributions, for ``Pass/loss(_:beta:)``.
  public func pass(_ x: Tensor) throws(TorchError) -> Pass {
    let features = try encoder(x).flatten(from: 1)
    let mean = try self.mean(features), logVariance = try self.logVariance(features)
    let code = isTraining ? try mean + (logVariance * 0.5).exp() * mean.randnLike() : mean
    return Pass(output: try decode(code), mean: mean, logVariance: logVariance)
  }

  /// Images from codes that are drawn from the standard normal distribution.
  public func samples(_ count: Int) throws(TorchError) -> Tensor { try decode(Tensor.randn([count, fromCode.inputs])) }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor { try pass(x).output }

  public override var stages: [Stage] {
    [Stage("encoder", ["encoder", "mean", "log_variance"]), Stage("decoder", ["from_code", "decoder"])]
  }
}
