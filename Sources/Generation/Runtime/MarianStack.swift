import CGeneration
import Models
import Torch

extension DecoderModel {
  /// Takes tensors under transformers' names (`model.shared.weight`, `model.encoder.layers.0.self_attn.q_proj.weight` …).
  convenience init(marian own: MarianConfiguration, state: [(name: String, tensor: Tensor)], format: WeightFormat) throws {
    let source = StateSource(state, source: "the state")
    let vocabulary = own.sharesTables ? own.vocabulary : own.decoderVocabulary
    func configuration(_ side: MarianConfiguration.Side) -> DecoderConfiguration {
      DecoderConfiguration(
        vocabulary: vocabulary, sourceVocabulary: own.vocabulary, width: own.width, hidden: side.hidden, layers: side.layers,
        heads: side.heads, headDimension: own.width / side.heads, maxPositions: own.maxPositions, decoderStart: own.decoderStart)
    }
    func stack(
      _ name: String, _ side: MarianConfiguration.Side, isDecoder: Bool, embedding shared: PackedMatrix?
    ) throws -> (DecoderStack, PackedMatrix) {
      let configuration = configuration(side)
      var builder = DecoderBuilder(source, format, width: own.width, headSize: configuration.headDimension)
      let layers = try (0..<side.layers).map { try builder.marianLayer("model.\(name).layers.\($0).", side, isDecoder: isDecoder) }
      let table = own.sharesTables ? "model.shared.weight" : "model.\(name).embed_tokens.weight"
      let embedding = try shared.map { builder.share($0) } ?? builder.table(table, isDecoder ? vocabulary : own.vocabulary)
      var decoder = try builder.head(configuration, activation: own.activation)
      if isDecoder {
        decoder.head = try source.sharesMemory("lm_head.weight", table) ? embedding.raw : builder.table("lm_head.weight", vocabulary).raw
        try builder.check("final_logits_bias", [1, vocabulary])
        decoder.headBias = builder.keep(try source.floats("final_logits_bias"))
      }
      decoder.positions = builder.keep(SinusoidalPositions.values(own.maxPositions, own.width))
      decoder.embeddingScale = own.scalesEmbedding ? Float(own.width).squareRoot() : 1
      decoder.epsilon = 1e-5
      decoder.centred = 1
      decoder.normsBehind = 1
      decoder.seesAll = isDecoder ? 0 : 1
      decoder.embedding = embedding.raw
      return (DecoderStack(decoder, layers, builder), embedding)
    }
    let (encoder, embedding) = try stack("encoder", own.encoder, isDecoder: false, embedding: nil)
    let (decoder, _) = try stack("decoder", own.decoder, isDecoder: true, embedding: own.sharesTables ? embedding : nil)
    self.init(configuration(own.decoder), decoder: decoder, encoder: encoder)
  }
}

extension DecoderBuilder {
  fileprivate mutating func marianLayer(
    _ prefix: String, _ side: MarianConfiguration.Side, isDecoder: Bool
  ) throws -> DecoderStack.LayerParts {
    var layer = CGLayer()
    let inputs = ["q_proj", "k_proj", "v_proj"]
    func names(_ attention: String, _ parts: [String], _ ending: String) -> [String] {
      parts.map { "\(prefix)\(attention).\($0).\(ending)" }
    }
    let three = [side.heads, side.heads, side.heads]
    layer.queryKeyValue = try heads(names("self_attn", inputs, "weight"), three).raw
    layer.queryKeyValueBias = try headBiases(names("self_attn", inputs, "bias"), three)
    layer.attentionOutput = try joined(prefix + "self_attn.out_proj.weight", heads: side.heads).raw
    layer.outputBias = try vector(prefix + "self_attn.out_proj.bias", width)
    layer.attentionNorm = try vector(prefix + "self_attn_layer_norm.weight", width)
    layer.attentionNormBias = try vector(prefix + "self_attn_layer_norm.bias", width)
    layer.gateUp = try matrix([prefix + "fc1.weight"], [side.hidden], width).raw
    layer.gateUpBias = try vector(prefix + "fc1.bias", side.hidden)
    layer.down = try matrix([prefix + "fc2.weight"], [width], side.hidden).raw
    layer.downBias = try vector(prefix + "fc2.bias", width)
    layer.feedForwardNorm = try vector(prefix + "final_layer_norm.weight", width)
    layer.feedForwardNormBias = try vector(prefix + "final_layer_norm.bias", width)
    guard isDecoder else { return .init(layer: layer) }
    var cross = CGCross()
    cross.query = try heads(names("encoder_attn", ["q_proj"], "weight"), [side.heads]).raw
    cross.queryBias = try headBiases(names("encoder_attn", ["q_proj"], "bias"), [side.heads])
    cross.keyValue = try heads(names("encoder_attn", ["k_proj", "v_proj"], "weight"), [side.heads, side.heads]).raw
    cross.keyValueBias = try headBiases(names("encoder_attn", ["k_proj", "v_proj"], "bias"), [side.heads, side.heads])
    cross.output = try joined(prefix + "encoder_attn.out_proj.weight", heads: side.heads).raw
    cross.outputBias = try vector(prefix + "encoder_attn.out_proj.bias", width)
    cross.norm = try vector(prefix + "encoder_attn_layer_norm.weight", width)
    cross.normBias = try vector(prefix + "encoder_attn_layer_norm.bias", width)
    return .init(layer: layer, cross: cross)
  }
}
