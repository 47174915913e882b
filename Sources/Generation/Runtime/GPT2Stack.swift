import CGeneration
import Models
import Torch

extension DecoderModel {
  /// Takes tensors under transformers' names (`transformer.h.0.attn.c_attn.weight` …, `lm_head.weight`).
  convenience init(gpt2 own: GPT2Configuration, state: [(name: String, tensor: Tensor)], format: WeightFormat) throws {
    let hidden = own.hidden ?? 4 * own.width
    let configuration = DecoderConfiguration(
      vocabulary: own.vocabulary, width: own.width, hidden: hidden, layers: own.layers, heads: own.heads,
      headDimension: own.width / own.heads, maxPositions: own.maxPositions)
    guard own.scalesAttention, !own.scalesByLayer else {
      throw GenerationError(.model, "a GPT-2 whose attention is scaled in another way", expected: "by the square root of a head's size")
    }
    // The file's maps lie the other way round.
    let turned = try state.map { entry in
      let isMap = ["c_attn.weight", "c_proj.weight", "c_fc.weight"].contains { entry.name.hasSuffix($0) }
      return (name: entry.name, tensor: isMap ? try entry.tensor.t().contiguous() : entry.tensor)
    }
    let source = StateSource(turned, source: "the state")
    var builder = DecoderBuilder(source, format, width: own.width, headSize: configuration.headDimension)
    var layers: [DecoderStack.LayerParts] = []
    for index in 0..<own.layers {
      let names = "transformer.h.\(index)."
      var layer = CGLayer()
      // Query, key and value are one map already.
      layer.queryKeyValue = try builder.heads([names + "attn.c_attn.weight"], [3 * own.heads]).raw
      layer.queryKeyValueBias = try builder.headBiases([names + "attn.c_attn.bias"], [3 * own.heads])
      layer.attentionOutput = try builder.joined(names + "attn.c_proj.weight", heads: own.heads).raw
      layer.outputBias = try builder.vector(names + "attn.c_proj.bias", own.width)
      layer.attentionNorm = try builder.vector(names + "ln_1.weight", own.width)
      layer.attentionNormBias = try builder.vector(names + "ln_1.bias", own.width)
      layer.feedForwardNorm = try builder.vector(names + "ln_2.weight", own.width)
      layer.feedForwardNormBias = try builder.vector(names + "ln_2.bias", own.width)
      layer.gateUp = try builder.matrix([names + "mlp.c_fc.weight"], [hidden], own.width).raw
      layer.gateUpBias = try builder.vector(names + "mlp.c_fc.bias", hidden)
      layer.down = try builder.matrix([names + "mlp.c_proj.weight"], [own.width], hidden).raw
      layer.downBias = try builder.vector(names + "mlp.c_proj.bias", own.width)
      layers.append(.init(layer: layer))
    }
    let embedding = try builder.table("transformer.wte.weight", own.vocabulary)
    let head =
      try source.sharesMemory("lm_head.weight", "transformer.wte.weight") ? embedding : builder.table("lm_head.weight", own.vocabulary)
    try builder.check("transformer.wpe.weight", [own.maxPositions, own.width])
    var decoder = try builder.head(configuration, activation: own.activation)
    decoder.positions = builder.keep(try source.floats("transformer.wpe.weight"))
    decoder.epsilon = Float(own.eps)
    decoder.centred = 1
    decoder.embedding = embedding.raw
    decoder.head = head.raw
    decoder.norm = try builder.vector("transformer.ln_f.weight", own.width)
    decoder.normBias = try builder.vector("transformer.ln_f.bias", own.width)
    self.init(configuration, decoder: DecoderStack(decoder, layers, builder), encoder: nil)
  }
}
