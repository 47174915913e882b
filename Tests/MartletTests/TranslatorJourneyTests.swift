import Foundation
import Generation
import MartletCore
import Models
import Testing
import Text

@testable import Commands
@testable import Martlet

/// Tiny models of `Tests/GenerationTests` through the registry, with a tokenizer whose words are w0 to w95.
@Suite struct TranslatorJourneyTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("GenerationTests/Fixtures").path

  /// A folder as Hugging Face has them.
  static func folder(_ name: String, in place: TemporaryProject, settings: String = "{}") throws -> String {
    let folder = place.folder + "/" + name
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for file in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: "\(fixtures)/\(name)/\(file)", toPath: "\(folder)/\(file)")
    }
    let words = (0..<96).map { "\"w\($0)\": \($0)" }.joined(separator: ", ")
    let tokenizer = """
      {"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null,
      "decoder": null, "model": {"type": "WordLevel", "vocab": {\(words)}, "unk_token": "w3"}}
      """
    try Data(tokenizer.utf8).write(to: URL(fileURLWithPath: folder + "/tokenizer.json"))
    try Data(settings.utf8).write(to: URL(fileURLWithPath: folder + "/generation_config.json"))
    return folder
  }

  private static func text(_ tokens: [Int]) -> String { tokens.map { "w\($0)" }.joined(separator: " ") }

  private static func expected(_ name: String) throws -> JSONValue {
    try JSON.decode(
      JSONValue.self, from: Data(contentsOf: URL(fileURLWithPath: "\(fixtures)/\(name)/expected.json")), source: "expected.json")
  }

  private static func tokens(_ value: JSONValue?) -> [Int] { value?.arrayValue?.compactMap(\.intValue) ?? [] }

  /// Imported, loaded, and asked like any other model: greedy as its makers say, with beams as the request says.
  @Test func aTranslatorIsImportedAndTranslates() async throws {
    let place = try TemporaryProject()
    let folder = try Self.folder("t5-gated", in: place, settings: #"{"eos_token_id": 1, "max_length": 20}"#)
    let engine = MartletEngine()
    let summary = try await engine.importModel(
      ImportRequest(source: folder, name: "tiny", aliases: [], tags: [], note: "", surroundings: place.surroundings))
    #expect(summary.kind == "language-model" && summary.architecture == "t5")
    let generator = try #require(
      try await engine.loadLanguageModel(LanguageModelRequest(reference: "tiny", surroundings: place.surroundings)).generator)
    let expected = try Self.expected("t5-gated")
    var request = GenerationRequest(.text(Self.text(Self.tokens(expected["source"]))))
    for search in expected["searches"]?.arrayValue ?? [] {
      let settings = try #require(search["settings"])
      // n-grams are the makers' business.
      guard settings["no_repeat_ngram_size"] == nil else { continue }
      request.sampling.repetitionPenalty = settings["repetition_penalty"]?.doubleValue
      let beams = try #require(settings["num_beams"]?.intValue)
      request.beams = beams > 1 ? BeamSettings(beams) : nil
      request.beams?.lengthPenalty = settings["length_penalty"]?.doubleValue ?? 1
      request.beams?.stopsEarly = settings["early_stopping"]?.boolValue ?? false
      request.choices = min(beams, 2)
      let result = try await generator.result(request)
      let wanted = search["texts"]?.arrayValue?.prefix(request.choices).map(Self.tokens) ?? []
      #expect(result.choices.map(\.text) == wanted.map { Self.text($0.filter { $0 != 1 }) }, "\(settings)")
      #expect(result.choices.map(\.reason) == wanted.map { $0.last == 1 ? .stop : .length })
      #expect(result.usage.promptTokens == 27)
    }
    // What a model cannot do is said by name.
    for (change, kind) in [
      ({ $0.choices = 5 }, LanguageRequestError.Kind.badSetting(name: "choices", value: "5", expected: "at most the number of beams, 3")),
      ({ $0.topLogProbabilities = 1 }, .unsupported(setting: "topLogProbabilities")),
      ({ $0.beams?.groups = 2 }, .badSetting(name: "num_beam_groups", value: "2", expected: "a number that divides the 3 beams")),
      (
        { $0.prompt = .tokens(Array(repeating: 4, count: 5000)) },
        .contextTooLong(limit: 4096, prompt: 5000, output: 0)
      ),
    ] as [((inout GenerationRequest) -> Void, LanguageRequestError.Kind)] {
      var wrong = GenerationRequest(.text("w5"))
      wrong.beams = BeamSettings(3)
      change(&wrong)
      do {
        _ = try await generator.result(wrong)
        Issue.record("\(kind)")
      } catch let error as LanguageRequestError { #expect(error.kind == kind) }
    }
  }

  @Test func promptsAreScoredAsTheModelScoresThem() async throws {
    let place = try TemporaryProject()
    let folder = try Self.folder("llama", in: place)
    let model = try DecoderModel(folder: folder)
    var settings = EngineSettings()
    // Room for ten pages of 16 tokens, though the model reads 256 tokens.
    settings.cacheBytes = 10 * model.pageBytes
    let generator = LanguageTextGenerator(
      try GenerationEngine(model, settings), tokenizer: try Tokenizer(folder: folder), template: nil, defaults: GenerationDefaults())
    let tokens = Self.tokens(try Self.expected("llama")["ids"])
    var request = GenerationRequest(.text(Self.text(tokens)))
    request.maxTokens = 0
    request.echoesPrompt = true
    request.topLogProbabilities = 1
    let choice = try await generator.result(request).choices[0]
    #expect(choice.text == Self.text(tokens) && choice.reason == .length && choice.tokens.map(\.id) == tokens)
    #expect(choice.tokens[0].logProbability == nil)
    let stepper = try GenerationStepper(model, length: tokens.count, threads: 1)
    try stepper.read(tokens) { index, scores in
      guard index + 1 < tokens.count else { return }
      let normalizer = log(scores.reduce(0.0) { $0 + exp(Double($1)) })
      let own = choice.tokens[index + 1]
      #expect(abs((own.logProbability ?? 1) - (Double(scores[tokens[index + 1]]) - normalizer)) < 1e-5)
      #expect(own.top.first?.id == scores.indices.max { scores[$0] < scores[$1] })
    }
    // Nothing to write and nothing to score: the prompt is only counted.
    request.echoesPrompt = false
    let silent = try await generator.result(request)
    #expect(silent.usage == GenerationUsage(promptTokens: tokens.count, completionTokens: 0) && silent.choices[0].text.isEmpty)
    // What fits the context and not the memory is refused with numbers.
    request.maxTokens = 130
    do {
      _ = try await generator.result(request)
      Issue.record("too long a text was taken")
    } catch let error as LanguageRequestError {
      #expect(error.kind == .contextTooLong(limit: 160, prompt: tokens.count, output: 130))
    }
    request.maxTokens = 60
    request.topLogProbabilities = nil
    request.beams = BeamSettings(4)
    do {
      _ = try await generator.result(request)
      Issue.record("more beams than fit were taken")
    } catch let error as LanguageRequestError {
      #expect(error.description.contains("512") && error.description.contains("160"), "\(error)")
    }
  }

  /// Marian's own files number pieces in a way that is not read; taking them for what they are not would give wrong texts.
  @Test func aMarianFolderNeedsAWholeTokenizer() async throws {
    let place = try TemporaryProject()
    let folder = try Self.folder("marian", in: place)
    let request = ImportRequest(source: folder, name: "tiny", aliases: [], tags: [], note: "", surroundings: place.surroundings)
    #expect(try await MartletEngine().importModel(request).architecture == "marian")
    try FileManager.default.removeItem(atPath: folder + "/tokenizer.json")
    for file in ["source.spm", "vocab.json"] { try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/" + file)) }
    do {
      _ = try await MartletEngine().importModel(request)
      Issue.record("numbers that mean nothing were taken")
    } catch let error as TokenizerError {
      #expect(error.problem.contains("vocab.json") && error.expected?.contains("tokenizer.json") == true)
    }
  }
}
