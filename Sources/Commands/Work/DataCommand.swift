import ArgumentParser
import Charts

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Look at data.", subcommands: [DataProfileCommand.self, DataCheck.self, DataPreview.self])
}

struct DataPreview: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview", abstract: "Write a contact sheet of the pictures as the network will see them.")

  @Argument(help: "The project file or its folder. (default: martlet.yml)", completion: .file(extensions: ["yml", "yaml"]))
  var file: String?

  @Option(help: "Which pictures.")
  var part = PartArgument.train

  @Option(help: ArgumentHelp("How many pictures.", valueName: "number"))
  var count = 64

  @Flag(help: "With the random changes that training makes.")
  var augmented = false

  @Option(name: [.short, .long], help: ArgumentHelp("The PNG file to write.", valueName: "file"), completion: .file(extensions: ["png"]))
  var output = "preview.png"

  @OptionGroup var project: ProjectOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard (1...10_000).contains(count) else { throw ValidationError("--count is \(count); expected a whole number from 1 to 10000") }
    if augmented, part != .train { throw ValidationError("--augmented goes with --part train: only training pictures are changed") }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.preview(
      PreviewRequest(
        project: project.load(file), part: part.part, count: count, augmented: augmented, output: output, surroundings: global.surroundings)
    )
    var table = TextTable(columns: [.init("class"), .number("pictures")])
    for (name, number) in summary.classes.sorted(by: { $0.key < $1.key }) { table.append([name, String(number)]) }
    let size = (summary.size + [summary.channels]).map(String.init).joined(separator: "x")
    let text =
      context.render(table)
      + "\n\(Wording.count(summary.shown, "picture")) of \(size) in \(summary.output)\n"
    return CommandResult(document: summary, text: text)
  }
}

/// The parts as the command line spells them.
enum PartArgument: String, ExpressibleByArgument, CaseIterable {
  case train, validation, test

  var part: PreviewRequest.Part {
    switch self {
    case .train: .train
    case .validation: .validation
    case .test: .test
    }
  }
}
