import Evaluation
import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Commands

/// Says the last message again, a token a word; `endless` goes on until it is cancelled.
private final class EchoGenerator: TextGenerator {
  let contextLength: Int?
  private let state = Mutex((requests: [GenerationRequest](), isWriting: false))

  init(contextLength: Int = 1000) { self.contextLength = contextLength }

  var requests: [GenerationRequest] { state.withLock { $0.requests } }
  var isWriting: Bool { state.withLock { $0.isWriting } }

  func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
    state.withLock { $0.requests.append(request) }
    let text: String, length: Int
    switch request.prompt {
    case .text(let prompt): (text, length) = (prompt, prompt.count)
    case .tokens: throw LanguageRequestError(.unsupported(setting: "prompt"))
    case .chat(let messages):
      (text, length) = (messages.last?.content ?? "", messages.reduce(0) { $0 + ($1.content ?? "").count })
    }
    let output = request.maxTokens ?? 0
    if length + output > contextLength ?? .max {
      throw LanguageRequestError(.contextTooLong(limit: contextLength ?? 0, prompt: length, output: output))
    }
    return AsyncThrowingStream { continuation in
      let work = Task {
        continuation.yield(.started(promptTokens: length))
        for word in text.split(separator: " ") {
          continuation.yield(.text(TextDelta(text: (word == text.prefix(word.count) ? "" : " ") + word, tokens: [GeneratedToken(id: 1)])))
        }
        if text.hasPrefix("endless") {
          self.state.withLock { $0.isWriting = true }
          try? await Task.sleep(for: .seconds(600))
          self.state.withLock { $0.isWriting = false }
        }
        continuation.yield(.finished(choice: 0, reason: text.hasPrefix("cut") ? .length : .stop))
        continuation.finish()
      }
      continuation.onTermination = { _ in work.cancel() }
    }
  }

  func engine() -> ScriptedEngine { ScriptedEngine(model: LoadedLanguageModel(name: "echo", version: 2, generator: self)) }
}

private struct LengthEmbedder: TextEmbedder {
  let dimensions: Int? = 2

  func embed(_ inputs: [EmbeddingInput], dimensions: Int?) async throws -> TextEmbeddings {
    let counts = inputs.map { if case .text(let text) = $0 { Float(text.count) } else { Float(0) } }
    return TextEmbeddings(vectors: counts.map { Array([$0, 0.5].prefix(dimensions ?? 2)) }, tokens: Int(counts.reduce(0, +)))
  }

  static var engine: ScriptedEngine { ScriptedEngine(model: LoadedLanguageModel(name: "minilm", version: 1, embedder: LengthEmbedder())) }
}

@Suite struct LanguageCommandTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  @Test func importPassesEverythingOn() async throws {
    let engine = ScriptedEngine()
    let outcome = await martlet(
      "import", "model.gguf", "--name", "tiny", "--alias", "production", "--tag", "a", "--note", "why", engine: engine, registry: "r")
    #expect(outcome.exitCode == 0)
    let asked = try #require(engine.asked.importing)
    #expect(asked.source == "model.gguf" && asked.name == "tiny" && asked.aliases == ["production"] && asked.tags == ["a"])
    #expect(asked.note == "why" && asked.surroundings.registry == "r")
    #expect(outcome.output.contains("  context     8192 tokens\n"))
    #expect(outcome.output.hasSuffix("note: the chat template is ChatML\ntiny@1 is registered, after 1.50 s.\n"), "\(outcome.output)")
    #expect(try await martlet("import", "folder", "--json", engine: engine).decode(ImportSummary.self).name == "smollm2")
    let failing = ScriptedEngine(failure: FileError(path: "x.pth", problem: "would run code"))
    #expect(await martlet("import", "x.pth", engine: failing).notes == "error: x.pth: would run code\n")
  }

  @Test func generateWritesAsItComes() async throws {
    let generator = EchoGenerator()
    let engine = generator.engine()
    let outcome = await martlet(
      "generate", "echo@2", "one two", "--max-tokens", "7", "--temperature", "0.5", "--top-p", "0.9", "--top-k", "3", "--seed", "9",
      "--stop",
      "x", "--stop", "y", engine: engine)
    #expect(outcome.exitCode == 0 && outcome.output == "one two\n" && outcome.notes.isEmpty)
    #expect(engine.asked.loading?.reference == "echo@2")
    let asked = try #require(generator.requests.first)
    #expect(asked.prompt == .text("one two") && asked.maxTokens == 7 && asked.stop == ["x", "y"])
    #expect(asked.sampling.temperature == 0.5 && asked.sampling.topP == 0.9 && asked.sampling.topK == 3 && asked.sampling.seed == 9)
    // What could move the cursor of a terminal does not come through.
    #expect(await martlet("generate", "echo", "a\u{1B}[2Jb", engine: engine).output == "a\u{FFFD}[2Jb\n")
    let document = try await martlet("generate", "echo", "a\u{1B}b", "--json", engine: engine).decode(GenerateSummary.self)
    #expect(document.text == "a\u{1B}b" && document.reason == "stop" && document.completionTokens == 1 && document.promptTokens == 3)
  }

  @Test func generateReadsItsPrompt() async throws {
    let generator = EchoGenerator()
    let engine = generator.engine()
    #expect(await martlet("generate", "echo", engine: engine, input: ScriptedInput(["a", "b "])).output == "a\nb\n")
    #expect(generator.requests.first?.prompt == .text("a\nb "))
    let empty = await martlet("generate", "echo", engine: engine)
    #expect(empty.exitCode == 2 && empty.notes.contains("nothing to continue"))
    let schema = try folder.write("person.json", #"{"type": "object", "properties": {"z": {}, "a": {}}}"#)
    _ = await martlet("generate", "echo", "x", "--schema", schema, engine: engine)
    guard case .jsonSchema(let format)? = generator.requests.last?.format else { return #expect(Bool(false)) }
    #expect(format.name == "person" && format.source.contains(#""z": {}, "a""#))
    let cut = await martlet("generate", "echo", "cut here", "--schema", schema, engine: engine)
    #expect(cut.exitCode == 1 && cut.output == "cut here\n" && cut.notes.contains("the JSON is not finished: 2 tokens are the limit"))
    #expect(await martlet("generate", "echo", "cut here", engine: engine).exitCode == 0)
    #expect(await martlet("generate", "echo", "x", "--schema", "nowhere.json", engine: engine).exitCode == 1)
    for wrong in [["--temperature", "-1"], ["--top-p", "2"], ["--max-tokens", "0"], ["--top-k", "-1"], ["--stop", ""]] {
      #expect(await martlet("generate", "echo", "x", wrong[0] + "=" + wrong[1], engine: engine).exitCode == 2, "\(wrong)")
    }
    let vectors = await martlet("generate", "minilm", "x", engine: LengthEmbedder.engine)
    #expect(vectors.exitCode == 1 && vectors.notes.contains("minilm@1 does not write text") && vectors.notes.contains("martlet embed"))
  }

  @Test func anInterruptionKeepsWhatIsThere() async throws {
    let generator = EchoGenerator()
    let input = ScriptedInput(isInteractive: true)
    let interrupting = Task {
      while !generator.isWriting { try await Task.sleep(for: .milliseconds(1)) }
      input.interrupt()
    }
    let outcome = await martlet("generate", "echo", "endless story", engine: generator.engine(), input: input)
    try await interrupting.value
    #expect(outcome.exitCode == 1 && outcome.output == "endless story\n" && outcome.notes.hasSuffix("; interrupted\n"))
    while generator.isWriting { try await Task.sleep(for: .milliseconds(1)) }
  }

  @Test func chatRemembers() async throws {
    let generator = EchoGenerator()
    let input = ScriptedInput(["hello", "", "/system Be brief.", "how are you", "/retry", "/clear", "new", "/exit", "never"])
    let outcome = await martlet("chat", "echo", "--system", "Old.", "--seed", "1", engine: generator.engine(), input: input)
    #expect(outcome.exitCode == 0 && outcome.output == "hello\nhow are you\nhow are you\nnew\n" && outcome.notes.isEmpty)
    let conversations = generator.requests.map { request -> [String] in
      guard case .chat(let messages) = request.prompt else { return [] }
      return messages.map { "\($0.role.rawValue): \($0.content ?? "")" }
    }
    let known = ["system: Be brief.", "user: hello", "assistant: hello", "user: how are you"]
    #expect(conversations == [["system: Old.", "user: hello"], known, known, ["system: Be brief.", "user: new"]])
    #expect(generator.requests.allSatisfy { $0.sampling.seed == 1 && $0.maxTokens == 512 })
    // A number that was asked for is held to.
    let refused = await martlet("chat", "echo", "--max-tokens", "2000", engine: generator.engine(), input: ScriptedInput(["a"]))
    #expect(refused.output.isEmpty && refused.notes.contains("2000 of output"))
    let shortened = await martlet("generate", "echo", "abc", engine: EchoGenerator(contextLength: 10).engine())
    #expect(shortened.output == "abc\n")
    let document = try await martlet("chat", "echo", "--json", engine: generator.engine(), input: ScriptedInput(["a b"])).decode(
      ChatSummary.self)
    #expect(document.messages == [.init(role: "user", content: "a b"), .init(role: "assistant", content: "a b")])
    #expect(document.completionTokens == 2)
  }

  @Test func `A chat keeps what was said, saves it and goes on with it`() async throws {
    let generator = EchoGenerator()
    let kept = folder.path + "/kept.jsonl", saved = folder.path + "/saved.jsonl", page = folder.path + "/page.md"
    let lines = [
      "\"\"\"one", "  /two", "three\"\"\"", "four \\", "five", "/save \(saved)", "/clear", "six", "/load \(saved)", "/save \(page)",
      "/load nowhere.jsonl",
      "/save", "\"\"\"/seven\"\"\"",
    ]
    let outcome = await martlet(
      "chat", "echo", "--system", "Be brief.", "--transcript", kept, engine: generator.engine(), input: ScriptedInput(lines))
    #expect(outcome.exitCode == 0, "\(outcome.notes)")
    #expect(outcome.notes.contains("nowhere.jsonl: cannot be read") && outcome.notes.contains("/save needs a file"))
    let asked = generator.requests.compactMap { request -> [String]? in
      guard case .chat(let messages) = request.prompt else { return nil }
      return messages.map { $0.content ?? "" }
    }
    #expect(asked.map { $0.last } == ["one\n  /two\nthree", "four \nfive", "six", "/seven"])
    // Loading brings back what was before the clearing.
    #expect(asked.last?.count == 6 && asked.last?.first == "Be brief.")
    let messages = try ChatTranscript.load(kept)
    #expect(messages.map(\.role) == [.system, .user, .assistant, .user, .assistant, .user, .assistant])
    #expect(messages.last?.content == "/seven")
    #expect(try ChatTranscript.load(saved).count == 5)
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(text.hasPrefix("**system**\n\nBe brief.\n\n**user**\n\none\n  /two\nthree\n\n**assistant**\n\n"))
    let wrong = try folder.write("wrong.jsonl", "{\"role\": \"user\", \"content\": \"a\"}\n{\"role\": \"robot\", \"content\": \"b\"}\n")
    #expect(throws: FileError.self) { try ChatTranscript.load(wrong) }
    let nowhere = await martlet("chat", "echo", "--transcript", folder.path + "/no/such/folder", engine: generator.engine())
    #expect(nowhere.exitCode == 1 && nowhere.notes.contains("cannot be written"))
  }

  @Test func `Routes name each language once`() async throws {
    let engine = ScriptedEngine()
    for wrong in [[], ["--to", "en"], ["--to", "en=a", "--to", "en=b"], ["--to", "en=a", "--translator", "x"]] {
      let arguments = ["route", "both", "--identifier", "languages.json"] + wrong
      let output = CapturedOutput()
      #expect(await Commands.execute(arguments: arguments, engine: engine, output: output) == 2, "\(wrong)")
    }
    let refused = await martlet("route", "both", "--identifier", "x.json", "--to", "en=a", engine: engine)
    #expect(refused.exitCode == 1 && refused.notes.contains("no language models"))
  }

  @Test func `Models of texts are judged on JSON Lines`() async throws {
    let file = try folder.write(
      "pairs.jsonl", "{\"a\": \"x\", \"b\": \"xx\", \"score\": 2}\n{\"a\": \"xxx\", \"b\": \"x\", \"score\": 1}\n")
    let outcome = await martlet("evaluate", "minilm", "--tasks", file, engine: LengthEmbedder.engine)
    #expect(outcome.exitCode == 0 && outcome.output.contains("rank correlation"), "\(outcome.notes)")
    #expect(outcome.output.contains("minilm@1, "))
    let document = try await martlet("evaluate", "minilm", "--tasks", file, "--json", engine: LengthEmbedder.engine).decode(
      TextEvaluationSummary.self)
    #expect(document.tasks.map(\.task) == ["pairs"] && document.tasks.first?.records == 2)
    #expect(await martlet("evaluate", "--tasks", file, engine: LengthEmbedder.engine).exitCode == 2)
    #expect(await martlet("evaluate", "minilm", "--shots", "2", engine: LengthEmbedder.engine).exitCode == 2)
    let words = try folder.write("words.jsonl", "{\"prompt\": \"a\", \"target\": \"b\"}\n")
    let refused = await martlet("evaluate", "minilm", "--tasks", words, engine: LengthEmbedder.engine)
    #expect(refused.exitCode == 1 && refused.notes.contains("does not write text"))
  }

  @Test func chatForgetsTheOldestWhereThereIsNoRoom() async throws {
    // Letters are tokens here. An answer of 512 never fits; one of 15, a quarter of the context, is worth while.
    let generator = EchoGenerator(contextLength: 60)
    let long = String(repeating: "x", count: 70)
    let input = ScriptedInput(["0123456789", "abcdefghij", long, "last one"])
    let outcome = await martlet("chat", "echo", engine: generator.engine(), input: input)
    // What is too long by itself is an error of that message only.
    #expect(outcome.output == "0123456789\nabcdefghij\nlast one\n")
    #expect(outcome.notes.contains("error: the prompt has 70 tokens, and the model's context is 60"))
    #expect(generator.requests.map { $0.maxTokens ?? 0 } == [512, 50, 512, 30, 512, 512, 512, 512, 512, 32])
    guard case .chat(let messages)? = generator.requests.last?.prompt else { return #expect(Bool(false)) }
    #expect(messages.map(\.content) == ["abcdefghij", "abcdefghij", "last one"])
  }

  @Test func ctrlCStopsTheAnswerAndNotTheChat() async throws {
    let generator = EchoGenerator()
    let input = ScriptedInput(["endless story", "next", "/wat"], isInteractive: true)
    let interrupting = Task {
      while !generator.isWriting { try await Task.sleep(for: .milliseconds(1)) }
      input.interrupt()
    }
    let outcome = await martlet("chat", "echo", engine: generator.engine(), input: input)
    try await interrupting.value
    #expect(outcome.exitCode == 0 && outcome.output == "endless story\nnext\n")
    #expect(outcome.notes.hasPrefix("echo@2 · /help for commands"))
    #expect(outcome.notes.contains("; interrupted\n") && outcome.notes.contains("unknown command /wat"))
    // The half answer is part of the conversation.
    guard case .chat(let messages)? = generator.requests.last?.prompt else { return #expect(Bool(false)) }
    #expect(messages.map(\.content) == ["endless story", "endless story", "next"])
  }

  @Test func vectorsComeByLineAndByFile() async throws {
    let engine = LengthEmbedder.engine
    let lines = ["a", "", "day \"x\""]
    #expect(await martlet("embed", "minilm", engine: engine, input: ScriptedInput(lines)).output == "[1.0,0.5]\n[0.0,0.5]\n[7.0,0.5]\n")
    let file = try folder.write("texts.txt", "ab\r\ncde")
    let document = try await martlet("embed", "minilm", file, "--json", "--batch", "1", engine: engine).decode(EmbedSummary.self)
    #expect(document.vectors == [[2, 0.5], [3, 0.5]] && document.texts == 2 && document.tokens == 5 && document.dimensions == 2)
    let path = folder.path + "/v"
    let outcome = await martlet("embed", "minilm", "-", "-o", path + ".jsonl", engine: engine, input: ScriptedInput(lines))
    #expect(outcome.output.hasPrefix("3 vectors of 2 numbers in \(path).jsonl, "))
    #expect(
      try String(contentsOfFile: path + ".jsonl", encoding: .utf8).hasSuffix("{\"text\":\"day \\\"x\\\"\",\"vector\":[7.0,0.5]}\n"))
    _ = await martlet("embed", "minilm", "-o", path + ".csv", "--dimensions", "1", engine: engine, input: ScriptedInput(lines))
    #expect(try String(contentsOfFile: path + ".csv", encoding: .utf8) == "e0\n1.0\n0.0\n7.0\n")
    _ = await martlet("embed", "minilm", "-o", path + ".npy", engine: engine, input: ScriptedInput(lines))
    let data = try Data(contentsOf: URL(fileURLWithPath: path + ".npy"))
    #expect(
      data.count == 128 + 24
        && String(decoding: data[10..<128], as: UTF8.self).hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"))
    #expect(Array(data[128..<132]) == [0, 0, 0x80, 0x3F])
    #expect(await martlet("embed", "minilm", "-o", "x.xlsx", engine: engine).exitCode == 2)
    #expect(await martlet("embed", "minilm", engine: engine).notes.contains("standard input: has no lines"))
    let generator = await martlet("embed", "echo", engine: EchoGenerator().engine(), input: ScriptedInput(["a"]))
    #expect(generator.notes.contains("echo@2 makes no vectors"))
  }
}
