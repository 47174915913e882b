import ArgumentParser
import Foundation
import MartletCore
import Project

struct SchemaCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of martlet.yml.",
    discussion: "Editors that know YAML schemas complete and check the file with it.")

  @Option(name: [.short, .long], help: ArgumentHelp("Write it to a file.", valueName: "file"), completion: .file(extensions: ["json"]))
  var output: String?

  @OptionGroup var global: GlobalOptions

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let schema = ProjectSchema.jsonSchema
    let data = try JSON.encode(schema)
    guard let output else { return CommandResult(document: schema, text: String(decoding: data, as: UTF8.self)) }
    try AtomicFile.write(data, to: output)
    return CommandResult(document: ["output": output], text: "\(output) is written\n")
  }
}
