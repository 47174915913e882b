public import MartletCore

/// The size of a model that is made from scratch, as the configuration that Hugging Face's files have.
public struct NewTextModel: Sendable, Hashable, Codable {
  /// What it is built like.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Llama's decoder, with the table of tokens at both ends.
    case decoder
    /// BERT's encoder.
    case encoder
    /// Marian's encoder and decoder.
    case encoderDecoder = "encoder-decoder"
  }

  public var kind: Kind
  public var layers: Int
  public var width: Int
  public var heads: Int
  /// The width inside the blocks; `nil` for what is usual.
  public var hidden: Int?
  /// The tokens that it can read.
  public var context: Int
  public var dropout: Double

  public init(_ kind: Kind, layers: Int, width: Int, heads: Int, hidden: Int? = nil, context: Int, dropout: Double = 0.1) {
    self.kind = kind
    self.layers = layers
    self.width = width
    self.heads = heads
    self.hidden = hidden
    self.context = context
    self.dropout = dropout
  }

  /// `config.json` for a tokenizer of `TextTokenizers`.
  /// - Throws: `ArgumentError` where the heads do not divide the width, or leave a decoder heads that generation does not know.
  public func configuration(vocabulary: Int) throws(ArgumentError) -> JSONValue {
    guard width % heads == 0 else {
      throw ArgumentError("model: \(heads) heads do not divide the width \(width)", expected: "a width that is a multiple of the heads")
    }
    switch kind {
    case .decoder:
      guard width / heads % 16 == 0 else {
        throw ArgumentError(
          "model: \(heads) heads of \(width / heads) numbers each", expected: "a multiple of 16, which generation needs",
          remedy: "a width of \(heads * max(16, (width / heads + 15) / 16 * 16))")
      }
      // Three matrices instead of two: two thirds of the usual fourfold width.
      let inside = hidden ?? (width * 8 / 3 + 31) / 32 * 32
      return [
        "model_type": "llama", "vocab_size": .int(vocabulary), "hidden_size": .int(width), "intermediate_size": .int(inside),
        "num_hidden_layers": .int(layers), "num_attention_heads": .int(heads), "num_key_value_heads": .int(heads),
        "max_position_embeddings": .int(context), "rms_norm_eps": 1e-5, "rope_theta": 10_000.0, "hidden_act": "silu",
        "tie_word_embeddings": true, "initializer_range": 0.02, "attention_bias": false, "mlp_bias": false,
        "pad_token_id": .int(TextTokenizers.padding), "bos_token_id": .int(TextTokenizers.end), "eos_token_id": .int(TextTokenizers.end),
      ]
    case .encoder:
      return [
        "model_type": "bert", "vocab_size": .int(vocabulary), "hidden_size": .int(width), "intermediate_size": .int(hidden ?? 4 * width),
        "num_hidden_layers": .int(layers), "num_attention_heads": .int(heads), "max_position_embeddings": .int(context),
        "type_vocab_size": 2, "hidden_act": "gelu", "hidden_dropout_prob": .double(dropout), "attention_probs_dropout_prob": 0.0,
        "layer_norm_eps": 1e-12, "initializer_range": 0.02, "pad_token_id": .int(TextTokenizers.padding),
      ]
    case .encoderDecoder:
      let inside = JSONValue.int(hidden ?? 4 * width), count = JSONValue.int(layers), headCount = JSONValue.int(heads)
      return [
        "model_type": "marian", "vocab_size": .int(vocabulary), "decoder_vocab_size": .int(vocabulary), "d_model": .int(width),
        "encoder_layers": count, "decoder_layers": count, "encoder_attention_heads": headCount, "decoder_attention_heads": headCount,
        "encoder_ffn_dim": inside, "decoder_ffn_dim": inside, "max_position_embeddings": .int(context), "dropout": .double(dropout),
        "attention_dropout": 0.0, "activation_dropout": 0.0, "activation_function": "swish", "init_std": 0.02, "scale_embedding": true,
        "share_encoder_decoder_embeddings": true, "pad_token_id": .int(TextTokenizers.padding), "eos_token_id": .int(TextTokenizers.end),
        "decoder_start_token_id": .int(TextTokenizers.padding),
      ]
    }
  }
}
