import Foundation
import Generation
import MartletCore
import Synchronization
import TextTasks

extension TextModel {
  /// What translates texts into one each: the engine where it knows the model, else the model by itself.
  func translator() -> @Sendable ([String]) throws -> [String] {
    guard let engine = EngineTranslation(self) else { return { [self] in try translations(of: $0) } }
    return { try engine.translations(of: $0) }
  }
}

/// Translates with the engine that serves language models: it keeps what it has computed of a text, where
/// ``TextModel/translations(of:length:)`` begins anew for every token.
final class EngineTranslation: Sendable {
  private let model: TextModel
  private let engine: GenerationEngine
  private let start: Int

  /// - Returns: `nil` for models that the engine does not know, which translate by themselves.
  init?(_ model: TextModel) {
    guard model.settings.task == .translation, let decoder = try? DecoderModel(model.network),
      let start = decoder.configuration.decoderStart
    else { return nil }
    var settings = EngineSettings()
    settings.threads = ImageTraining.cores()
    settings.waiting = 1 << 20
    guard let engine = try? GenerationEngine(decoder, settings) else { return nil }
    self.model = model
    self.engine = engine
    self.start = start
  }

  /// The most likely text, token by token, for each text. Waits for the engine's thread.
  /// - Throws: `TokenizerError`, `GenerationError`.
  func translations(of texts: [String]) throws -> [String] {
    let sources = try model.tokenizer.encode(batch: texts, allowSpecialTokens: false).map { $0.ids.isEmpty ? [model.padding] : $0.ids }
    let outputs = try sources.map { try submit($0) }
    return try outputs.map { try model.tokenizer.decode($0.wait()) }
  }

  private func submit(_ source: [Int]) throws -> Output {
    var sampling = SamplingSettings()
    sampling.temperature = 0
    // What fills up is never written.
    sampling.badWords = [[model.padding]]
    let ends = [model.end].compactMap(\.self)
    let sampler = try TokenSampler(sampling, vocabulary: engine.model.configuration.vocabulary, seed: 0, endTokens: ends)
    var request = TokenRequest(
      [start], sampler: sampler, maximumNewTokens: min(model.settings.length, engine.longestText - 1), endTokens: Set(ends))
    request.source = source
    let output = Output()
    _ = try engine.submit(request) { output.take($0) }
    return output
  }

  /// A translation in the making.
  private final class Output: Sendable {
    private let tokens = Mutex<[Int]>([])
    private let failure = Mutex<(any Error)?>(nil)
    private let isDone = DispatchSemaphore(value: 0)

    func take(_ event: TokenEvent) -> Bool {
      switch event {
      case .token(let token): tokens.withLock { $0.append(token.token) }
      case .ended, .limit: isDone.signal()
      case .failed(let error):
        failure.withLock { $0 = error }
        isDone.signal()
      case .started, .prompt, .beams: break
      }
      return true
    }

    func wait() throws -> [Int] {
      isDone.wait()
      if let error = failure.withLock({ $0 }) { throw error }
      return tokens.withLock { $0 }
    }
  }
}
