import MartletCore
public import Torch

/// The names that transformers gives to the tensors of a GGUF file.
public enum GGUFNames {
  private static let whole = [
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
  ]
  private static let parts = [
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
  ]

  /// `blk.3.attn_q.weight` is `model.layers.3.self_attn.q_proj.weight`; `nil` for names that a decoder of the Llama family lacks
  /// (`rope_freqs.weight`: a table, not a weight).
  public static func transformers(_ name: String) -> String? {
    if let known = whole[name] { return known }
    let pieces = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard pieces.count == 4, pieces[0] == "blk", let layer = Int(pieces[1]), let part = parts[pieces[2]] else { return nil }
    return "model.layers.\(layer).\(part).\(pieces[3])"
  }

  /// The row of the file that holds row `row` of transformers' query or key projection.
  ///
  /// Files of the `llama` architecture keep the two numbers that a rotation turns side by side; transformers keeps them half a head apart.
  public static func rotatedRow(_ row: Int, headSize: Int) -> Int {
    let (head, index) = (row / headSize, row % headSize)
    let half = headSize / 2
    return head * headSize + (index < half ? 2 * index : 2 * (index - half) + 1)
  }
}

extension GGUFFile {
  /// True if queries and keys lie in the order that the `llama` architecture's files use.
  public var rotatesNeighbours: Bool { metadata["general.architecture"]?.stringValue == "llama" }

  /// The weights under transformers' names and in its order, as `float32`: what a model of the Llama family loads.
  /// - Throws: `FileError` for tensors that such a model lacks.
  public func state() throws -> [(name: String, tensor: Tensor)] {
    var result: [(name: String, tensor: Tensor)] = []
    for info in tensors where info.name != "rope_freqs.weight" {
      guard let name = GGUFNames.transformers(info.name) else {
        throw FileError(
          path: path, problem: "tensor '\(info.name)' is none of a Llama model", expected: "names such as 'blk.0.attn_q.weight'")
      }
      var tensor = try tensor(info.name)
      let queries = name.contains("self_attn.q_proj.")
      if rotatesNeighbours, queries || name.contains("self_attn.k_proj.") {
        let architecture = metadata["general.architecture"]?.stringValue ?? ""
        let heads = metadata["\(architecture).attention.head_count"]?.intValue ?? 0
        let own = queries ? heads : metadata["\(architecture).attention.head_count_kv"]?.intValue ?? heads
        guard own > 0, info.shape[0] % (2 * own) == 0 else {
          throw FileError(path: path, problem: "tensor '\(info.name)' of \(info.shape[0]) rows does not divide into \(own) heads")
        }
        let rows = (0..<info.shape[0]).map { GGUFNames.rotatedRow($0, headSize: info.shape[0] / own) }
        tensor = try tensor.indexSelect(dim: 0, Tensor(rows))
      }
      result.append((name, tensor))
    }
    return result
  }
}
