import ArgumentParser
import Charts
import MartletCore
import Registry

struct Approve: RegistryCommand {
  static let configuration = CommandConfiguration(
    abstract: "Agree to a request for an alias, or list what waits.",
    discussion: "Nobody approves what they asked for. The last approval that is needed moves the alias.")

  @Argument(help: "The request's number.")
  var request: Int?

  @Flag(help: "Turn it down.")
  var reject = false

  @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
  var note = ""

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    guard let request else { return try list(registry, context) }
    let answer = try reject ? registry.reject(request, note: note) : registry.approve(request, note: note)
    return CommandResult(document: answer, text: answer.text)
  }

  private func list(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let requests = try registry.requests()
    guard !requests.isEmpty else { return CommandResult(document: requests, text: "nothing waits for an approval\n") }
    var table = TextTable(
      columns: [.number("request"), .init("version"), .init("alias"), .init("by"), .init("asked"), .init("approvals"), .init("note")])
    for request in requests {
      let people = request.approvals.map(\.user).joined(separator: ", ")
      table.append([
        "\(request.id)", "\(request.name)@\(request.version)", request.alias, request.user, Wording.ago(request.time, now: context.now),
        "\(request.approvals.count) of \(request.needed)" + (people.isEmpty ? "" : ": \(people)"), request.note,
      ])
    }
    return CommandResult(document: requests, text: context.render(table))
  }
}

extension AliasRequest {
  /// What became of a request, in one line.
  var text: String {
    switch state {
    case .done: "\(name)@\(alias) is \(name)@\(version)\n"
    case .rejected: "request \(id) is turned down\n"
    case .waiting:
      "request \(id): \(name)@\(version) as '\(alias)' has \(approvals.count) of \(needed) approvals; try: martlet approve \(id)\n"
    }
  }
}

struct Protect: RegistryCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what an alias asks for before it moves.",
    discussion: "A version that the alias has pointed at before needs no approvals: the way back is always free.")

  @Argument(help: "The model's name.", completion: ReferenceCompletion.kind)
  var name: String

  @Option(help: ArgumentHelp("The alias.", valueName: "alias"))
  var alias = "production"

  @Option(help: ArgumentHelp("How many people other than the one who asks must agree; 0 for none.", valueName: "number"))
  var approvals: Int?

  @Option(
    name: .customLong("gate"),
    help: ArgumentHelp("What must hold: accuracy>=0.9, size<=50000000, slices.accuracy>=0.8. Can be repeated.", valueName: "gate"))
  var gates: [String] = []

  @Flag(help: "Take the gates away.")
  var noGates = false

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    if approvals != nil || !gates.isEmpty || noGates {
      let known = try registry.rules(of: name).first { $0.alias == alias }
      let new = try noGates ? [] : gates.isEmpty ? nil : gates.map { try AliasGate(text: $0) }
      try registry.protect(alias, of: name, approvals: approvals ?? known?.approvals ?? 0, gates: new)
    }
    let rules = try registry.rules(of: name)
    var text = rules.isEmpty ? "the aliases of \(name) are not protected\n" : ""
    for rule in rules {
      text += "\(name)@\(rule.alias): \(Wording.count(rule.approvals, "approval"))\n" + rule.gates.map { "  \($0.text)\n" }.joined()
    }
    return CommandResult(document: rules, text: text)
  }
}
