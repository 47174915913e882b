import Generation
import MartletCore
import Models
import Text

/// A decoder with its tokenizer and its chat template: texts and conversations in, text out.
final class LanguageTextGenerator: TextGenerator {
  private let engine: GenerationEngine
  private let prompts: LanguagePrompt
  private let defaults: GenerationDefaults
  private let endTokens: Set<Int>
  private let rules: OutputRules

  init(_ engine: GenerationEngine, tokenizer: Tokenizer, template: ChatTemplate?, defaults: GenerationDefaults) {
    self.engine = engine
    self.defaults = defaults
    let vocabulary = engine.model.configuration.vocabulary
    prompts = LanguagePrompt(tokenizer: tokenizer, template: template, vocabulary: vocabulary)
    let named = [tokenizer.specialTokens.end, "<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>"].compactMap { $0 }
    endTokens = Set(defaults.endTokens + named.compactMap { tokenizer.id(of: $0) }).filter { (0..<vocabulary).contains($0) }
    rules = OutputRules(tokenizer, endTokens: endTokens.sorted(), vocabulary: vocabulary)
  }

  var contextLength: Int? { engine.contextLength }

  func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
    let prompt = try prompts.tokens(of: request)
    let room = engine.contextLength - prompt.count
    guard room >= 1, request.maxTokens ?? 1 <= room else {
      throw LanguageRequestError(.contextTooLong(limit: engine.contextLength, prompt: prompt.count, output: request.maxTokens ?? 0))
    }
    guard request.maxTokens ?? 1 >= 1 else {
      throw LanguageRequestError(.badSetting(name: "max_tokens", value: "\(request.maxTokens ?? 0)", expected: "1 or more"))
    }
    let seed = request.sampling.seed ?? UInt64.random(in: 0...UInt64.max)
    let samplers = try (0..<max(1, request.choices)).map { try sampler(request, seed: seed &+ UInt64($0)) }
    let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
    let shared = RequestStream(promptTokens: prompt.count, choices: samplers.count, continuation)
    do {
      for (choice, sampler) in samplers.enumerated() {
        var tokens = TokenRequest(prompt, sampler: sampler, maximumNewTokens: request.maxTokens ?? room, endTokens: endTokens)
        tokens.constraint = try rules.constraint(request)
        tokens.scoresPrompt = request.echoesPrompt
        tokens.priority = request.priority
        tokens.deadline = request.deadline
        // Guessing from repetitions costs little and changes nothing.
        tokens.guesses = tokens.constraint == nil ? 4 : 0
        let output = ChoiceStream(choice, request, prompts.tokenizer, prompt: prompt, shared)
        shared.hold(try engine.submit(tokens) { output.take($0) })
      }
    } catch {
      continuation.finish(throwing: error)
      throw Self.translated(error)
    }
    return stream
  }

  private func sampler(_ request: GenerationRequest, seed: UInt64) throws -> TokenSampler {
    let asked = request.sampling
    var settings = SamplingSettings()
    settings.temperature = asked.temperature ?? defaults.temperature ?? 1
    settings.topP = asked.topP ?? defaults.topP ?? 1
    settings.topK = asked.topK ?? defaults.topK ?? 0
    settings.minP = asked.minP ?? 0
    settings.typicalP = asked.typicalP ?? 1
    settings.repetitionPenalty = asked.repetitionPenalty ?? defaults.repetitionPenalty ?? 1
    settings.presencePenalty = asked.presencePenalty ?? 0
    settings.frequencyPenalty = asked.frequencyPenalty ?? 0
    settings.logitBias = asked.logitBias
    settings.topLogProbabilities = request.topLogProbabilities
    do {
      return try TokenSampler(settings, vocabulary: prompts.vocabulary, seed: seed, endTokens: endTokens.sorted())
    } catch {
      throw LanguageRequestError(.badSetting(name: "sampling", value: error.problem, expected: error.expected ?? ""))
    }
  }

  private static func translated(_ error: any Error) -> any Error {
    guard let error = error as? GenerationError else { return error }
    switch error.kind {
    case .queueFull: return LanguageRequestError(.busy(waiting: 0))
    case .stopped: return LanguageRequestError(.stopping)
    default: return error
    }
  }
}

/// How a model's makers want it sampled: `generation_config.json`.
struct GenerationDefaults: Sendable {
  var temperature: Double?
  var topP: Double?
  var topK: Int?
  var repetitionPenalty: Double?
  var endTokens: [Int] = []

  init() {}

  /// - Parameter document: `generation_config.json`, or a `config.json` whose end tokens count.
  init(_ document: JSONValue) {
    // Where nothing is to be drawn, the other settings mean nothing.
    if document["do_sample"]?.boolValue == true {
      temperature = document["temperature"]?.doubleValue
      topP = document["top_p"]?.doubleValue
      topK = document["top_k"]?.intValue
    }
    repetitionPenalty = document["repetition_penalty"]?.doubleValue
    endTokens = document["eos_token_id"]?.arrayValue?.compactMap(\.intValue) ?? document["eos_token_id"]?.intValue.map { [$0] } ?? []
  }
}
