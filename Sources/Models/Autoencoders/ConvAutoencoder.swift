import NN
public import Torch

/// An autoencoder of images: strided convolutions to a code, transposed convolutions back.
///
/// Input and output `[batch, channels, height, width]`; every width halves the image, so height and width have to be multiples of
/// 2^(number of widths). The output is linear. State: `encoder.N`, `to_code`, `from_code`,
/// `decoder.N`.
public final class ConvAutoencoder: StagedNetwork, Autoencoder {
  private let encoder: Sequential, decoder: Sequential
  private let toCode: Linear, fromCode: Linear
  private let map: [Int]

  /// - Parameters:
  ///   - widths: channels behind each halving.
  ///   - code: values per item in the middle.
  /// - Throws: `ModelError` where the image cannot be halved that often.
  public init(channels: Int, height: Int, width: Int, widths: [Int] = [32, 64], code: Int = 32) throws {
    try Self.check(height: height, width: width, halvings: widths.count)
    let parts = ConvCoder(channels: channels, height: height, width: width, widths: widths)
    (encoder, decoder, map) = (parts.encoder, parts.decoder, parts.map)
    toCode = Linear(map.reduce(1, *), code)
    fromCode = Linear(code, map.reduce(1, *))
  }

  static func check(height: Int, width: Int, halvings: Int) throws(ModelError) {
    let factor = halvings < 24 ? 1 << halvings : Int.max
    guard halvings >= 1, height % factor == 0, width % factor == 0 else {
      throw ModelError(
        "images of \(height)×\(width) cannot be halved \(halvings) times", expected: "one halving or more, and sides that divide",
        remedy: "fewer widths, or another image size")
    }
  }

  public func encode(_ x: Tensor) throws(TorchError) -> Tensor { try toCode(encoder(x).flatten(from: 1)) }

  public func decode(_ code: Tensor) throws(TorchError) -> Tensor {
    try decoder(relu(fromCode(code)).reshape([code.shape[0]] + map))
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor { try decode(encode(x)) }

  public override var stages: [Stage] { [Stage("encoder", ["encoder", "to_code"]), Stage("decoder", ["from_code", "decoder"])] }
}

/// The two halves that the autoencoders of images share.
struct ConvCoder {
  let encoder: Sequential, decoder: Sequential
  /// `[channels, height, width]` in the middle.
  let map: [Int]

  init(channels: Int, height: Int, width: Int, widths: [Int]) {
    let sizes = [channels] + widths
    encoder = Sequential(
      (1..<sizes.count).flatMap { number -> [any Layer] in
        [Conv2d(sizes[number - 1], sizes[number], kernel: 3, stride: 2, padding: 1), ReLU()]
      })
    decoder = Sequential(
      (1..<sizes.count).reversed().flatMap { number -> [any Layer] in
        let up = ConvTranspose2d(sizes[number], sizes[number - 1], kernel: 4, stride: 2, padding: 1)
        return number == 1 ? [up] : [up, ReLU()]
      })
    map = [widths[widths.count - 1], height >> widths.count, width >> widths.count]
  }
}
