import ArgumentParser
import Charts
import MartletCore
import Registry

struct Retention: RegistryCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say which versions are kept, and delete the others.",
    discussion: "What an alias points at always stays. The space is free after martlet gc.")

  @Argument(help: "A model's name. (default: every model that has rules)", completion: ReferenceCompletion.kind)
  var name: String?

  @Option(help: ArgumentHelp("Keep the newest so many.", valueName: "number"))
  var keepLast: Int?

  @Option(help: ArgumentHelp("Keep what is younger.", valueName: "days"))
  var keepDays: Double?

  @Option(name: .customLong("keep-tag"), help: ArgumentHelp("Keep what has this tag. Can be repeated.", valueName: "tag"))
  var keepTags: [String] = []

  @Flag(help: "Take the rules away.")
  var none = false

  @Flag(help: "Delete what the rules let go.")
  var apply = false

  @Flag(help: "Only say what would go.")
  var dryRun = false

  @OptionGroup var global: GlobalOptions

  /// `martlet retention --json`
  struct Document: Codable, Sendable {
    var rules: [String: RetentionRules]
    var verdicts: [RetentionVerdict]
  }

  func validate() throws {
    let sets = keepLast != nil || keepDays != nil || !keepTags.isEmpty || none
    if sets, name == nil { throw ValidationError("rules are a model's; expected a name") }
    if apply, dryRun { throw ValidationError("--apply and --dry-run do not go together") }
  }

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    if let name, none {
      try registry.setRetention(RetentionRules(), of: name)
    } else if let name, keepLast != nil || keepDays != nil || !keepTags.isEmpty {
      try registry.setRetention(RetentionRules(keepLast: keepLast, keepDays: keepDays, keepTags: keepTags), of: name)
    }
    let rules = try registry.retention().filter { name == nil || $0.key == name }
    let verdicts = apply || dryRun ? try registry.applyRetention(of: name, dryRun: dryRun) : []
    var text = rules.isEmpty ? "no rules: every version is kept\n" : ""
    for (name, rule) in rules.sorted(by: { $0.key < $1.key }) {
      let parts = [
        rule.keepLast.map { "the newest \($0)" }, rule.keepDays.map { "what is younger than \(NumberText.significant($0)) days" },
        rule.keepTags.isEmpty ? nil : "what is tagged \(rule.keepTags.joined(separator: " or "))",
      ]
      text += "\(name): keeps \(parts.compactMap { $0 }.joined(separator: ", "))\n"
    }
    for verdict in verdicts {
      text +=
        verdict.isDeleted ? "\(verdict.version) \(dryRun ? "would go" : "is deleted")\n" : "\(verdict.version) stays: \(verdict.reason)\n"
    }
    return CommandResult(document: Document(rules: rules, verdicts: verdicts), text: text)
  }
}
