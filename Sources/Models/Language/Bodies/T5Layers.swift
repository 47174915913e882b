import Foundation
import NN
import Torch

/// A norm, something, and a shortcut around both.
class T5Sublayer: Module {
  fileprivate let layerNorm: RMSNorm
  fileprivate let dropout: Dropout

  fileprivate init(_ configuration: T5Configuration) {
    layerNorm = RMSNorm(configuration.width, eps: configuration.eps)
    dropout = Dropout(configuration.dropout, keyed: true)
  }

  /// What distances between tokens of one text mean, `[1, heads, length, length]`.
  func bias(_ length: Int) throws(TorchError) -> Tensor { try Tensor.zeros([1, 1, length, length]) }

  final func callAsFunction(_ x: Tensor, bias: Tensor, memory: Tensor?, seen: Tensor?) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try x + dropout(changed(layerNorm(x), bias: bias, memory: memory, seen: seen))
    }
  }

  fileprivate func changed(_ x: Tensor, bias: Tensor, memory: Tensor?, seen: Tensor?) throws(TorchError) -> Tensor { x }
}

final class T5SelfAttention: T5Sublayer {
  private let selfAttention: T5Attention

  init(_ configuration: T5Configuration, _ attention: T5Attention) {
    selfAttention = attention
    super.init(configuration)
  }

  override class var stateNames: [String: String] { ["selfAttention": "SelfAttention"] }

  override func bias(_ length: Int) throws(TorchError) -> Tensor { try selfAttention.bias(length) }

  fileprivate override func changed(_ x: Tensor, bias: Tensor, memory: Tensor?, seen: Tensor?) throws(TorchError) -> Tensor {
    try selfAttention(x, from: x, bias: bias)
  }
}

final class T5CrossAttention: T5Sublayer {
  private let crossAttention: T5Attention

  override init(_ configuration: T5Configuration) {
    crossAttention = T5Attention(configuration, isDecoder: true, hasBias: false)
    super.init(configuration)
  }

  override class var stateNames: [String: String] { ["crossAttention": "EncDecAttention"] }

  fileprivate override func changed(_ x: Tensor, bias: Tensor, memory: Tensor?, seen: Tensor?) throws(TorchError) -> Tensor {
    guard let memory else { return x }
    return try crossAttention(x, from: memory, bias: seen)
  }
}

final class T5FeedForward: T5Sublayer {
  private let denseReluDense: T5Dense

  override init(_ configuration: T5Configuration) {
    denseReluDense = T5Dense(configuration)
    super.init(configuration)
  }

  override class var stateNames: [String: String] { ["denseReluDense": "DenseReluDense"] }

  fileprivate override func changed(_ x: Tensor, bias: Tensor, memory: Tensor?, seen: Tensor?) throws(TorchError) -> Tensor {
    try denseReluDense(x)
  }
}

final class T5Dense: Module {
  private let wi: Linear?
  private let wi0: Linear?
  private let wi1: Linear?
  private let wo: Linear
  private let dropout: Dropout
  private let activation: NamedActivation

  init(_ configuration: T5Configuration) {
    func map() -> Linear { Linear(configuration.width, configuration.hidden, bias: false) }
    wi = configuration.isGated ? nil : map()
    wi0 = configuration.isGated ? map() : nil
    wi1 = configuration.isGated ? map() : nil
    wo = Linear(configuration.hidden, configuration.width, bias: false)
    dropout = Dropout(configuration.dropout, keyed: true)
    activation = configuration.activation
  }

  override class var stateNames: [String: String] { ["wi0": "wi_0", "wi1": "wi_1"] }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    var hidden = x
    if let wi {
      hidden = try activation(wi(x))
    } else if let wi0, let wi1 {
      hidden = try activation(wi0(x)) * wi1(x)
    }
    return try wo(dropout(hidden))
  }
}

/// Attention whose products are not scaled and get a learned number for each distance.
final class T5Attention: Module {
  private let q: Linear
  private let k: Linear
  private let v: Linear
  private let o: Linear
  private let relativeAttentionBias: Embedding?
  private let configuration: T5Configuration
  private let isDecoder: Bool

  init(_ configuration: T5Configuration, isDecoder: Bool, hasBias: Bool) {
    let inner = configuration.heads * configuration.headDimension
    q = Linear(configuration.width, inner, bias: false)
    k = Linear(configuration.width, inner, bias: false)
    v = Linear(configuration.width, inner, bias: false)
    o = Linear(inner, configuration.width, bias: false)
    relativeAttentionBias = hasBias ? Embedding(configuration.buckets, configuration.heads) : nil
    self.configuration = configuration
    self.isDecoder = isDecoder
  }

  func bias(_ length: Int) throws(TorchError) -> Tensor {
    guard let relativeAttentionBias else { return try Tensor.zeros([1, configuration.heads, length, length]) }
    let device = try relativeAttentionBias.weight.value.device
    let buckets = (0..<length).flatMap { query in (0..<length).map { Int64(configuration.bucket($0 - query, isDecoder: isDecoder)) } }
    return try relativeAttentionBias(Tensor(buckets, shape: [length, length], device: device)).permute([2, 0, 1]).unsqueeze(0)
  }

  func callAsFunction(_ x: Tensor, from source: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
    try observed([x, source]) { (inputs) throws(TorchError) in
      let (heads, size) = (configuration.heads, configuration.headDimension)
      let attended = try scaledDotProductAttention(
        q(inputs[0]).split(heads: heads, size: size), k(inputs[1]).split(heads: heads, size: size),
        v(inputs[1]).split(heads: heads, size: size), mask: bias, dropout: isTraining ? configuration.dropout : 0, scale: 1)
      return [try o(attended.joinedHeads())]
    }[0]
  }
}

extension T5Configuration {
  /// The number of a distance between two tokens (the key's place less the query's): small ones have one each, larger ones share them by
  /// their logarithm.
  package func bucket(_ distance: Int, isDecoder: Bool) -> Int {
    let count = isDecoder ? buckets : buckets / 2
    let offset = !isDecoder && distance > 0 ? count : 0
    let far = isDecoder ? max(0, -distance) : abs(distance)
    let exact = count / 2
    if far < exact { return offset + far }
    // In single precision, as those who trained the model computed it.
    let share = Float(log(Double(Float(far) / Float(exact)))) / Float(log(Double(maxDistance) / Double(exact)))
    return offset + min(count - 1, exact + Int(share * Float(count - exact)))
  }
}
