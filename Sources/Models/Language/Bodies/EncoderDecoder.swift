public import Torch

/// A body that reads one text and writes another.
public protocol EncoderDecoder: LanguageBody {
  /// The id that a decoder's text begins with.
  var decoderStart: Int { get }

  /// One vector for each token of the text that is read, `[batch, length, width]`.
  /// - Throws: `TorchError` where the input does not fit.
  func encode(_ input: TokenInput) throws(TorchError) -> Tensor

  /// One vector for each token of the text that is written, `[batch, target length, width]`.
  /// - Parameters:
  ///   - ids: `[batch, target length]`, beginning with ``decoderStart``.
  ///   - mask: zero where `ids` are only padding.
  ///   - memory: what ``encode(_:)`` gave.
  ///   - memoryMask: the mask of the text that was read.
  func decode(_ ids: Tensor, mask: Tensor?, memory: Tensor, memoryMask: Tensor?) throws(TorchError) -> Tensor
}

extension EncoderDecoder {
  /// Encodes the ids and decodes the decoder's.
  func translate(_ input: TokenInput) throws(TorchError) -> Tensor {
    guard let ids = input.decoderIDs else {
      throw TorchError(
        .value, "\(Self.self)", "the decoder got nothing to read", expected: "decoderIDs",
        remedy: "shiftedRight(_:) makes them of the labels")
    }
    return try decode(ids, mask: input.decoderMask, memory: encode(input), memoryMask: input.mask)
  }

  /// What the decoder reads so that it learns to write `labels`: one place to the right, behind the id that texts begin with.
  /// - Parameter labels: `[batch, target length]`; -100 stands for padding.
  public func shiftedRight(_ labels: Tensor) throws(TorchError) -> Tensor {
    guard labels.ndim == 2, labels.shape[1] >= 1 else {
      throw TorchError(.value, "shiftedRight", "labels of shape \(labels.shape)", expected: "[batch, target length]")
    }
    let start = try Tensor.full([labels.shape[0], 1], value: .int(decoderStart), dtype: labels.dtype, device: labels.device)
    let rest = try labels.narrow(dim: 1, start: 0, length: labels.shape[1] - 1)
    return try Tensor.cat([start, rest.maskedFill(rest.eq(-100), .int(padding ?? 0))], dim: 1)
  }
}
