import NN
import Torch

/// Who sees whom in an attention layer, as the function of libtorch takes it.
struct AttentionPattern {
  /// `[batch, 1, 1 or length, source]`, true where a key takes part; `nil` for all.
  var mask: Tensor?
  /// Position i of the query sees keys 0…i only, in addition.
  var isCausal: Bool

  /// All tokens see all tokens that are no padding.
  static func bidirectional(_ input: TokenInput) throws(TorchError) -> AttentionPattern {
    AttentionPattern(mask: try combined(padding(input.mask), input.segments.map(sameSegment)), isCausal: false)
  }

  /// Tokens see themselves and what came before, at most `window` tokens altogether.
  static func causal(_ input: TokenInput, window: Int? = nil) throws(TorchError) -> AttentionPattern {
    let length = input.ids.shape[1]
    var mask = try combined(padding(input.mask), input.segments.map(sameSegment))
    guard mask != nil || (window ?? length) < length else { return AttentionPattern(mask: nil, isCausal: true) }
    mask = try combined(mask, band(length, window: window, device: input.ids.device))
    return AttentionPattern(mask: mask, isCausal: false)
  }

  /// Tokens of a decoder see the encoder's tokens that are no padding.
  static func cross(_ mask: Tensor?) throws(TorchError) -> AttentionPattern {
    AttentionPattern(mask: try padding(mask), isCausal: false)
  }

  /// The same for keys that lie behind `count` others, which all take part.
  func behind(_ count: Int, length: Int, device: Device) throws(TorchError) -> AttentionPattern {
    let seen = try isCausal ? Self.combined(mask, Self.band(length, window: nil, device: device)) : mask
    guard let seen else { return self }
    return AttentionPattern(mask: try seen.to(.uint8).pad([count, 0], value: 1).to(.bool), isCausal: false)
  }

  /// The pattern as numbers that are added to the products: 0, or the smallest number where a key takes no part.
  func added(length: Int, source: Int, dtype: DType, device: Device) throws(TorchError) -> Tensor? {
    var seen = mask
    if isCausal { seen = try Self.combined(seen, Self.band(length, window: nil, device: device)) }
    guard let seen else { return nil }
    let lowest: Double = dtype == .float16 ? -65504 : -Double(Float.greatestFiniteMagnitude)
    return try Tensor.zeros(seen.shape, dtype: dtype, device: device).maskedFill(seen.logicalNot(), .double(lowest))
  }

  /// `[batch, 1, 1, length]`, or `nil` where nothing is padding: the kernel is then free to choose the quickest way.
  private static func padding(_ mask: Tensor?) throws(TorchError) -> Tensor? {
    guard let mask else { return nil }
    let seen = mask.dtype == .bool ? mask : try mask.ne(0)
    if try seen.all().int() == 1 { return nil }
    return try seen.unsqueeze(1).unsqueeze(1)
  }

  private static func sameSegment(_ segments: Tensor) throws(TorchError) -> Tensor {
    try (segments.unsqueeze(2) .== segments.unsqueeze(1)).unsqueeze(1)
  }

  private static func band(_ length: Int, window: Int?, device: Device) throws(TorchError) -> Tensor {
    let all = try Tensor.ones([length, length], dtype: .bool, device: device)
    let past = try all.tril()
    guard let window, window < length else { return try past.unsqueezedTwice }
    return try past.triu(diagonal: 1 - window).unsqueezedTwice
  }

  private static func combined(_ first: Tensor?, _ second: Tensor?) throws(TorchError) -> Tensor? {
    guard let first, let second else { return first ?? second }
    return try first.logicalAnd(second)
  }
}

extension Tensor {
  fileprivate var unsqueezedTwice: Tensor {
    get throws(TorchError) { try unsqueeze(0).unsqueeze(0) }
  }

  /// `[batch, length, heads · size]` as `[batch, heads, length, size]`.
  func split(heads: Int, size: Int) throws(TorchError) -> Tensor { try unflatten(dim: -1, sizes: [heads, size]).transpose(1, 2) }

  /// `[batch, heads, length, size]` as `[batch, length, heads · size]`.
  func joinedHeads() throws(TorchError) -> Tensor { try transpose(1, 2).flatten(from: 2) }
}

/// Attention over heads that were split, by libtorch's kernel. The pattern was made for these lengths, without the prefix.
func attention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, _ pattern: AttentionPattern, dropout: Double, scale: Double? = nil,
  prefix: AttentionPrefix? = nil
) throws(TorchError) -> Tensor {
  guard let prefix else {
    return try scaledDotProductAttention(
      query, key, value, mask: pattern.mask, isCausal: pattern.isCausal, dropout: dropout, scale: scale)
  }
  let (keys, values, extended) = try prefix.extended(key, value, pattern)
  return try attention(query, keys, values, extended, dropout: dropout, scale: scale)
}
