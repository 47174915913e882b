import ArgumentParser
import Charts
import Foundation
import MartletCore

struct GenerateCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Let a language model continue a text.",
    discussion: "Without a prompt it reads standard input. For questions and answers there is martlet chat.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Argument(help: "The text to continue. (default: standard input)")
  var prompt: String?

  @Option(
    help: ArgumentHelp("Write JSON that fits the JSON Schema in this file.", valueName: "file"), completion: .file(extensions: ["json"]))
  var schema: String?

  @OptionGroup var generation: GenerationOptions
  @OptionGroup var global: GlobalOptions

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let format = try format()
    let text = try await prompt(context)
    let model = try await engine.loadLanguageModel(
      LanguageModelRequest(reference: reference, draft: generation.draft, surroundings: global.surroundings))
    let generator = try model.requireGenerator()
    var request = generation.request(.text(text))
    request.format = format
    let writer = GenerationWriter(context, json: global.json)
    let work = Task { [request, generation] in
      do {
        return try await writer.write(request, by: generator)
      } catch let error as LanguageRequestError {
        guard let shorter = generation.shortened(request, after: error) else { throw error }
        return try await writer.write(shorter, by: generator)
      }
    }
    let watch = Interruption(context.input) { work.cancel() }
    defer { watch.end() }
    let outcome = try await work.value
    let summary = GenerateSummary(
      model: model.name, version: model.version, prompt: text, text: outcome.text, reason: outcome.reason,
      promptTokens: outcome.usage.promptTokens, completionTokens: outcome.usage.completionTokens,
      firstTokenSeconds: outcome.firstTokenSeconds, tokensPerSecond: outcome.tokensPerSecond, seconds: outcome.seconds)
    if !global.quiet, !global.json, context.input.isInteractive { context.output.note("\n" + outcome.line) }
    // Half a document fits no schema.
    let isCut = schema != nil && outcome.reason == FinishReason.length.rawValue
    if isCut {
      let limit = Wording.count(outcome.usage.completionTokens, "token")
      context.output.note("\nerror: the JSON is not finished: \(limit) are the limit\n  try: a larger --max-tokens\n")
    }
    return CommandResult(
      document: summary, text: outcome.text.hasSuffix("\n") ? "" : "\n",
      exitCode: isCut || outcome.reason == "interrupted" ? ExitStatus.failed : ExitStatus.done)
  }

  private func prompt(_ context: CommandContext) async throws -> String {
    if let prompt { return prompt }
    if context.input.isInteractive, !global.quiet { context.output.note("the text to continue; Ctrl-D ends it\n") }
    var text = try await context.input.readAll()
    // The end of the last line is the file's and not the text's.
    if text.hasSuffix("\n") { text.removeLast() }
    guard !text.isEmpty else {
      throw UsageError(problem: "there is nothing to continue", expected: "a prompt as argument or on standard input")
    }
    return text
  }

  private func format() throws -> GenerationFormat {
    guard let schema else { return .text }
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: schema)) } catch {
      throw FileError(path: schema, problem: "cannot be read", expected: "a JSON Schema")
    }
    let value = try JSON.decode(JSONValue.self, from: data, source: schema)
    guard case .object = value else { throw FileError(path: schema, problem: "is no JSON object", expected: "a JSON Schema") }
    let name = URL(fileURLWithPath: schema).deletingPathExtension().lastPathComponent
    return .jsonSchema(JSONSchemaFormat(name: name, schema: value, source: String(decoding: data, as: UTF8.self)))
  }
}

extension GenerationWriter.Outcome {
  /// `12 tokens, 34.5 tokens/s, 0.41 s to the first`
  var line: String {
    var text = Wording.count(usage.completionTokens, "token")
    if let tokensPerSecond { text += ", \(NumberText.significant(tokensPerSecond, digits: 3)) tokens/s" }
    if let firstTokenSeconds { text += ", \(NumberText.duration(milliseconds: firstTokenSeconds * 1000)) to the first" }
    if reason == FinishReason.length.rawValue { text += "; the limit of tokens is reached" }
    if reason == "interrupted" { text += "; interrupted" }
    return text + "\n"
  }
}

/// Calls a closure at every Ctrl-C, until it is ended.
struct Interruption: Sendable {
  private let task: Task<Void, Never>

  init(_ input: any CommandInput, _ action: @escaping @Sendable () -> Void) {
    let interrupts = input.interrupts()
    task = Task { for await _ in interrupts { action() } }
  }

  func end() { task.cancel() }
}
