import Foundation
import MartletCore
import Project
import Testing

@testable import Commands
@testable import Martlet

/// `martlet init` looks at texts and writes a project that runs.
@Suite(.serialized) struct TextInitTests {
  private let engine = MartletEngine()

  private func initialize(_ place: TemporaryProject, _ input: String, task: String? = nil) async throws -> InitSummary {
    try await engine.initialize(
      InitRequest(
        input: place.folder + "/" + input, target: nil, task: task, folder: place.folder + "/new", force: true,
        surroundings: place.surroundings))
  }

  private static func sentences(_ count: Int) -> [(text: String, label: String)] {
    (0..<count).map {
      ($0 % 2 == 0 ? "the cat number \($0 % 9) sat on the mat" : "a ripe plum number \($0 % 7) fell down", $0 % 2 == 0 ? "cat" : "plum")
    }
  }

  private func write(_ text: String, _ name: String, in place: TemporaryProject) throws {
    let path = place.folder + "/" + name
    try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try AtomicFile.write(Data(text.utf8), to: path)
  }

  /// Writes every kind of input; gives the task that each is for.
  private func inputs(_ place: TemporaryProject) throws -> [(input: String, task: ProjectTask)] {
    let rows = Self.sentences(60)
    for (number, row) in rows.enumerated() { try write(row.text, "classes/\(row.label)/\(number).txt", in: place) }
    try write(rows.map(\.text).joined(separator: "\n"), "plain/all.txt", in: place)
    try write(rows.map(\.text).joined(separator: "\n"), "plain.txt", in: place)
    try write("id,text,label\n" + rows.enumerated().map { "\($0),\($1.text),\($1.label)\n" }.joined(), "labels.csv", in: place)
    try write(rows.map { "{\"review\": \"\($0.text)\", \"stars\": \($0.label == "cat" ? 1 : 5)}\n" }.joined(), "reviews.jsonl", in: place)
    try write("text,topics\n" + rows.map { "\($0.text),\($0.label);pets\n" }.joined(), "several.csv", in: place)
    try write(
      rows.map { row in "{\"tokens\": [\"see\", \"\(row.label)\"], \"ner_tags\": [\"O\", \"B-X\"]}\n" }.joined(), "tags.jsonl", in: place)
    try write(rows.map { "see O\n\($0.label) B-X\n\n" }.joined(), "tags.conll", in: place)
    try write("query,answer\n" + rows.map { "where is the \($0.label),\($0.text)\n" }.joined(), "pairs.csv", in: place)
    try write("en,es\n" + rows.map { "\($0.text),el \($0.label) rojo\n" }.joined(), "languages.csv", in: place)
    return [
      ("classes", .textClassification), ("plain", .languageModel), ("plain.txt", .languageModel), ("labels.csv", .textClassification),
      ("reviews.jsonl", .textClassification), ("several.csv", .textClassification), ("tags.jsonl", .tokenClassification),
      ("tags.conll", .tokenClassification), ("pairs.csv", .embedding), ("languages.csv", .translation),
    ]
  }

  @Test func `what can be learnt from texts is recognised and runs`() async throws {
    let place = try TemporaryProject()
    for (input, task) in try inputs(place) {
      let summary = try await initialize(place, input)
      #expect(summary.task == task.rawValue && summary.rows == 60 && summary.schema == nil, "\(input): \(summary)")
      let overrides: [String] =
        switch task {
        case .languageModel: ["model={decoder: {layers: 1, width: 32, heads: 2, context: 64}}", "data.length=32", "tokenizer=characters"]
        case .translation: ["model={encoder-decoder: {layers: 1, width: 16, heads: 2, context: 64}}", "data.length=16"]
        default: ["model={encoder: {layers: 1, width: 16, heads: 2, context: 64}}", "tokenizer={wordpiece: 100}", "data.length=16"]
        }
      let file = try ProjectFile.load(summary.project, overrides: overrides + ["training.epochs=1", "training.threads=1"])
      #expect(file.project.task == task)
      let run = try await engine.run(
        RunRequest(project: file, resume: nil, aliases: [], tags: [], note: "", surroundings: place.surroundings))
      #expect(run.version != nil && !run.training.interrupted, "\(input)")
    }
    // Tables in a folder: one to learn from, one to judge by, and a licence.
    for name in ["train", "test"] {
      try write("text,label\n" + Self.sentences(30).map { "\($0.text),\($0.label)\n" }.joined(), "set/\(name).csv", in: place)
    }
    try write("May be used by anybody.\n", "set/LICENSE.md", in: place)
    let set = try await initialize(place, "set")
    #expect(set.task == "text-classification" && set.rows == 30)
    #expect(try ProjectFile.load(set.project).project.text?.data.test == .file("../set/test.csv"))
    let several = try String(contentsOfFile: try await initialize(place, "several.csv").project, encoding: .utf8)
    #expect(several.contains("separator: \";\"") && several.contains("label: topics"))
    // What was said counts for more than what was seen.
    #expect(try await initialize(place, "languages.csv", task: "embedding").task == "embedding")
    #expect(try await initialize(place, "labels.csv", task: "language-model").task == "language-model")
  }

  @Test func `what is not recognised is said`() async throws {
    let place = try TemporaryProject()
    _ = try inputs(place)
    try write("age,income\n" + (0..<50).map { "\($0),\($0 * 3)\n" }.joined(), "table.csv", in: place)
    let error = await #expect(throws: UsageError.self) { try await initialize(place, "table.csv") }
    #expect(error?.problem.contains("--target is missing") == true && error?.problem.contains("income") == true)
    await #expect(throws: ArgumentError.self) { try await initialize(place, "table.csv", task: "translation") }
    await #expect(throws: ArgumentError.self) { try await initialize(place, "plain.txt", task: "token-classification") }
    await #expect(throws: FileError.self) { try await initialize(place, "nowhere.txt") }
    _ = try await initialize(place, "plain.txt")
    await #expect(throws: ArgumentError.self) {
      try await engine.initialize(
        InitRequest(
          input: place.folder + "/plain.txt", target: nil, task: nil, folder: place.folder + "/new", force: false,
          surroundings: place.surroundings))
    }
  }

  @Test func `writing other than Latin gets a model of its own`() async throws {
    let place = try TemporaryProject()
    let rows = (0..<40).map { $0 % 2 == 0 ? "这家餐厅的菜很好吃,\($0)" : "服务太慢了,不会再来,\($0)" }
    try write(rows.map { "{\"text\": \"\($0)\", \"label\": \"\($0.hasPrefix("这") ? "好" : "坏")\"}\n" }.joined(), "zh.jsonl", in: place)
    let summary = try await initialize(place, "zh.jsonl")
    let text = try String(contentsOfFile: summary.project, encoding: .utf8)
    #expect(summary.task == "text-classification" && text.contains("tokenizer: characters") && text.contains("encoder:"), "\(text)")
  }
}
