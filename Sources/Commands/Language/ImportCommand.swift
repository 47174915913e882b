import ArgumentParser
import Charts

struct ImportCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Register a model that somebody else trained.",
    discussion: """
      A folder with config.json, safetensors and a tokenizer, a GGUF file, or either of them on the
      Hugging Face hub: hf:ORG/NAME, hf:ORG/NAME@REVISION, hf:ORG/NAME/FILE.gguf. Everything is
      checked; no code in it is run. HF_TOKEN, HF_HOME, HF_ENDPOINT and HF_HUB_OFFLINE mean what they
      mean to Python's huggingface_hub; the cache is the same.
      """)

  @Argument(help: "The folder, the .gguf file, or hf:ORG/NAME.", completion: .file())
  var source: String

  @Option(help: ArgumentHelp("The model's name in the registry. (default: by the source)", valueName: "name"))
  var name: String?

  @Option(name: .customLong("alias"), help: ArgumentHelp("Give the new version an alias. Can be repeated.", valueName: "name"))
  var aliases: [String] = []

  @Option(name: .customLong("tag"), help: ArgumentHelp("Give the new version a tag. Can be repeated.", valueName: "tag"))
  var tags: [String] = []

  @Option(help: ArgumentHelp("A note for the new version.", valueName: "text"))
  var note = ""

  @OptionGroup var global: GlobalOptions

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.importModel(
      ImportRequest(source: source, name: name, aliases: aliases, tags: tags, note: note, surroundings: global.surroundings))
    var text = Definitions.render([
      ("kind", "\(summary.kind), \(summary.architecture)"),
      ("parameters", "\(NumberText.count(Double(summary.parameters))) in \(summary.precision)"),
      ("vocabulary", Wording.count(summary.vocabulary, "token")),
      ("context", summary.contextLength.map { Wording.count($0, "token") } ?? ""),
      ("size", NumberText.bytes(summary.bytes)),
    ])
    text += summary.notes.map { "note: \($0)\n" }.joined()
    text += "\(summary.name)@\(summary.version) is registered, after \(NumberText.duration(milliseconds: summary.seconds * 1000)).\n"
    return CommandResult(document: summary, text: text)
  }
}
