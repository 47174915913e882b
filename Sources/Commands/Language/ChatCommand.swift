import ArgumentParser
import Charts
import Foundation
import MartletCore
import Synchronization

struct ChatCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talk to a language model.",
    discussion: """
      A line is a message; the model remembers the conversation. /help lists what else can be said.
      A line that ends in \\ goes on in the next; \"\"\" begins and ends a message of many lines.
      Ctrl-C stops an answer, Ctrl-D ends the chat. Lines of another program are answered one by one.
      """)

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Option(help: ArgumentHelp("What the model is told about its task.", valueName: "text"))
  var system: String?

  @Option(
    help: ArgumentHelp("Keep the conversation in this file: JSON Lines where it ends in .jsonl, else Markdown.", valueName: "file"),
    completion: .file())
  var transcript: String?

  @OptionGroup var generation: GenerationOptions
  @OptionGroup var global: GlobalOptions

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let model = try await engine.loadLanguageModel(
      LanguageModelRequest(reference: reference, draft: generation.draft, surroundings: global.surroundings))
    var chat = Chat(
      generator: try model.requireGenerator(), options: generation, writer: GenerationWriter(context, json: global.json), context: context,
      isQuiet: global.quiet || global.json || !context.input.isInteractive, system: system,
      transcript: try transcript.map { path throws(FileError) in
        try ChatTranscript(path, model: model.reference, date: context.now)
      })
    if !chat.isQuiet { context.output.note("\(model.reference) · /help for commands · Ctrl-C stops an answer, Ctrl-D ends\n") }
    try await chat.run()
    let summary = ChatSummary(
      model: model.name, version: model.version,
      messages: chat.messages.map { ChatSummary.Message(role: $0.role.rawValue, content: $0.content ?? "") },
      completionTokens: chat.completionTokens)
    return CommandResult(document: summary, text: "")
  }
}

/// A conversation in a terminal.
struct Chat {
  let generator: any TextGenerator
  let options: GenerationOptions
  let writer: GenerationWriter
  let context: CommandContext
  /// No prompts and no remarks.
  let isQuiet: Bool
  private(set) var completionTokens = 0
  private var system: String?
  private var turns: [ChatMessage] = []
  private let transcript: ChatTranscript?
  private let answering = Answering()

  static let help = """
    /clear            forget the conversation
    /system TEXT      tell the model about its task, from now on; without a text, nothing
    /retry            answer the last message again
    /save FILE        write the conversation to a file: JSON Lines where it ends in .jsonl, else Markdown
    /load FILE        go on with a conversation from JSON Lines
    \"\"\"               begin, and end, a message of many lines; a line that ends in \\ goes on in the next
    /exit             end the chat; so does Ctrl-D

    """

  init(
    generator: any TextGenerator, options: GenerationOptions, writer: GenerationWriter, context: CommandContext, isQuiet: Bool,
    system: String?,
    transcript: ChatTranscript? = nil
  ) {
    self.generator = generator
    self.options = options
    self.writer = writer
    self.context = context
    self.isQuiet = isQuiet
    self.system = system
    self.transcript = transcript
  }

  /// The conversation as the model knows it.
  var messages: [ChatMessage] { (system.map { [ChatMessage(.system, $0)] } ?? []) + turns }

  /// Reads and answers until the input ends.
  /// - Throws: what has to do with the program and not with a message.
  mutating func run() async throws {
    let watch = Interruption(context.input) { [answering, context, isQuiet] in
      if !answering.stop(), !isQuiet { context.output.note("\nCtrl-D or /exit ends the chat\n> ") }
    }
    defer { watch.end() }
    if let system { try transcript?.add(ChatMessage(.system, system)) }
    while let message = await nextMessage() {
      if message.isCommand {
        if try await !obey(message.text) { return }
      } else if !message.text.isEmpty {
        turns.append(ChatMessage(.user, message.text))
        try transcript?.add(ChatMessage(.user, message.text))
        try await answer()
      }
    }
    if !isQuiet { context.output.note("\n") }
  }

  private func next(_ prompt: String = "> ") async -> String? {
    if !isQuiet { context.output.note(prompt) }
    return await context.input.readLine()
  }

  /// The next message, of one line or of many; what begins with a slash is a command unless it is one line of many.
  private func nextMessage() async -> (text: String, isCommand: Bool)? {
    guard let first = await next() else { return nil }
    let quotes = "\"\"\""
    var line = first.trimmingCharacters()
    if line.hasPrefix(quotes) {
      var rest = String(line.dropFirst(3))
      if rest.hasSuffix(quotes) { return (String(rest.dropLast(3)).trimmingCharacters(), false) }
      while let more = await next(". ") {
        let end = more.trimmingCharacters()
        guard end.hasSuffix(quotes) else {
          rest += "\n" + more
          continue
        }
        rest += "\n" + end.dropLast(3)
        break
      }
      return (rest.trimmingCharacters(), false)
    }
    var isLong = false
    while line.hasSuffix("\\") {
      isLong = true
      line.removeLast()
      guard let more = await next(". ") else { break }
      line += "\n" + more.trimmingCharacters()
    }
    return (line.trimmingCharacters(), line.hasPrefix("/") && !isLong)
  }

  /// - Returns: `false` at the end of the chat.
  private mutating func obey(_ line: String) async throws -> Bool {
    let word = line.prefix { $0 != " " }
    let rest = line.dropFirst(word.count).trimmingCharacters()
    switch word {
    case "/exit", "/quit", "/bye": return false
    case "/clear":
      turns = []
      try transcript?.clear()
      remark("the conversation is forgotten")
    case "/system":
      system = rest.isEmpty ? nil : rest
      try transcript?.add(ChatMessage(.system, rest))
      remark(rest.isEmpty ? "the model is told nothing about its task" : "the model is told: \(rest)")
    case "/retry":
      while let last = turns.last, last.role != .user { turns.removeLast() }
      if turns.isEmpty { remark("there is no message to answer") } else { try await answer() }
    case "/save", "/load":
      guard !rest.isEmpty else {
        context.output.note("\(word) needs a file; try: \(word) chat.jsonl\n")
        return true
      }
      do {
        try word == "/save" ? save(rest) : load(rest)
      } catch {
        // A wrong name is no reason to lose the conversation.
        context.output.note("error: \(error)\n")
      }
    case "/help", "/?": context.output.note(Self.help)
    default:
      let near = NearestName.of(String(word), among: ["/clear", "/system", "/retry", "/save", "/load", "/exit", "/help"])
      context.output.note("unknown command \(word)\(near.map { "; try: \($0)" } ?? "; /help lists all")\n")
    }
    return true
  }

  private func save(_ path: String) throws(FileError) {
    try ChatTranscript.save(messages, to: (path as NSString).expandingTildeInPath)
    remark("\(Wording.count(messages.count, "message")) in \(path)")
  }

  private mutating func load(_ path: String) throws(FileError) {
    let loaded = try ChatTranscript.load((path as NSString).expandingTildeInPath)
    system = loaded.last { $0.role == .system }.flatMap { $0.content?.isEmpty == false ? $0.content : nil }
    turns = loaded.filter { $0.role != .system }
    try transcript?.clear()
    for message in messages { try transcript?.add(message) }
    remark("\(Wording.count(messages.count, "message")) from \(path)")
  }

  private func remark(_ text: String) { if !isQuiet { context.output.note("\(text)\n") } }

  /// Answers the last message. Where the conversation has become too long for the model, its oldest turns are left out.
  private mutating func answer() async throws {
    let before = turns.dropLast()
    var next: GenerationRequest?
    while true {
      let request = next ?? options.request(.chat(messages))
      let work = Task { [writer, generator] in try await writer.write(request, by: generator) }
      answering.begin(work)
      defer { answering.end() }
      do {
        let outcome = try await work.value
        if turns.count <= before.count { remark("the conversation is too long for the model; its oldest part is forgotten") }
        turns.append(ChatMessage(.assistant, outcome.text))
        try transcript?.add(ChatMessage(.assistant, outcome.text))
        completionTokens += outcome.usage.completionTokens
        if !writer.isSilent { try context.output.write(outcome.text.hasSuffix("\n") ? "" : "\n") }
        if !isQuiet { context.output.note("  " + outcome.line) }
        return
      } catch let error as LanguageRequestError {
        // A quarter of the context is enough for an answer; less is only taken where nothing can be forgotten.
        next = options.shortened(request, after: error, share: 0.25)
        if next != nil { continue }
        if case .contextTooLong = error.kind, forgetOldest() { continue }
        next = options.shortened(request, after: error)
        if next != nil { continue }
        // The message is the error, and not what was said before it.
        turns = Array(before)
        context.output.note("error: \(error)\n")
        return
      }
    }
  }

  /// Leaves out the oldest message and its answer.
  /// - Returns: `false` if only the last message is left.
  private mutating func forgetOldest() -> Bool {
    guard let next = turns.indices.dropFirst().first(where: { turns[$0].role == .user }) else { return false }
    turns.removeSubrange(..<next)
    return true
  }
}

/// The answer that is being written, which Ctrl-C stops.
private final class Answering: Sendable {
  private let work = Mutex<Task<GenerationWriter.Outcome, any Error>?>(nil)

  func begin(_ task: Task<GenerationWriter.Outcome, any Error>) { work.withLock { $0 = task } }

  func end() { work.withLock { $0 = nil } }

  /// - Returns: whether there was something to stop.
  func stop() -> Bool {
    work.withLock { work in
      work?.cancel()
      return work != nil
    }
  }
}

extension StringProtocol {
  /// Without white space at both ends.
  fileprivate func trimmingCharacters() -> String {
    var rest = self[...]
    while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
    while rest.last?.isWhitespace == true { rest = rest.dropLast() }
    return String(rest)
  }
}
