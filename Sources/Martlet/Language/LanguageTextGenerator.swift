import Generation
import MartletCore
import Models
import Text

/// A model that writes with its tokenizer and its chat template: texts and conversations in, text out.
final class LanguageTextGenerator: TextGenerator {
  let engine: GenerationEngine
  let prompts: LanguagePrompt
  private let defaults: GenerationDefaults
  private let endTokens: Set<Int>
  private let rules: OutputRules

  init(_ engine: GenerationEngine, tokenizer: Tokenizer, template: ChatTemplate?, defaults: GenerationDefaults) {
    self.engine = engine
    self.defaults = defaults
    let configuration = engine.model.configuration
    let vocabulary = configuration.vocabulary
    prompts = LanguagePrompt(tokenizer: tokenizer, template: template, vocabulary: configuration.sourceVocabulary)
    let named = [tokenizer.specialTokens.end, "<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>"].compactMap { $0 }
    endTokens = Set(defaults.endTokens + named.compactMap { tokenizer.id(of: $0) }).filter { (0..<vocabulary).contains($0) }
    rules = OutputRules(tokenizer, endTokens: endTokens.sorted(), vocabulary: vocabulary)
  }

  var contextLength: Int? { engine.longestText }

  func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
    let tokens = try prompts.tokens(of: request)
    let base = try self.base(request, tokens)
    let beams = request.beams ?? defaults.beams
    let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
    let shared = RequestStream(promptTokens: tokens.count, choices: max(1, request.choices), continuation)
    let outputs = (0..<max(1, request.choices)).map { ChoiceStream($0, request, prompts.tokenizer, prompt: tokens, shared) }
    do {
      if base.maximumNewTokens == 0, !base.scoresPrompt {
        // Nothing is to be computed.
        for (choice, output) in outputs.enumerated() {
          shared.start(cached: 0, choice: choice)
          _ = output.take(.limit)
        }
      } else if let beams, beams.count > 1, base.maximumNewTokens > 0 {
        var search = base
        search.beams = try settings(beams, request)
        let output = BeamOutput(outputs, promptCount: base.prompt.count, endTokens: endTokens)
        shared.hold(try engine.submit(search) { output.take($0) })
      } else {
        for (choice, output) in outputs.enumerated() {
          var one = base
          if choice > 0 { one.sampler = try sampler(request, seed: base.sampler.seed &+ UInt64(choice)) }
          shared.hold(try engine.submit(one) { output.take($0) })
        }
      }
    } catch {
      continuation.finish(throwing: error)
      throw Self.translated(error)
    }
    return stream
  }

  /// What all choices have in common, with the sampler of the first.
  private func base(_ request: GenerationRequest, _ tokens: [Int]) throws -> TokenRequest {
    let limit = engine.longestText
    let asked = request.maxTokens ?? 1
    guard asked >= 0 else { throw LanguageRequestError(.badSetting(name: "max_tokens", value: "\(asked)", expected: "0 or more")) }
    var prompt = tokens
    var source: [Int]?
    if let start = engine.model.configuration.decoderStart {
      guard tokens.count <= engine.model.configuration.maxPositions else {
        throw LanguageRequestError(.contextTooLong(limit: engine.model.configuration.maxPositions, prompt: tokens.count, output: 0))
      }
      guard !request.echoesPrompt else { throw LanguageRequestError(.unsupported(setting: "echoesPrompt")) }
      (source, prompt) = (tokens, [start] + [defaults.firstToken].compactMap { $0 })
    }
    let room = limit - prompt.count
    guard room >= min(1, asked), asked <= room else {
      throw LanguageRequestError(.contextTooLong(limit: limit, prompt: tokens.count, output: request.maxTokens ?? 0))
    }
    let seed = request.sampling.seed ?? UInt64.random(in: 0...UInt64.max)
    var base = TokenRequest(
      prompt, sampler: try sampler(request, seed: seed), maximumNewTokens: request.maxTokens ?? min(room, defaults.newTokens ?? room),
      endTokens: endTokens)
    base.source = source
    base.constraint = try rules.constraint(request)
    base.scoresPrompt = request.echoesPrompt
    base.priority = request.priority
    base.deadline = request.deadline
    // Guessing from repetitions, or by a draft, costs little and changes nothing.
    base.guesses = base.constraint == nil ? 4 : 0
    return base
  }

  private func settings(_ beams: BeamSettings, _ request: GenerationRequest) throws -> BeamSearch.Settings {
    guard request.choices <= beams.count else {
      throw LanguageRequestError(
        .badSetting(name: "choices", value: "\(request.choices)", expected: "at most the number of beams, \(beams.count)"))
    }
    if request.topLogProbabilities != nil { throw LanguageRequestError(.unsupported(setting: "topLogProbabilities")) }
    if request.echoesPrompt { throw LanguageRequestError(.unsupported(setting: "echoesPrompt")) }
    guard beams.groups >= 1, beams.count % beams.groups == 0 else {
      throw LanguageRequestError(
        .badSetting(name: "num_beam_groups", value: "\(beams.groups)", expected: "a number that divides the \(beams.count) beams"))
    }
    var settings = BeamSearch.Settings()
    settings.beams = beams.count
    settings.groups = beams.groups
    settings.diversityPenalty = Float(beams.diversityPenalty)
    settings.lengthPenalty = Float(beams.lengthPenalty)
    settings.earlyStopping = beams.stopsEarly ? .whenFull : .heuristic
    return settings
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
    settings.noRepeatNGram = defaults.noRepeatNGram ?? 0
    settings.badWords = defaults.badWords
    settings.logitBias = asked.logitBias
    settings.topLogProbabilities = request.topLogProbabilities
    do {
      return try TokenSampler(
        settings, vocabulary: engine.model.configuration.vocabulary, seed: seed, endTokens: endTokens.sorted())
    } catch {
      throw LanguageRequestError(.badSetting(name: "sampling", value: error.problem, expected: error.expected ?? ""))
    }
  }

  private static func translated(_ error: any Error) -> any Error {
    guard let error = error as? GenerationError else { return error }
    switch error.kind {
    case .queueFull: return LanguageRequestError(.busy(waiting: 0))
    case .stopped: return LanguageRequestError(.stopping)
    case .request: return LanguageRequestError(.badSetting(name: "request", value: error.problem, expected: error.expected ?? "less"))
    default: return error
    }
  }
}

/// Gives the texts of a beam search to the choices, the best to the first.
///
/// `@unchecked Sendable`: only the engine's thread calls it.
private final class BeamOutput: @unchecked Sendable {
  private let outputs: [ChoiceStream]
  private let promptCount: Int
  private let endTokens: Set<Int>

  init(_ outputs: [ChoiceStream], promptCount: Int, endTokens: Set<Int>) {
    self.outputs = outputs
    self.promptCount = promptCount
    self.endTokens = endTokens
  }

  func take(_ event: TokenEvent) -> Bool {
    switch event {
    case .beams(let best):
      for (choice, output) in outputs.enumerated() {
        guard let beam = best.isEmpty ? nil : best[min(choice, best.count - 1)] else { continue }
        give(beam.tokens.dropFirst(promptCount), to: output)
      }
    case .started: for output in outputs { _ = output.take(event) }
    case .failed: _ = outputs.first?.take(event)
    case .prompt, .token, .ended, .limit: break
    }
    return true
  }

  private func give(_ tokens: ArraySlice<Int>, to output: ChoiceStream) {
    for token in tokens {
      if endTokens.contains(token) {
        _ = output.take(.ended)
        return
      }
      // A stop string ends the choice by itself.
      guard output.take(.token(SampledToken(token: token))) else { return }
    }
    _ = output.take(.limit)
  }
}
