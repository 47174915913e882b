import CGeneration
import Models

extension DecoderStack {
  /// A decoder of the Llama family: Llama, SmolLM, Qwen2, Qwen3, Mistral.
  static func llama(
    _ configuration: LlamaConfiguration, _ source: any WeightSource, format: WeightFormat?
  ) throws -> DecoderStack {
    guard configuration.headDimension % 16 == 0 else {
      throw GenerationError(
        .model, "\(source.source): heads of \(configuration.headDimension) numbers", expected: "heads of a multiple of 16")
    }
    var builder = DecoderBuilder(source, format, width: configuration.width, headSize: configuration.headDimension)
    let layers = try (0..<configuration.layers).map { DecoderStack.LayerParts(layer: try llamaLayer($0, configuration, &builder)) }
    let embedding = try builder.matrix(["model.embed_tokens.weight"], [configuration.vocabulary], configuration.width)
    var head = embedding
    if source.shape("lm_head.weight") != nil {
      head = try builder.matrix(["lm_head.weight"], [configuration.vocabulary], configuration.width)
    }
    let (angles, scale) = configuration.rotary.frequencies(length: configuration.maxPositions)
    let norm = try builder.vector("model.norm.weight", configuration.width)
    let frequencies = builder.keep(angles)
    var decoder = try builder.head(DecoderConfiguration(configuration), activation: configuration.activation)
    decoder.rotary = Int64(configuration.rotary.dimension)
    decoder.rotaryScale = Float(scale)
    decoder.inverseFrequencies = frequencies
    decoder.epsilon = Float(configuration.eps)
    decoder.gated = 1
    decoder.embedding = embedding.raw
    decoder.head = head.raw
    decoder.norm = norm
    return DecoderStack(decoder, layers, builder)
  }

  private static func llamaLayer(
    _ index: Int, _ configuration: LlamaConfiguration, _ builder: inout DecoderBuilder
  ) throws -> CGLayer {
    let prefix = "model.layers.\(index)."
    let (width, size) = (configuration.width, configuration.headDimension)
    let counts = [configuration.heads, configuration.keyValueHeads, configuration.keyValueHeads]
    let inputs = ["q_proj", "k_proj", "v_proj"].map { prefix + "self_attn.\($0)" }
    let maps = [prefix + "mlp.gate_proj", prefix + "mlp.up_proj"]
    let queryKeyValue = try builder.heads(inputs.map { $0 + ".weight" }, counts)
    let output = try builder.joined(prefix + "self_attn.o_proj.weight", heads: configuration.heads)
    let (gateUp, gateUpBias) = try builder.gated(
      maps.map { $0 + ".weight" }, hidden: configuration.hidden,
      biases: configuration.hasFeedForwardBias ? maps.map { $0 + ".bias" } : nil)
    let down = try builder.matrix([prefix + "mlp.down_proj.weight"], [width], configuration.hidden)
    var layer = CGLayer()
    layer.queryKeyValue = queryKeyValue.raw
    layer.attentionOutput = output.raw
    layer.gateUp = gateUp.raw
    layer.down = down.raw
    layer.attentionNorm = try builder.vector(prefix + "input_layernorm.weight", width)
    layer.feedForwardNorm = try builder.vector(prefix + "post_attention_layernorm.weight", width)
    if configuration.hasInputBias {
      for (input, count) in zip(inputs, counts) { try builder.check(input + ".bias", [count * size]) }
      layer.queryKeyValueBias = try builder.headBiases(inputs.map { $0 + ".bias" }, counts)
    }
    if configuration.hasOutputBias { layer.outputBias = try builder.vector(prefix + "self_attn.o_proj.bias", width) }
    layer.gateUpBias = gateUpBias
    if configuration.hasFeedForwardBias { layer.downBias = try builder.vector(prefix + "mlp.down_proj.bias", width) }
    if configuration.normalizesHeads {
      layer.queryNorm = try builder.vector(prefix + "self_attn.q_norm.weight", size)
      layer.keyNorm = try builder.vector(prefix + "self_attn.k_norm.weight", size)
    }
    layer.window = Int64(configuration.windows.indices.contains(index) ? configuration.windows[index] ?? 0 : 0)
    return layer
  }
}
