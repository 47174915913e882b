import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Evaluation

/// A model over bytes: each follows the one before by a rule, so that everything can be computed by hand. A byte is a token.
private struct ByteModel: TextTokenizing {
  var contextLength: Int? = 64
  /// What it writes, whatever it is asked.
  var answer = ""
  /// The natural logarithm of the probability of a byte after another.
  var score: @Sendable (UInt8, UInt8) -> Double = { last, next in last == next ? -0.5 : -2 }

  func tokens(of text: String) throws -> [Int] { text.utf8.map { Int($0) } }

  func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
    let bytes: [UInt8]
    switch request.prompt {
    case .text(let text): bytes = Array(text.utf8)
    case .tokens(let ids): bytes = ids.map { UInt8($0) }
    case .chat(let messages): bytes = Array((messages.last?.content ?? "").utf8)
    }
    guard bytes.count + (request.maxTokens ?? 1) <= contextLength ?? Int.max else {
      throw LanguageRequestError(.contextTooLong(limit: contextLength ?? 0, prompt: bytes.count, output: 0))
    }
    let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
    continuation.yield(.started(promptTokens: bytes.count))
    if request.echoesPrompt {
      let tokens = bytes.indices.map { index in
        GeneratedToken(
          id: Int(bytes[index]), bytes: [bytes[index]], logProbability: index > 0 ? score(bytes[index - 1], bytes[index]) : nil)
      }
      continuation.yield(.text(TextDelta(text: String(decoding: bytes, as: UTF8.self), tokens: tokens)))
    }
    continuation.yield(.text(TextDelta(text: answer, tokens: [GeneratedToken(id: 0, bytes: Array(answer.utf8), logProbability: -1)])))
    continuation.yield(.finished(choice: 0, reason: .stop))
    continuation.yield(.usage(GenerationUsage(promptTokens: bytes.count, completionTokens: 1)))
    continuation.finish()
    return stream
  }
}

/// Vectors of letter counts.
private struct LetterModel: TextEmbedder {
  var dimensions: Int? { 26 }

  func embed(_ inputs: [EmbeddingInput], dimensions: Int?) async throws -> TextEmbeddings {
    let vectors = inputs.map { input -> [Float] in
      guard case .text(let text) = input else { return [] }
      return (UInt8(ascii: "a")...UInt8(ascii: "z")).map { letter in Float(text.utf8.count { $0 == letter }) }
    }
    return TextEmbeddings(vectors: vectors, tokens: inputs.count)
  }
}

@Suite struct TextTaskTests {
  private func task(_ lines: String) throws -> TextTask { try TextTask(jsonLines: Data(lines.utf8), name: "task") }

  private func options(_ change: (inout TextHarness.Options) -> Void = { _ in }) -> TextHarness.Options {
    var options = TextHarness.Options()
    options.intervals.resamples = 50
    change(&options)
    return options
  }

  @Test func `Choices are scored after their prompt, alone and for their length`() async throws {
    // "aa" costs 0.5 a byte, "b…" 2 for each change; the space between costs 2 on both sides.
    let task = try task(
      """
      {"prompt": "a", "choices": ["a", "bc"], "answer": 0}
      {"prompt": "a ", "choices": ["bbbbbbbb", "c"], "answer": "bbbbbbbb"}

      {"prompt": "a", "choices": ["x", "aaaa"], "answer": "B", "separator": ""}
      """)
    #expect(task.kind == .multipleChoice && task.count == 3)
    let report = try await TextHarness(generator: ByteModel(), options: options()).run(task)
    let sums = report.predictions.map { $0["log_probabilities"]?.arrayValue?.compactMap(\.doubleValue) ?? [] }
    #expect(sums == [[-4, -6], [-7.5, -4], [-2, -2]])
    #expect(report.metrics["acc"]?.value == 1.0 / 3)
    #expect(report.metrics["acc_norm"]?.value == 2.0 / 3)
    #expect(report.metrics["acc_bytes"]?.value == 2.0 / 3)
    let confidence = 1 / (1 + exp(-2.0)), second = 1 / (1 + exp(-3.5)), third = 0.5
    let brier = (2 * pow(1 - confidence, 2) + 2 * pow(second, 2) + 2 * pow(third, 2)) / 3
    #expect(abs((report.metrics["brier"]?.value ?? 0) - brier) < 1e-12)
    #expect(abs((report.metrics["ece"]?.value ?? 0) - ((1 - confidence) + second + third) / 3) < 1e-12)
    for estimate in report.metrics.values { #expect(estimate.lower <= estimate.value && estimate.value <= estimate.upper) }
  }

  @Test func `White space belongs to what follows`() {
    #expect(TextHarness.join("Q: ", " ", "yes") == ("Q:", " yes"))
    #expect(TextHarness.join("Q:", " ", "yes") == ("Q:", " yes"))
    #expect(TextHarness.join("Q:", " ", " yes") == ("Q:", " yes"))
    #expect(TextHarness.join("Q:\n", " ", "yes") == ("Q:\n", "yes"))
    #expect(TextHarness.join("问：", "", "是") == ("问：", "是"))
    #expect(TextHarness.join("", " ", "x") == ("", "x"))
  }

  @Test func `Solved examples stand before the question, and never the question itself`() async throws {
    let lines = (0..<4).map { "{\"prompt\": \"p\($0)\", \"target\": \"t\($0)\"}" }.joined(separator: "\n")
    let model = Listener()
    let harness = TextHarness(
      generator: model,
      options: options {
        $0.shots = 2; $0.maxTokens = 8
      })
    _ = try await harness.run(task(lines))
    let seen = model.prompts.sorted()
    #expect(seen == ["p0 t0\n\np1 t1\n\np2", "p0 t0\n\np1 t1\n\np3", "p0 t0\n\np2 t2\n\np1", "p1 t1\n\np2 t2\n\np0"])
    await #expect(throws: ArgumentError.self) {
      _ = try await TextHarness(
        generator: model,
        options: options {
          $0.shots = 4; $0.maxTokens = 8
        }
      ).run(task(lines))
    }
    _ = try await TextHarness(
      generator: model,
      options: options {
        $0.shots = 4; $0.maxTokens = 8
      }
    ).run(
      task("{\"prompt\": \"q\", \"target\": \"t\"}"), examples: task(lines))
    #expect(model.prompts.contains("p0 t0\n\np1 t1\n\np2 t2\n\np3 t3\n\nq"))
  }

  @Test func `Answers in words are compared with any of the targets`() async throws {
    let task = try task(
      """
      {"prompt": "Who?", "target": ["The Paris!", "x"]}
      {"prompt": "Where?", "target": "paris texas"}
      {"prompt": "", "target": "asked elsewhere", "prediction": "asked elsewhere"}
      """)
    let report = try await TextHarness(generator: ByteModel(answer: " paris \n"), options: options { $0.maxTokens = 16 }).run(task)
    #expect(report.metrics["exact_match"]?.value == 2.0 / 3)
    #expect(abs((report.metrics["f1"]?.value ?? 0) - (1 + 2.0 / 3 + 1) / 3) < 1e-12)
    #expect(report.predictions == ["paris", "paris", "asked elsewhere"])
    let chrf = try Metrics.chrF(
      hypotheses: ["paris", "paris", "asked elsewhere"], references: [["The Paris!", "x"], ["paris texas"], ["asked elsewhere"]])
    #expect(report.metrics["chrf"]?.value == chrf)
  }

  @Test(arguments: [(8, 4), (8, 1), (64, nil), (5, 4)] as [(Int, Int?)])
  func `Perplexity scores each token once, whatever the window`(window: Int, stride: Int?) async throws {
    let text = "aab ccd\n日本 eeff gg"
    let bytes = Array(text.utf8)
    let loss = zip(bytes, bytes.dropFirst()).reduce(0.0) { $0 + ($1.0 == $1.1 ? 0.5 : 2) }
    let record = try JSON.encode(JSONValue.object(["text": .string(text)]), pretty: false)
    let task = try TextTask(jsonLines: record, name: "text")
    let harness = TextHarness(generator: ByteModel(), options: options { ($0.window, $0.stride) = (window, stride) })
    let report = try await harness.run(task)
    #expect(report.tokens == bytes.count - 1)
    #expect(abs((report.metrics["perplexity"]?.value ?? 0) - exp(loss / Double(bytes.count - 1))) < 1e-9)
    #expect(abs((report.metrics["bits_per_byte"]?.value ?? 0) - loss / Double(bytes.count - 1) / log(2)) < 1e-9)
    #expect(abs((report.metrics["bits_per_character"]?.value ?? 0) - loss / Double(text.unicodeScalars.count - 1) / log(2)) < 1e-9)
  }

  @Test func `Retrieval ranks what is near, and gives no points for equal nearness`() async throws {
    let task = try task(
      """
      {"query": "aab", "positives": ["aaab"], "negatives": ["zzz", "ab"]}
      {"query": "xyz", "positives": ["zyx"], "corpus": ["yxz", "abc"]}
      {"query": "q", "positives": ["qq"], "negatives": ["rr"]}
      """)
    let report = try await TextHarness(embedder: LetterModel(), options: options()).run(task)
    #expect(report.metrics["recall_at_1"]?.value == 2.0 / 3)
    #expect(report.metrics["mrr"]?.value == (1 + 0.5 + 1) / 3)
    #expect(report.metrics["recall_at_5"]?.value == 1)
    let pool = try self.task("{\"query\": \"ab\", \"positives\": \"abb\"}\n{\"query\": \"cd\", \"positives\": [\"dc\"]}")
    #expect(try await TextHarness(embedder: LetterModel(), options: options()).run(pool).metrics["mrr"]?.value == 1)
    await #expect(throws: ArgumentError.self) { _ = try await TextHarness(generator: ByteModel(), options: options()).run(task) }
  }

  @Test func `Similarity correlates with what people say`() async throws {
    let task = try task(
      """
      {"a": "abc", "b": "abc", "score": 5}
      {"a": "abc", "b": "abd", "score": 3}
      {"a": "abc", "b": "ade", "score": 2.5}
      {"a": "abc", "b": "xyz", "score": 0}
      """)
    let report = try await TextHarness(embedder: LetterModel(), options: options()).run(task)
    #expect(abs((report.metrics["spearman"]?.value ?? 0) - 1) < 1e-12)
    let pearson = try Metrics.pearson([1, 2.0 / 3, 1.0 / 3, 0], [5, 3, 2.5, 0])
    #expect(abs((report.metrics["pearson"]?.value ?? 0) - pearson) < 1e-6)
  }

  @Test func `Spans that were found elsewhere are scored without a model`() async throws {
    let task = try task(
      """
      {"tags": ["B-PER", "I-PER", "O", "B-LOC"], "predicted": ["B-PER", "I-PER", "O", "O"]}
      {"tags": ["O", "B-LOC"], "predicted": ["B-LOC", "B-LOC"]}
      """)
    let report = try await TextHarness(options: options()).run(task)
    #expect(report.metrics["f1"]?.value == 2.0 / 3)
    #expect(report.metrics["f1_PER"]?.value == 1 && report.metrics["f1_LOC"]?.value == 0.5)
    #expect(report.metrics["macro_f1"]?.value == 0.75)
  }

  @Test(arguments: [
    "", "[1]", "{\"x\": 1}", "{\"prompt\": \"p\", \"choices\": [\"a\"], \"answer\": 0}",
    "{\"prompt\": \"p\", \"choices\": [\"a\", \"b\"], \"answer\": 2}",
    "{\"prompt\": \"p\", \"choices\": [\"a\", \"b\"]}", "{\"prompt\": 1, \"target\": \"x\"}", "{\"text\": 5}",
    "{\"a\": \"x\", \"b\": \"y\"}",
    "{\"text\": \"x\"}\n{\"prompt\": \"p\"}", "{\"tags\": [\"O\"], \"predicted\": []}", "{\"query\": \"q\", \"positives\": []}",
    "{\"text\": \"x\"",
  ])
  func `Files that are no task are refused with the line`(lines: String) {
    let error = #expect(throws: FileError.self) { try TextTask(jsonLines: Data(lines.utf8), name: "x", source: "x.jsonl") }
    #expect(error?.description.hasPrefix("x.jsonl") == true)
  }
}

/// Remembers what it is asked.
private final class Listener: TextGenerator {
  private let all = Mutex<[String]>([])
  var prompts: [String] { all.withLock { $0 } }
  var contextLength: Int? { nil }

  func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
    if case .text(let text) = request.prompt { all.withLock { $0.append(text) } }
    return try await ByteModel().generate(request)
  }
}
