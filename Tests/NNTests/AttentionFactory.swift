import MartletCore
import NN
import Torch

extension LayerCase {
  func attention(_ c: Config) -> Subject? {
    switch layer {
    case "StochasticDepth": return Subject(StochasticDepth(c.double("p"), mode: StochasticDepthMode(rawValue: c.string("mode")) ?? .row))
    case "RMSNorm":
      return Subject(RMSNorm(c.ints("shape") ?? [], eps: config["eps"]?.doubleValue, affine: c.bool("affine", true)))
    case "LayerNorm2d": return Subject(LayerNorm2d(c.int("channels"), eps: c.double("eps", 1e-5)))
    case "MultiheadAttention": return multihead(c)
    case "GroupedQueryAttention":
      let attention = GroupedQueryAttention(
        c.int("dimension"), heads: c.int("heads"), keyValueHeads: c.int("keyValueHeads"), headDimension: config["headDimension"]?.intValue,
        bias: c.bool("bias", false), isCausal: c.bool("causal", false))
      return Subject(attention) { attention, inputs in [try attention(inputs("query"), mask: inputs["mask"])] }
    case "scaledDotProductAttention":
      return Subject(Stateless()) { _, inputs in
        [
          try scaledDotProductAttention(
            inputs("query"), inputs("key"), inputs("value"), mask: inputs["mask"], isCausal: c.bool("causal", false),
            scale: config["scale"]?.doubleValue)
        ]
      }
    default: return nil
    }
  }

  private func multihead(_ c: Config) -> Subject {
    let attention = MultiheadAttention(
      c.int("dimension"), heads: c.int("heads"), dropout: c.double("dropout"), bias: c.bool("bias", true),
      addBiasKV: c.bool("addBiasKV", false), addZeroAttention: c.bool("addZeroAttention", false),
      keyDimension: config["keyDimension"]?.intValue, valueDimension: config["valueDimension"]?.intValue,
      batchFirst: c.bool("batchFirst", true))
    let causal = c.bool("causal", false), weights = c.string("weights")
    return Subject(attention) { attention, inputs in
      let query = try inputs("query"), key = inputs["key"] ?? query, value = inputs["value"] ?? query
      let mask = inputs["maskAttention"], padding = inputs["maskPadding"]
      if weights.isEmpty { return [try attention(query, key, value, mask: mask, keyPaddingMask: padding, isCausal: causal)] }
      let result = try attention.withWeights(
        query, key, value, mask: mask, keyPaddingMask: padding, isCausal: causal, averageWeights: weights == "average")
      return [result.output, result.weights]
    }
  }
}
