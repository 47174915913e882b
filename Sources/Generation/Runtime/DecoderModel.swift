import CGeneration
import MartletCore
public import Models
import NN
public import Torch

/// A model of the Llama family with its weights packed for generation: Llama, SmolLM, Qwen2, Qwen3, Mistral.
///
/// Read only, so any number of runtimes and engines may share one.
///
/// `@unchecked Sendable`: nothing changes after the initialiser.
public final class DecoderModel: @unchecked Sendable {
  public let configuration: LlamaConfiguration
  /// Bytes of the packed weights.
  public let bytes: Int
  /// Whether keys and values of past tokens are kept as float16 (with weights that are whole numbers) or as float32.
  public let keepsHalves: Bool
  let raw: UnsafeMutablePointer<CGDecoder>
  private let parts: DecoderParts

  /// Loads a GGUF file.
  /// - Parameters:
  ///   - format: `nil` keeps the file's own whole numbers wherever the kernels know them.
  /// - Throws: `FileError` or `GenerationError` naming what is missing or does not fit.
  public convenience init(gguf path: String, format: WeightFormat? = nil) throws { try self.init(GGUFFile(path: path), format: format) }

  /// Loads an open GGUF file.
  public convenience init(_ file: GGUFFile, format: WeightFormat? = nil) throws {
    let configuration = try LlamaConfiguration(gguf: file)
    let source = GGUFSource(file, heads: configuration.heads, keyValueHeads: configuration.keyValueHeads)
    try self.init(configuration, source, format: format)
  }

  /// Takes tensors under transformers' names (`model.layers.0.self_attn.q_proj.weight` …); without `lm_head.weight` the table of tokens
  /// serves both ends.
  public convenience init(
    _ configuration: LlamaConfiguration, state: [(name: String, tensor: Tensor)], format: WeightFormat = .float32
  ) throws {
    try self.init(configuration, StateSource(state, source: "the state"), format: format)
  }

  init(_ configuration: LlamaConfiguration, _ source: any WeightSource, format: WeightFormat?) throws {
    guard configuration.headDimension % 16 == 0, configuration.activation == .silu else {
      throw GenerationError(
        .model, "\(source.source): heads of \(configuration.headDimension) numbers and '\(configuration.activation)' activations",
        expected: "heads of a multiple of 16 and 'silu'")
    }
    self.configuration = configuration
    var builder = DecoderBuilder(configuration, source, format)
    let layers = UnsafeMutablePointer<CGLayer>.allocate(capacity: configuration.layers)
    do {
      for index in 0..<configuration.layers { (layers + index).initialize(to: try builder.layer(index)) }
      let embedding = try builder.matrix(["model.embed_tokens.weight"], [configuration.vocabulary], configuration.width)
      var head = embedding
      if source.shape("lm_head.weight") != nil {
        head = try builder.matrix(["lm_head.weight"], [configuration.vocabulary], configuration.width)
      }
      let norm = try builder.vector("model.norm.weight", configuration.width)
      let (angles, scale) = configuration.rotary.frequencies(length: configuration.maxPositions)
      let frequencies = builder.keep(angles)
      keepsHalves = builder.matrices.contains { $0.format == .int8 || $0.format == .int4 }
      raw = .allocate(capacity: 1)
      raw.initialize(
        to: CGDecoder(
          layerCount: Int64(configuration.layers), hidden: Int64(configuration.width), heads: Int64(configuration.heads),
          keyValueHeads: Int64(configuration.keyValueHeads), headSize: Int64(configuration.headDimension),
          feedForward: Int64(configuration.hidden), vocabulary: Int64(configuration.vocabulary),
          rotary: Int64(configuration.rotary.dimension),
          epsilon: Float(configuration.eps), attentionScale: Float(1 / Double(configuration.headDimension).squareRoot()),
          rotaryScale: Float(scale), halfCache: keepsHalves ? 1 : 0, inverseFrequencies: frequencies, layers: layers,
          embedding: embedding.raw, head: head.raw, norm: norm))
    } catch {
      layers.deallocate()
      throw error
    }
    bytes = builder.matrices.reduce(0) { $0 + $1.bytes }
    parts = DecoderParts(builder.matrices, builder.vectors, layers)
  }

  deinit { raw.deallocate() }

  /// Bytes that a page of keys and values takes: 16 tokens.
  public var pageBytes: Int { Int(cg_page_bytes(raw)) }

  /// The instructions that the kernels use on this machine: `avx512-vnni`, `avx2` or `plain`.
  public static var instructions: String { String(cString: cg_instructions()) }
}

/// What the C structures point to.
private final class DecoderParts {
  private let matrices: [PackedMatrix]
  private let vectors: [DecoderVector]
  private let layers: UnsafeMutablePointer<CGLayer>

  init(_ matrices: [PackedMatrix], _ vectors: [DecoderVector], _ layers: UnsafeMutablePointer<CGLayer>) {
    self.matrices = matrices
    self.vectors = vectors
    self.layers = layers
  }
  deinit { layers.deallocate() }
}

final class DecoderVector {
  let address: UnsafeMutablePointer<Float>
  init(_ values: [Float]) {
    address = .allocate(capacity: max(values.count, 1))
    address.initialize(from: values, count: values.count)
  }
  deinit { address.deallocate() }
}

/// Fuses and packs the weights of a decoder one by one.
struct DecoderBuilder {
  private let configuration: LlamaConfiguration
  private let source: any WeightSource
  private let format: WeightFormat?
  private(set) var matrices: [PackedMatrix] = []
  private(set) var vectors: [DecoderVector] = []

  init(_ configuration: LlamaConfiguration, _ source: any WeightSource, _ format: WeightFormat?) {
    self.configuration = configuration
    self.source = source
    self.format = format
  }

  mutating func layer(_ index: Int) throws -> CGLayer {
    let prefix = "model.layers.\(index)."
    let (width, size) = (configuration.width, configuration.headDimension)
    let inner = configuration.heads * size
    let outer = configuration.keyValueHeads * size
    let inputs = ["q_proj", "k_proj", "v_proj"].map { prefix + "self_attn.\($0)" }
    let queryKeyValue = try matrix(inputs.map { $0 + ".weight" }, [inner, outer, outer], width)
    let output = try matrix([prefix + "self_attn.o_proj.weight"], [width], inner)
    let (gateUp, gateUpBias) = try gateAndUp(prefix + "mlp.")
    let down = try matrix([prefix + "mlp.down_proj.weight"], [width], configuration.hidden)
    return CGLayer(
      queryKeyValue: queryKeyValue.raw, attentionOutput: output.raw, gateUp: gateUp.raw, down: down.raw,
      attentionNorm: try vector(prefix + "input_layernorm.weight", width),
      feedForwardNorm: try vector(prefix + "post_attention_layernorm.weight", width),
      queryKeyValueBias: configuration.hasInputBias
        ? keep(try values(inputs[0] + ".bias", inner) + values(inputs[1] + ".bias", outer) + values(inputs[2] + ".bias", outer)) : nil,
      outputBias: configuration.hasOutputBias ? try vector(prefix + "self_attn.o_proj.bias", width) : nil,
      gateUpBias: gateUpBias,
      downBias: configuration.hasFeedForwardBias ? try vector(prefix + "mlp.down_proj.bias", width) : nil,
      queryNorm: configuration.normalizesHeads ? try vector(prefix + "self_attn.q_norm.weight", size) : nil,
      keyNorm: configuration.normalizesHeads ? try vector(prefix + "self_attn.k_norm.weight", size) : nil,
      window: Int64(configuration.windows.indices.contains(index) ? configuration.windows[index] ?? 0 : 0))
  }

  /// Matrices of the same number of columns, one below the other.
  mutating func matrix(_ names: [String], _ rows: [Int], _ columns: Int) throws -> PackedMatrix {
    let matrix = try PackedMatrix(common(names), rows: rows.reduce(0, +), columns: columns)
    var first = 0
    for (name, count) in zip(names, rows) {
      try check(name, [count, columns])
      let start = first
      try source.pack(name, into: matrix) { start + $0 }
      first += count
    }
    matrices.append(matrix)
    return matrix
  }

  /// 16 rows of the gate, then the 16 rows that they let through, and so on.
  private mutating func gateAndUp(_ prefix: String) throws -> (PackedMatrix, UnsafePointer<Float>?) {
    let hidden = configuration.hidden
    let rows = (hidden + 15) / 16 * 32
    let names = [prefix + "gate_proj", prefix + "up_proj"]
    let matrix = try PackedMatrix(common(names.map { $0 + ".weight" }), rows: rows, columns: configuration.width)
    var bias = [Float](repeating: 0, count: rows)
    for (half, name) in names.enumerated() {
      try check(name + ".weight", [hidden, configuration.width])
      try source.pack(name + ".weight", into: matrix) { $0 / 16 * 32 + half * 16 + $0 % 16 }
      if configuration.hasFeedForwardBias {
        for (row, value) in try values(name + ".bias", hidden).enumerated() { bias[row / 16 * 32 + half * 16 + row % 16] = value }
      }
    }
    matrices.append(matrix)
    return (matrix, configuration.hasFeedForwardBias ? keep(bias) : nil)
  }

  mutating func vector(_ name: String, _ count: Int) throws -> UnsafePointer<Float> { keep(try values(name, count)) }

  mutating func keep(_ values: [Float]) -> UnsafePointer<Float> {
    let vector = DecoderVector(values)
    vectors.append(vector)
    return UnsafePointer(vector.address)
  }

  private func values(_ name: String, _ count: Int) throws -> [Float] {
    try check(name, [count])
    return try source.floats(name)
  }

  /// The format that was asked for, or the finest of those that the parts have.
  private func common(_ names: [String]) -> WeightFormat {
    if let format { return format }
    let formats = Set(names.map(source.natural))
    return [.float32, .bfloat16, .int8, .int4].first(where: formats.contains) ?? .float32
  }

  private func check(_ name: String, _ shape: [Int]) throws(GenerationError) {
    guard let found = source.shape(name) else {
      throw GenerationError(.model, "\(source.source) has no tensor '\(name)'", expected: "one of shape \(shape)")
    }
    guard found == shape else {
      throw GenerationError(.model, "\(source.source): tensor '\(name)' has shape \(found)", expected: "\(shape)")
    }
  }
}

extension DecoderModel {
  /// Loads a folder as Hugging Face has them: `config.json` and safetensors.
  /// - Throws: `ModelError`, `FileError` or `GenerationError` naming what is missing or does not fit.
  public convenience init(folder: String, format: WeightFormat = .float32) throws {
    try self.init(LanguageModels.load(folder: folder, task: .causalLanguageModel), format: format)
  }

  /// Packs the weights of a model as they are now: loaded, trained, or with its adapters merged.
  /// - Throws: `GenerationError` for a model of another family.
  public convenience init(_ model: LanguageModel, format: WeightFormat = .float32) throws {
    guard let body = model.body as? Llama else {
      throw GenerationError(
        .model, "a model of type '\(model.architecture.rawValue)' cannot generate here", expected: "llama, qwen2, qwen3 or mistral")
    }
    let state = try model.state().entries
    // Where the table of tokens serves both ends, one copy is packed.
    let table = state.first { $0.name == "model.embed_tokens.weight" }?.tensor
    let tied = try state.contains { try $0.name == "lm_head.weight" && table.map($0.tensor.sharesMemory) ?? false }
    try self.init(body.configuration, state: state.filter { !(tied && $0.name == "lm_head.weight") }, format: format)
  }
}

extension Tensor {
  fileprivate func sharesMemory(with other: Tensor) throws -> Bool {
    try withUnsafeBytes { own in try other.withUnsafeBytes { own.baseAddress == $0.baseAddress && own.count == $0.count } }
  }
}
