import CGeneration
import MartletCore
public import Models
import NN
public import Torch

/// A model with its weights packed for generation: Llama, SmolLM, Qwen2, Qwen3, Mistral, GPT-2, T5, Marian.
///
/// Read only, so any number of runtimes and engines may share one.
///
/// `@unchecked Sendable`: nothing changes after the initialiser.
public final class DecoderModel: @unchecked Sendable {
  public let configuration: DecoderConfiguration
  let decoder: DecoderStack
  let encoder: DecoderStack?

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

  private convenience init(_ configuration: LlamaConfiguration, _ source: any WeightSource, format: WeightFormat?) throws {
    self.init(DecoderConfiguration(configuration), decoder: try .llama(configuration, source, format: format), encoder: nil)
  }

  init(_ configuration: DecoderConfiguration, decoder: DecoderStack, encoder: DecoderStack?) {
    self.configuration = configuration
    self.decoder = decoder
    self.encoder = encoder
  }

  /// Bytes of the packed weights.
  public var bytes: Int { decoder.bytes + (encoder?.bytes ?? 0) }

  /// Whether keys and values of past tokens are kept as float16 (with weights that are whole numbers) or as float32.
  public var keepsHalves: Bool { decoder.keepsHalves }

  /// Whether the model reads one text and writes another, as T5 and Marian do; others continue the text they read.
  public var isEncoderDecoder: Bool { encoder != nil }

  /// Bytes that a page of keys and values takes: 16 tokens.
  public var pageBytes: Int { decoder.pageBytes }

  /// The instructions that the kernels use on this machine: `avx512-vnni`, `avx2` or `plain`.
  ///
  /// The environment variable `MARTLET_INSTRUCTIONS` chooses others than the best, where the machine has them.
  public static var instructions: String { String(cString: cg_instructions()) }

  /// Those that the machine has, the best first.
  package static var knownInstructions: [String] { ["avx512-vnni", "avx2", "plain"].filter { cg_has_instructions($0) == 1 } }
}

extension DecoderModel {
  /// Loads a folder as Hugging Face has them: `config.json` and safetensors.
  /// - Throws: `ModelError`, `FileError` or `GenerationError` naming what is missing or does not fit.
  public convenience init(folder: String, format: WeightFormat = .float32) throws {
    try self.init(LanguageModels.load(folder: folder), format: format)
  }

  /// Packs the weights of a model as they are now: loaded, trained, or with its adapters merged.
  /// - Throws: `GenerationError` for a model of another family, or one that has no head for writing.
  public convenience init(_ model: LanguageModel, format: WeightFormat = .float32) throws {
    guard model.task == .causalLanguageModel || model.task == .sequenceToSequence else {
      throw GenerationError(.model, "a model for \(model.task.name) writes no text", expected: "a causal language model, T5 or Marian")
    }
    let state = try model.state().entries
    switch model.body {
    case let body as Llama:
      // Where the table of tokens serves both ends, one copy is packed.
      let table = state.first { $0.name == "model.embed_tokens.weight" }?.tensor
      let tied = try state.contains { try $0.name == "lm_head.weight" && table.map($0.tensor.sharesMemory) ?? false }
      try self.init(body.configuration, state: state.filter { !(tied && $0.name == "lm_head.weight") }, format: format)
    case let body as GPT2: try self.init(gpt2: body.configuration, state: state, format: format)
    case let body as T5: try self.init(t5: body.configuration, state: state, format: format)
    case let body as Marian: try self.init(marian: body.configuration, state: state, format: format)
    default:
      throw GenerationError(
        .model, "a model of type '\(model.architecture.rawValue)' cannot generate here",
        expected: "llama, qwen2, qwen3, mistral, gpt2, t5, mt5 or marian")
    }
  }
}

extension Tensor {
  func sharesMemory(with other: Tensor) throws -> Bool {
    try withUnsafeBytes { own in try other.withUnsafeBytes { own.baseAddress == $0.baseAddress && own.count == $0.count } }
  }
}
