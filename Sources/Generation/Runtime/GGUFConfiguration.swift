import Foundation
public import MartletCore
public import Models

extension LlamaConfiguration {
  /// The settings of a model of the Llama family in a GGUF file.
  /// - Throws: `FileError` that names the entry that is missing or wrong.
  public init(gguf file: GGUFFile) throws(FileError) {
    self.init()
    let known = ["llama", "qwen2", "qwen3"]
    guard let architecture = file.metadata["general.architecture"]?.stringValue, known.contains(architecture) else {
      let name = file.metadata["general.architecture"]?.stringValue
      throw FileError(
        path: file.path, problem: name.map { "holds a model of architecture '\($0)'" } ?? "names no architecture",
        expected: known.joined(separator: ", "))
    }
    func number(_ key: String, _ standard: Double?) throws(FileError) -> Double {
      let name = "\(architecture).\(key)"
      guard let value = file.metadata[name] else {
        if let standard { return standard }
        throw FileError(path: file.path, problem: "has no '\(name)'", remedy: "convert the model again")
      }
      guard let number = value.doubleValue, number.isFinite, number >= 0 else {
        throw FileError(path: file.path, problem: "'\(name)' is no number of 0 or more")
      }
      return number
    }
    func whole(_ key: String, _ standard: Int? = nil, _ range: ClosedRange<Int> = 1...(1 << 31)) throws(FileError) -> Int {
      let value = try number(key, standard.map(Double.init))
      guard let result = Int(exactly: value), range.contains(result) else {
        throw FileError(
          path: file.path, problem: "'\(architecture).\(key)' is \(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
      }
      return result
    }
    width = try whole("embedding_length")
    hidden = try whole("feed_forward_length")
    layers = try whole("block_count", nil, 1...10_000)
    heads = try whole("attention.head_count", nil, 1...65_536)
    keyValueHeads = try whole("attention.head_count_kv", heads, 1...65_536)
    guard heads % keyValueHeads == 0 else {
      throw FileError(path: file.path, problem: "\(keyValueHeads) heads of key and value do not divide \(heads) heads")
    }
    headDimension = try whole("attention.key_length", width / heads, 1...65_536)
    maxPositions = try whole("context_length", 2048)
    eps = try number("attention.layer_norm_rms_epsilon", 1e-6)
    guard let tokens = file.info("token_embd.weight"), tokens.shape.count == 2 else {
      throw FileError(path: file.path, problem: "has no matrix 'token_embd.weight'")
    }
    vocabulary = tokens.shape[0]
    hasInputBias = file.info("blk.0.attn_q.bias") != nil
    hasOutputBias = file.info("blk.0.attn_output.bias") != nil
    hasFeedForwardBias = file.info("blk.0.ffn_down.bias") != nil
    normalizesHeads = file.info("blk.0.attn_q_norm.weight") != nil
    let window = try whole("attention.sliding_window", 0, 0...(1 << 31))
    windows = Array(repeating: window == 0 ? nil : window, count: layers)
    padding = nil
    let dimension = try whole("rope.dimension_count", headDimension, 2...65_536)
    rotary = RotaryScaling(theta: try number("rope.freq_base", 10_000), dimension: dimension, maxPositions: maxPositions)
    rotary.method = try Self.method(file, architecture, dimension: dimension, maxPositions: maxPositions, number)
  }

  private static func method(
    _ file: GGUFFile, _ architecture: String, dimension: Int, maxPositions: Int,
    _ number: (String, Double?) throws(FileError) -> Double
  ) throws(FileError) -> RotaryScaling.Method {
    if file.info("rope_freqs.weight") != nil {
      // Llama 3.1: the file holds the factor of every angle.
      guard let factors = try? file.floats("rope_freqs.weight").values(as: Float.self), factors.count == dimension / 2,
        factors.allSatisfy({ $0 > 0 })
      else { throw FileError(path: file.path, problem: "'rope_freqs.weight' is no list of \(dimension / 2) numbers above zero") }
      let list = factors.map(Double.init)
      return .long(short: list, long: list, attention: 1, original: maxPositions)
    }
    let name = file.metadata["\(architecture).rope.scaling.type"]?.stringValue ?? "none"
    let original = Int(try number("rope.scaling.original_context_length", Double(maxPositions)))
    switch name {
    case "none": return .plain
    case "linear": return .linear(factor: max(try number("rope.scaling.factor", 1), 1e-3))
    case "yarn":
      let factor = max(try number("rope.scaling.factor", 1), 1e-3)
      let attention = factor <= 1 ? 1 : 0.1 * log(factor) + 1
      return .yarn(
        factor: factor, attention: attention, fast: try number("rope.scaling.yarn_beta_fast", 32),
        slow: try number("rope.scaling.yarn_beta_slow", 1), original: max(original, 1), truncates: true)
    default:
      throw FileError(path: file.path, problem: "rotary positions are scaled by '\(name)'", expected: "none, linear or yarn")
    }
  }
}
