import MartletCore
import NN
import Torch

extension LayerCase {
  func transformer(_ c: Config) throws -> Subject? {
    let causal = c.bool("causal", false)
    switch layer {
    case "TransformerEncoderLayer":
      return Subject(encoderLayer(c)) { [try $0($1("input"), masks($1, causal))] }
    case "TransformerEncoder":
      let encoder = encoder(c)
      return Subject(encoder) { [try $0($1("input"), masks($1, causal))] }
    case "TransformerDecoderLayer":
      return Subject(decoderLayer(c)) { layer, inputs in
        [try layer(inputs("input"), memory: inputs("memory"), masks(inputs, causal, padding: false), memoryMasks: memoryMasks(inputs))]
      }
    case "TransformerDecoder":
      let norm = c.bool("norm", false) ? LayerNorm(c.int("dimension")) : nil
      let decoder = TransformerDecoder(layers: c.int("layers"), norm: norm) { decoderLayer(c) }
      return Subject(decoder) { decoder, inputs in
        [try decoder(inputs("input"), memory: inputs("memory"), masks(inputs, causal, padding: false), memoryMasks: memoryMasks(inputs))]
      }
    case "Transformer":
      let transformer = Transformer(
        c.int("dimension"), heads: c.int("heads"), encoderLayers: c.int("encoderLayers"), decoderLayers: c.int("decoderLayers"),
        feedForward: c.int("feedForward"), dropout: c.double("dropout"),
        activation: TransformerActivation(rawValue: c.string("activation", "relu")) ?? .relu, normFirst: c.bool("normFirst", false))
      return Subject(transformer) { [try $0($1("source"), $1("target"), targetMasks: causal ? .causal : .none)] }
    default: return nil
    }
  }

  private func masks(_ inputs: Inputs, _ causal: Bool, padding: Bool = true) -> AttentionMasks {
    AttentionMasks(mask: inputs["mask"], keyPaddingMask: padding ? inputs["maskPadding"] : nil, isCausal: causal)
  }

  private func memoryMasks(_ inputs: Inputs) -> AttentionMasks {
    AttentionMasks(mask: inputs["maskMemory"], keyPaddingMask: inputs["maskPadding"])
  }

  private func encoderLayer(_ c: Config) -> TransformerEncoderLayer {
    TransformerEncoderLayer(
      c.int("dimension"), heads: c.int("heads"), feedForward: c.int("feedForward"), dropout: c.double("dropout"),
      activation: TransformerActivation(rawValue: c.string("activation", "relu")) ?? .relu, eps: c.double("eps", 1e-5),
      normFirst: c.bool("normFirst", false), bias: c.bool("bias", true), batchFirst: c.bool("batchFirst", true))
  }

  private func decoderLayer(_ c: Config) -> TransformerDecoderLayer {
    TransformerDecoderLayer(
      c.int("dimension"), heads: c.int("heads"), feedForward: c.int("feedForward"), dropout: c.double("dropout"),
      activation: TransformerActivation(rawValue: c.string("activation", "relu")) ?? .relu, eps: c.double("eps", 1e-5),
      normFirst: c.bool("normFirst", false), bias: c.bool("bias", true), batchFirst: c.bool("batchFirst", true))
  }

  private func encoder(_ c: Config) -> TransformerEncoder {
    TransformerEncoder(layers: c.int("layers"), norm: c.bool("norm", false) ? LayerNorm(c.int("dimension")) : nil) { encoderLayer(c) }
  }
}
