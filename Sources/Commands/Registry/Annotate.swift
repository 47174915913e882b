import ArgumentParser
import Charts
import Registry

struct TagCommand: RegistryCommand {
  static let configuration = CommandConfiguration(commandName: "tag", abstract: "Give a version tags, or take them away.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Argument(help: "Words.")
  var tags: [String]

  @Flag(help: "Take them away.")
  var remove = false

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let version = try registry.resolve(reference)
    let changed = try remove ? registry.removeTags(tags, from: version) : registry.addTags(tags, to: version)
    let words = changed.tags.isEmpty ? "no tags" : changed.tags.joined(separator: ", ")
    return CommandResult(document: changed, text: "\(changed.reference): \(words)\n")
  }
}

struct NoteCommand: RegistryCommand {
  static let configuration = CommandConfiguration(commandName: "note", abstract: "Write a note on a version, in place of the old one.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Argument(help: "The note; '' removes it.")
  var text: String

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let changed = try registry.setNote(text, for: registry.resolve(reference))
    let note = TextTable.printable(changed.note, unicode: context.unicode)
    return CommandResult(document: changed, text: "\(changed.reference): \(note.isEmpty ? "no note" : note)\n")
  }
}
