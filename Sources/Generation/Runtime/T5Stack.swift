import CGeneration
import Models
import Torch

extension DecoderModel {
  /// Takes tensors under transformers' names (`shared.weight`, `encoder.block.0.layer.0.SelfAttention.q.weight` …).
  convenience init(t5 own: T5Configuration, state: [(name: String, tensor: Tensor)], format: WeightFormat) throws {
    let source = StateSource(state, source: "the state")
    func configuration(_ layers: Int) -> DecoderConfiguration {
      // Distances have no end; a limit there must be.
      DecoderConfiguration(
        vocabulary: own.vocabulary, width: own.width, hidden: own.hidden, layers: layers, heads: own.heads,
        headDimension: own.headDimension, maxPositions: 4096, decoderStart: own.decoderStart)
    }
    func stack(_ name: String, isDecoder: Bool, embedding shared: PackedMatrix?) throws -> (DecoderStack, PackedMatrix) {
      let configuration = configuration(isDecoder ? own.decoderLayers : own.layers)
      var builder = DecoderBuilder(source, format, width: own.width, headSize: own.headDimension)
      let layers = try (0..<configuration.layers).map { try builder.t5Layer("\(name).block.\($0).layer.", own, isDecoder: isDecoder) }
      let embedding = try shared.map { builder.share($0) } ?? builder.table("shared.weight", own.vocabulary)
      var decoder = try builder.head(configuration, activation: own.activation)
      if isDecoder {
        let isTied = try source.sharesMemory("lm_head.weight", "shared.weight")
        decoder.head = isTied ? embedding.raw : try builder.table("lm_head.weight", own.vocabulary).raw
      }
      let scale: Float = isDecoder && own.scalesOutput ? 1 / Float(own.width).squareRoot() : 1
      decoder.norm = builder.keep(try builder.values("\(name).final_layer_norm.weight", own.width).map { $0 * scale })
      decoder.distances = Int64(own.maxDistance + 1)
      decoder.distanceBias = builder.keep(try builder.t5Distances(name, own, isDecoder: isDecoder))
      decoder.attentionScale = 1
      decoder.epsilon = Float(own.eps)
      decoder.gated = own.isGated ? 1 : 0
      decoder.seesAll = isDecoder ? 0 : 1
      decoder.embedding = embedding.raw
      return (DecoderStack(decoder, layers, builder), embedding)
    }
    let (encoder, embedding) = try stack("encoder", isDecoder: false, embedding: nil)
    let (decoder, _) = try stack("decoder", isDecoder: true, embedding: embedding)
    self.init(configuration(own.decoderLayers), decoder: decoder, encoder: encoder)
  }
}

extension DecoderBuilder {
  fileprivate mutating func t5Layer(_ prefix: String, _ own: T5Configuration, isDecoder: Bool) throws -> DecoderStack.LayerParts {
    var layer = CGLayer()
    let attention = prefix + "0.SelfAttention."
    layer.queryKeyValue = try heads(["q", "k", "v"].map { attention + $0 + ".weight" }, [own.heads, own.heads, own.heads]).raw
    layer.attentionOutput = try joined(attention + "o.weight", heads: own.heads).raw
    layer.attentionNorm = try vector(prefix + "0.layer_norm.weight", own.width)
    let last = prefix + (isDecoder ? "2." : "1.")
    layer.feedForwardNorm = try vector(last + "layer_norm.weight", own.width)
    let dense = last + "DenseReluDense."
    layer.gateUp =
      own.isGated
      ? try gated([dense + "wi_0.weight", dense + "wi_1.weight"], hidden: own.hidden, biases: nil).0.raw
      : try matrix([dense + "wi.weight"], [own.hidden], own.width).raw
    layer.down = try matrix([dense + "wo.weight"], [own.width], own.hidden).raw
    guard isDecoder else { return .init(layer: layer) }
    var cross = CGCross()
    let names = prefix + "1.EncDecAttention."
    cross.query = try heads([names + "q.weight"], [own.heads]).raw
    cross.keyValue = try heads([names + "k.weight", names + "v.weight"], [own.heads, own.heads]).raw
    cross.output = try joined(names + "o.weight", heads: own.heads).raw
    cross.norm = try vector(prefix + "1.layer_norm.weight", own.width)
    return .init(layer: layer, cross: cross)
  }

  /// What distances mean, `[heads][distances]`: to those before, for an encoder to those behind and ahead.
  fileprivate func t5Distances(_ stack: String, _ own: T5Configuration, isDecoder: Bool) throws -> [Float] {
    let name = "\(stack).block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    try check(name, [own.buckets, own.heads])
    let table = try source.floats(name)
    let distances = isDecoder ? Array((-own.maxDistance...0).reversed()) : Array(-own.maxDistance...own.maxDistance)
    return (0..<own.heads).flatMap { head in
      distances.map { table[own.bucket($0, isDecoder: isDecoder) * own.heads + head] }
    }
  }
}
