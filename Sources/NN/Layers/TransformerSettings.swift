public import Torch

/// The function inside the two linear maps of a transformer's layer.
public enum TransformerActivation: String, Sendable, CaseIterable {
  case relu
  case gelu

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { self == .relu ? try x.relu() : try x.gelu() }
}

/// What the layers of a transformer are made with.
struct TransformerSettings {
  let dimension: Int
  let heads: Int
  let feedForward: Int
  let dropout: Double
  let activation: TransformerActivation
  let eps: Double
  let normFirst: Bool
  let bias: Bool
  let batchFirst: Bool

  func attention() -> MultiheadAttention {
    MultiheadAttention(dimension, heads: heads, dropout: dropout, bias: bias, batchFirst: batchFirst)
  }

  func norm() -> LayerNorm { LayerNorm(dimension, eps: eps, bias: bias) }
}

/// Masks of attention that go together. A boolean mask is true where a key is hidden, a floating-point mask is added.
public struct AttentionMasks: Sendable {
  /// `[length, source]`, or `[batch · heads, length, source]`.
  public var mask: Tensor?
  /// `[batch, source]`: true where a key is padding.
  public var keyPaddingMask: Tensor?
  /// Whether position i sees keys 0…i only.
  public var isCausal: Bool

  /// Masks; nothing is hidden by default.
  public init(mask: Tensor? = nil, keyPaddingMask: Tensor? = nil, isCausal: Bool = false) {
    self.mask = mask
    self.keyPaddingMask = keyPaddingMask
    self.isCausal = isCausal
  }

  /// Nothing is hidden.
  public static let none = AttentionMasks()
  /// Each position sees itself and what came before.
  public static let causal = AttentionMasks(isCausal: true)
}
