import Bundles
import Foundation
import MartletCore
import Project
import Registry
import Serving
import Testing
import TextTasks

@testable import Commands
@testable import Martlet

/// The whole journey over texts that the test writes itself, by models small enough to be made from scratch.
@Suite(.serialized) struct TextJourneyTests {
  private let engine = MartletEngine()
  private static let animals = ["cat", "dog", "cow", "hen"], fruits = ["apple", "pear", "plum", "fig"]

  private static func rows(_ count: Int) -> [(text: String, label: String, noun: String)] {
    var random = KeyedRandom(seed: 2, purpose: "rows", index: 0)
    return (0..<count).map { number in
      let noun = (number % 2 == 0 ? animals : fruits).randomElement(using: &random) ?? ""
      return ("here is the \(noun) today", number % 2 == 0 ? "animal" : "fruit", noun)
    }
  }

  private func run(_ place: TemporaryProject, _ text: String) async throws -> RunSummary {
    let file = try place.project(text)
    return try await engine.run(
      RunRequest(project: file, resume: nil, aliases: [], tags: [], note: "", surroundings: place.surroundings))
  }

  private static let small = "training: {epochs: 12, batch: 8, optimizer: {adamw: {learning-rate: 0.01}}, threads: 1, seed: 3}"

  @Test func classesAreToldAndServed() async throws {
    let place = try TemporaryProject()
    let lines = Self.rows(96).map { "{\"text\": \"\($0.text)\", \"label\": \"\($0.label)\"}" }
    try AtomicFile.write(Data(lines.joined(separator: "\n").utf8), to: place.folder + "/rows.jsonl")
    let summary = try await run(
      place,
      """
      name: things
      task: text-classification
      data: {file: rows.jsonl, length: 16, test: 0.2, validation: 0.1}
      tokenizer: {wordpiece: 100}
      model: {encoder: {layers: 1, width: 32, heads: 2, context: 16, dropout: 0}}
      augment: {deletion: 0, swap: 0.1, replacement: 0}
      \(Self.small)
      evaluation: {require: {accuracy: 0.9}}
      """)
    #expect(summary.version == 1 && summary.gates.allSatisfy(\.passed), "\(summary.metrics)")
    let report = try #require(summary.report)
    #expect(FileManager.default.fileExists(atPath: report))
    let asked = place.folder + "/new.txt"
    try AtomicFile.write(Data("here is the plum today\nhere is the cow today\n".utf8), to: asked)
    func predict(_ output: String?) async throws -> PredictionSummary {
      try await engine.predict(
        PredictRequest(reference: "things", inputs: [asked], top: nil, output: output, surroundings: place.surroundings))
    }
    let answers = try await predict(nil).predictions
    #expect(answers.map(\.label) == ["fruit", "animal"] && answers[0].probabilities?.count == 2)
    let written = place.folder + "/answers.csv"
    #expect(try await predict(written).rows == 2)
    #expect(try String(contentsOfFile: written, encoding: .utf8).contains("fruit"))
    // A row without a text has no answer; the only column of texts may have any name.
    let odd = place.folder + "/odd.jsonl", other = place.folder + "/other.jsonl"
    try AtomicFile.write(Data("{\"text\": \"the plum\"}\n{\"text\": null}\n".utf8), to: odd)
    try AtomicFile.write(Data("{\"id\": 1, \"body\": \"the plum\"}\n".utf8), to: other)
    func answersOf(_ path: String, _ output: String? = nil) async throws -> [PredictionSummary.Answer] {
      try await engine.predict(
        PredictRequest(reference: "things", inputs: [path], top: nil, output: output, surroundings: place.surroundings)
      ).predictions
    }
    let found = try await answersOf(odd)
    #expect(found.map(\.label) == ["fruit", nil] && found[1].error == "row 2: 'text' has no value")
    await #expect(throws: FileError.self) { _ = try await answersOf(odd, place.folder + "/odd.csv") }
    #expect(try await answersOf(other).map(\.label) == ["fruit"])
    try AtomicFile.write(Data("{\"text\": 5}\n".utf8), to: odd)
    #expect(try await answersOf(odd).first?.error == "row 1: 'text' is 5, which is no text")
    try AtomicFile.write(Data("{\"foo\": 1}\n".utf8), to: odd)
    await #expect(throws: ArgumentError.self) { _ = try await answersOf(odd) }
    // The same words from the server.
    let registry = try ModelRegistry.open(at: place.surroundings.registry)
    let served = try MartletEngine.served(registry.resolve("things"), from: registry)
    func ask(_ body: String, _ kind: ServedDocument.Kind) async throws -> JSONValue {
      let outputs = try await served.predictor.predict([
        ServedDocument.body: HostArray([UInt8](body.utf8)), ServedDocument.kind: HostArray([kind.rawValue], shape: []),
      ])
      return try JSON.decode(JSONValue.self, from: Data(#require(outputs[ServedDocument.answer]).bytes), source: "answer")
    }
    #expect(try await ask(#"{"text": "here is the fig today"}"#, .rows)["label"]?.stringValue == "fruit")
    #expect(try await ask(#"{"instances": ["the hen"]}"#, .instances)["predictions"]?.arrayValue?.count == 1)
    await #expect(throws: ArgumentError.self) { _ = try await ask(#"{"texts": 3}"#, .rows) }
    // Judged again, it is as good.
    let again = try await engine.evaluate(
      EvaluateRequest(
        project: place.project(try String(contentsOfFile: place.folder + "/martlet.yml", encoding: .utf8)), reference: "things@1",
        report: nil, surroundings: place.surroundings))
    #expect(again.metrics["accuracy"]?.value == summary.metrics["accuracy"]?.value)
  }

  /// Training texts, and no others, are translated there and back; a second run finds what the first one translated.
  @Test func trainingTextsAreSaidInOtherWords() async throws {
    let place = try TemporaryProject()
    let folder = try TranslatorJourneyTests.folder("t5-gated", in: place, settings: #"{"eos_token_id": 1, "max_length": 20}"#)
    _ = try await engine.importModel(
      ImportRequest(source: folder, name: "tiny", aliases: [], tags: [], note: "", surroundings: place.surroundings))
    let lines = (0..<40).map { "{\"text\": \"w\(5 + $0) w7 w\(8 + $0 % 2)\", \"label\": \"\($0 % 2 == 0 ? "even" : "odd")\"}" }
    try AtomicFile.write(Data(lines.joined(separator: "\n").utf8), to: place.folder + "/rows.jsonl")
    let project = """
      name: words
      task: text-classification
      data: {file: rows.jsonl, length: 16, test: 0.25, validation: 0.1}
      tokenizer: {wordpiece: 100}
      model: {encoder: {layers: 1, width: 16, heads: 2, context: 16, dropout: 0}}
      augment: {deletion: 0, swap: 0, replacement: 0, back-translation: {there: tiny, back: tiny@1, probability: 0.5}}
      training: {epochs: 1, batch: 8, threads: 1, seed: 3}
      """
    let first = try await run(place, project)
    let kept = place.folder + "/runs/back-translation"
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: kept).first)
    let data = try #require(FileManager.default.contents(atPath: kept + "/" + name))
    // 40 texts, of which 10 judge and 3 are watched.
    #expect(try JSON.decode([String: String].self, from: data, source: name).count == 27)
    try AtomicFile.write(Data(String(decoding: data, as: UTF8.self).utf8), to: kept + "/" + name)
    let second = try await run(place, project)
    #expect(try FileManager.default.contentsOfDirectory(atPath: kept) == [name])
    #expect(first.training.weights != nil && first.training.weights == second.training.weights)
    do {
      _ = try await run(place, project.replacingOccurrences(of: "there: tiny", with: "there: words"))
      Issue.record("a classifier translated")
    } catch { #expect("\(error)".contains("words@2"), "\(error)") }
  }

  @Test func aTextIsLearntAndGoesOn() async throws {
    let place = try TemporaryProject()
    let lines = (0..<60).map { _ in "the cat sat on the mat" }
    try AtomicFile.write(Data(lines.joined(separator: "\n").utf8), to: place.folder + "/text.txt")
    let summary = try await run(
      place,
      """
      name: mat
      task: language-model
      data: {file: text.txt, test: 0.1}
      tokenizer: characters
      model: {decoder: {layers: 1, width: 32, heads: 2, context: 32}}
      recompute: true
      training: {epochs: 12, batch: 4, optimizer: {adamw: {learning-rate: 0.01}}, threads: 1, seed: 3}
      evaluation: {prompts: ["the c"], require: {perplexity_per_character: 1.6}}
      """)
    #expect(summary.version == 1, "\(summary.metrics)")
    let loaded = try await engine.loadLanguageModel(LanguageModelRequest(reference: "mat", surroundings: place.surroundings))
    #expect(loaded.generator != nil)
    await #expect(throws: ArgumentError.self) {
      _ = try await engine.predict(
        PredictRequest(reference: "mat", inputs: [place.folder + "/text.txt"], top: nil, output: nil, surroundings: place.surroundings))
    }
  }

  @Test func tagsPairsAndTranslationsAreLearnt() async throws {
    let place = try TemporaryProject()
    let rows = Self.rows(80)
    let tagged = rows.map { row in
      row.text.split(separator: " ").map { "\($0) \(String($0) == row.noun ? "B-THING" : "O")\n" }.joined()
    }
    try AtomicFile.write(Data(tagged.joined(separator: "\n").utf8), to: place.folder + "/tags.conll")
    let tags = try await run(
      place,
      """
      name: tags
      task: token-classification
      data: {file: tags.conll, length: 16, test: 0.2, validation: 0}
      tokenizer: {wordpiece: 100}
      model: {encoder: {layers: 1, width: 32, heads: 2, context: 16, dropout: 0}}
      \(Self.small)
      evaluation: {require: {span_f1: 0.9}}
      """)
    #expect(tags.version == 1, "\(tags.metrics)")
    let words = ["cat": "gato", "dog": "perro", "cow": "vaca", "hen": "gallina"]
    let pairs = (0..<64).map { number in words.sorted { $0.key < $1.key }[number % 4] }
    let csv = "source,translation\n" + pairs.map { "\($0.key),\($0.value)\n" }.joined()
    try AtomicFile.write(Data(csv.utf8), to: place.folder + "/pairs.csv")
    let translation = try await run(
      place,
      """
      name: words
      task: translation
      data: {file: pairs.csv, length: 12, test: 0.1, validation: 0}
      tokenizer: characters
      model: {encoder-decoder: {layers: 1, width: 32, heads: 2, context: 16, dropout: 0}}
      training: {epochs: 80, batch: 16, optimizer: {adamw: {learning-rate: 0.01}}, threads: 1, seed: 3}
      evaluation: {require: {exact_match: 0.6}}
      """)
    #expect(translation.version == 1 && translation.metrics["chrf"] != nil, "\(translation.metrics)")
    // The engine writes what the model does.
    let registry = try ModelRegistry.open(at: place.surroundings.registry)
    let translator = try TextBundle.model(registry.bundle(registry.resolve("words")))
    let quick = try #require(EngineTranslation(translator)), asked = ["cat", "hen", "dog", "cow", "", "cats"]
    #expect(try quick.translations(of: asked) == translator.translations(of: asked))
    let answers = try await engine.predict(
      PredictRequest(reference: "words", inputs: [place.folder + "/pairs.csv"], top: nil, output: nil, surroundings: place.surroundings))
    #expect(answers.predictions.count == 64 && answers.predictions.allSatisfy { $0.probabilities == nil && $0.label == nil })
    #expect(answers.predictions.count { $0.answer?["text"]?.stringValue == $0.text && $0.text != "" } == 64, "\(answers.predictions)")
    let said = try await engine.predict(
      PredictRequest(reference: "tags", inputs: [place.folder + "/tags.conll"], top: nil, output: nil, surroundings: place.surroundings))
    #expect(said.predictions[0].text == "\(rows[0].noun) (THING)" && said.predictions[0].answer?["tags"] != nil, "\(said.predictions[0])")
    let embedding = try await run(
      place,
      """
      name: vectors
      task: embedding
      data: {file: pairs.csv, anchor: source, positive: translation, length: 12, test: 0.1, validation: 0}
      tokenizer: {bpe: 300}
      model: {encoder: {layers: 1, width: 32, heads: 2, context: 16, dropout: 0}}
      training: {epochs: 2, batch: 8, threads: 1, seed: 3}
      """)
    #expect(embedding.version == 1 && embedding.metrics["mrr"] != nil)
    let loaded = try await engine.loadLanguageModel(LanguageModelRequest(reference: "vectors", surroundings: place.surroundings))
    #expect(loaded.embedder?.dimensions == 32)
  }

  @Test func whatCannotBeIsNamed() async throws {
    let place = try TemporaryProject()
    try AtomicFile.write(Data("a b c\nd e f\ng h i\n".utf8), to: place.folder + "/text.txt")
    func message(_ model: String, _ more: String = "") async -> String {
      do {
        _ = try await run(place, "name: a\ntask: language-model\ndata: {file: text.txt}\nmodel: \(model)\n\(more)\n")
        return ""
      } catch { return "\(error)" }
    }
    #expect(await message("{encoder: {layers: 1, width: 32, heads: 2}}").contains("cannot foretell"))
    #expect(await message("decoder", "objective: masked").contains("does not look ahead"))
    #expect(await message("{decoder: {width: 30, heads: 4}}").contains("do not divide"))
    #expect(await message("{pretrained: nowhere}").contains("'nowhere'"))
    #expect(await message("decoder", "tokenizer: model").contains("no tokenizer of its own"))
    #expect(await message("decoder", "adapter: prefix").contains("prefix"))
  }
}
