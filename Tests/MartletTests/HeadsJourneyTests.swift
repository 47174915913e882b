import Bundles
import Foundation
import MartletCore
import Registry
import Serving
import Testing
import TextTasks

@testable import Commands
@testable import Martlet

/// Classes, words' classes and vectors by heads on one body, from texts that the test writes itself.
@Suite(.serialized) struct HeadsJourneyTests {
  private let engine = MartletEngine()
  private static let nouns = ["cat", "dog", "cow", "hen", "apple", "pear", "plum", "fig"]

  private func write(_ place: TemporaryProject) throws {
    var random = KeyedRandom(seed: 4, purpose: "rows", index: 0)
    var topics = "", tags = "", pairs = "anchor,positive\n"
    for number in 0..<96 {
      let place = Int.random(in: 0..<4, using: &random) + (number % 2) * 4, noun = Self.nouns[place]
      topics += "{\"text\": \"see the \(noun) today\", \"label\": \"\(place < 4 ? "animal" : "fruit")\"}\n"
      tags += "see O\nthe O\n\(noun) B-THING\ntoday O\n\n"
      pairs += "the \(noun),one \(noun)\n"
    }
    for (name, text) in [("topics.jsonl", topics), ("tags.conll", tags), ("pairs.csv", pairs)] {
      try AtomicFile.write(Data(text.utf8), to: place.folder + "/" + name)
    }
  }

  private static let project = """
    name: several
    task: multi-task
    data: {length: 16, test: 0.2, validation: 0.1}
    heads:
      topic: {text-classification: {file: topics.jsonl}}
      things: {token-classification: {file: tags.conll, weight: 2}}
      meaning: {embedding: {file: pairs.csv, weight: 0.5}}
    mixing: MIXING
    tokenizer: {wordpiece: 100}
    model: {encoder: {layers: 1, width: 32, heads: 2, context: 16, dropout: 0}}
    training: {epochs: EPOCHS, batch: 8, optimizer: {adamw: {learning-rate: 0.01}}, threads: 1, seed: 3}
    evaluation: {require: REQUIRE}
    adapter: ADAPTER
    """

  private func run(
    _ place: TemporaryProject, _ mixing: String, epochs: Int, adapter: String = "whole", require: String = "{}"
  ) async throws -> RunSummary {
    let text = Self.project.replacingOccurrences(of: "MIXING", with: mixing).replacingOccurrences(of: "EPOCHS", with: "\(epochs)")
      .replacingOccurrences(of: "ADAPTER", with: adapter).replacingOccurrences(of: "REQUIRE", with: require)
    return try await engine.run(
      RunRequest(
        project: place.project(text), resume: nil, aliases: [], tags: [], note: "", surroundings: place.surroundings))
  }

  @Test func `three heads learn on one body, are judged, registered, asked and served`() async throws {
    let place = try TemporaryProject()
    try write(place)
    let summary = try await run(place, "proportional", epochs: 12, require: "{topic_accuracy: 0.9, things_span_f1: 0.9}")
    #expect(summary.version == 1 && summary.gates.allSatisfy(\.passed), "\(summary.metrics)")
    #expect(summary.metrics["meaning_mrr"] != nil)
    let last = summary.training.last
    #expect(last["train/topic/loss"] != nil && last["train/things/loss"] != nil && last["validation/meaning/loss"] != nil, "\(last.keys)")
    let report = (try #require(summary.report) as NSString).deletingLastPathComponent
    #expect(FileManager.default.fileExists(atPath: report + "/topic/index.html"))

    let registry = try ModelRegistry.open(at: place.surroundings.registry)
    let version = try registry.resolve("several"), bundle = try registry.bundle(version)
    #expect(bundle.manifest.signature.outputs.map(\.name) == ["meaning", "things", "topic"])
    #expect(bundle.manifest.signature.outputs.map { $0.shape.count } == [2, 3, 2])

    // One text, all answers; the shared reading gives what each head gives alone.
    let asked = place.folder + "/new.txt"
    try AtomicFile.write(Data("see the plum today\nsee the cow today\n".utf8), to: asked)
    func predict(_ output: String?) async throws -> PredictionSummary {
      try await engine.predict(
        PredictRequest(reference: "several", inputs: [asked], top: nil, output: output, surroundings: place.surroundings))
    }
    let answers = try await predict(nil).predictions
    #expect(answers[0].text?.contains("topic: fruit") == true && answers[0].text?.contains("plum (THING)") == true, "\(answers)")
    #expect(answers[1].answer?["topic"]?["probabilities"]?["animal"]?.doubleValue ?? 0 > 0.5)
    let written = place.folder + "/answers.csv"
    #expect(try await predict(written).rows == 2)
    let header = try String(contentsOfFile: written, encoding: .utf8).prefix { $0 != "\n" }
    #expect(header.contains("things") && header.contains("probability_topic_fruit") && header.contains("meaning"), "\(header)")
    // JSON Lines have lists where CSV has texts.
    let lines = place.folder + "/answers.jsonl"
    #expect(try await predict(lines).rows == 2)
    let first = try #require(try String(contentsOfFile: lines, encoding: .utf8).split(separator: "\n").first)
    let row = try JSON.decode(JSONValue.self, from: Data(first.utf8), source: "row")
    #expect(row["meaning"]?.arrayValue?.count == 32 && row["meaning"]?.arrayValue?.first?.doubleValue != nil)
    #expect(row["things"]?.arrayValue?.compactMap(\.stringValue) == ["O", "O", "B-THING", "O"])
    #expect(row["things_words"]?.arrayValue?.compactMap(\.stringValue) == ["see", "the", "plum", "today"])
    guard case .many(let model) = try LearntTexts(bundle) else {
      Issue.record("the bundle holds a model of one task")
      return
    }
    let text = "see the hen today", together = try model.answers(to: [text, "the fig"])
    for head in model.heads {
      switch together[head.name]?[0] {
      case .classes(let values)?: #expect(try zip(values, head.model.probabilities(of: [text])[0]).allSatisfy { abs($0 - $1) < 1e-6 })
      case .vector(let values)?: #expect(try zip(values, head.model.vectors(of: [text])[0]).allSatisfy { abs($0 - $1) < 1e-6 })
      case .tags(let tags, _)?: #expect(try tags == head.model.tags(of: [text.split(separator: " ").map(String.init)])[0])
      case nil: Issue.record("\(head.name) says nothing")
      }
    }
    #expect(throws: (any Error).self) { try model.answers(to: [text], heads: ["topics"]) }

    let served = try MartletEngine.served(version, from: registry)
    let outputs = try await served.predictor.predict([
      ServedDocument.body: HostArray([UInt8](#"{"text": "see the pear today"}"#.utf8)),
      ServedDocument.kind: HostArray([ServedDocument.Kind.rows.rawValue], shape: []),
    ])
    let answer = try JSON.decode(JSONValue.self, from: Data(#require(outputs[ServedDocument.answer]).bytes), source: "answer")
    #expect(answer["topic"]?["label"]?.stringValue == "fruit")
    #expect(answer["things"]?["spans"]?.arrayValue?.first?["text"]?.stringValue == "pear")
    #expect(answer["meaning"]?["embedding"]?.arrayValue?.count == 32)

    let again = try await engine.evaluate(
      EvaluateRequest(
        project: place.project(try String(contentsOfFile: place.folder + "/martlet.yml", encoding: .utf8)), reference: "several@1",
        report: nil, surroundings: place.surroundings))
    #expect(again.metrics["topic_accuracy"]?.value == summary.metrics["topic_accuracy"]?.value)
    #expect(again.metrics["things_span_f1"]?.value == summary.metrics["things_span_f1"]?.value)
  }

  @Test(arguments: ["turns", "together"]) func `heads share an epoch otherwise, too`(mixing: String) async throws {
    let place = try TemporaryProject()
    try write(place)
    let summary = try await run(place, mixing, epochs: 1, adapter: mixing == "turns" ? "{lora: {rank: 4, quantization: int8}}" : "head")
    #expect(summary.version == 1, "\(summary.metrics)")
    let registry = try ModelRegistry.open(at: place.surroundings.registry)
    let bundle = try registry.bundle(registry.resolve("several"))
    guard case .many(let model) = try LearntTexts(bundle) else {
      Issue.record("the bundle holds a model of one task")
      return
    }
    #expect(try model.answers(to: ["the cat"]).count == 3)
  }

  @Test func `mistakes are named`() async throws {
    let place = try TemporaryProject()
    try write(place)
    func message(_ heads: String) async -> String {
      do {
        _ = try await engine.run(
          RunRequest(
            project: place.project("name: a\ntask: multi-task\nheads: \(heads)\nmodel: encoder\ntokenizer: {wordpiece: 100}\n"),
            resume: nil,
            aliases: [], tags: [], note: "", surroundings: place.surroundings))
        return ""
      } catch { return "\(error)" }
    }
    #expect(await message("{t: {text-classification: {label: kind}}}").contains("heads.t has no texts"))
    #expect(await message("{a.b: {text-classification: {file: topics.jsonl}}}").contains("a.b"))
    #expect(await message("{t: {text-classification: {file: topics.jsonl, label: kind}}}").contains("kind"))
    #expect(await message("{t: {translation: {file: topics.jsonl}}}").contains("translation"))
    #expect(await message("{}").contains("heads"))
  }
}
