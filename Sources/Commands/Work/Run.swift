import ArgumentParser
import Charts
import MartletCore
import Project
import Registry

struct Run: EngineCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train, judge and register: the whole journey.",
    discussion: "The new version is registered unless evaluation.require of the project says no (exit code 3). Aliases are given if the "
      + "project's gates agree; else the version is registered without them (exit code 3).")

  @Argument(help: "The project file or its folder. (default: martlet.yml)", completion: .file(extensions: ["yml", "yaml"]))
  var file: String?

  @Option(help: ArgumentHelp("Go on with an interrupted run.", valueName: "run"), completion: .directory)
  var resume: String?

  @Option(help: ArgumentHelp("Give the new version an alias. Can be repeated.", valueName: "name"))
  var alias: [String] = []

  @Option(help: ArgumentHelp("Give the new version a tag. Can be repeated.", valueName: "tag"))
  var tag: [String] = []

  @Option(help: ArgumentHelp("A note for the new version.", valueName: "text"))
  var note = ""

  @OptionGroup var project: ProjectOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    // A name that the registry will not take is better known before training than after.
    do {
      for name in alias { try ModelReference.check(alias: name) }
      for name in tag { try ModelReference.check(tag: name) }
    } catch { throw ValidationError(error.description) }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.run(
      RunRequest(
        project: project.load(file, resuming: resume), resume: resume, aliases: alias, tags: tag, note: note,
        surroundings: global.surroundings))
    return CommandResult(
      document: summary, text: text(summary, context),
      exitCode: summary.refusals.isEmpty
        ? ExitStatus.of(gates: summary.gates, interrupted: summary.training.interrupted) : ExitStatus.refused,
      isSilent: !LaunchedProcess.speaks)
  }

  private func text(_ summary: RunSummary, _ context: CommandContext) -> String {
    var text = ""
    if let candidates = summary.candidates, candidates.count > 1 {
      var table = TextTable(columns: [.init("model"), .number("score"), .number("from"), .number("to"), .number("p"), .init("")])
      for candidate in candidates {
        func number(_ value: Double?) -> String { value.map { NumberText.significant($0) } ?? "-" }
        table.append([
          candidate.name, number(candidate.score), number(candidate.lower), number(candidate.upper), number(candidate.pValue),
          candidate.isBest ? "the best" : candidate.problem ?? "",
        ])
      }
      text += context.render(table) + "\n"
    }
    text += context.render(summary.metrics)
    if !text.isEmpty { text += "\n" }
    let refused = summary.gates.filter { !$0.passed }
    if let version = summary.version {
      let reference = "\(summary.name)@\(version)"
      text += "\(reference) is registered, after \(NumberText.duration(milliseconds: summary.seconds * 1000)).\n"
      if let report = summary.report { text += "report: \(report)\n" }
      if !summary.refusals.isEmpty {
        let names = alias.map { "'\($0)'" }.joined(separator: ", ")
        text +=
          "it does not get the \(alias.count == 1 ? "alias" : "aliases") \(names):\n" + summary.refusals.map { "  \($0.text)\n" }.joined()
      }
      text += "try: martlet show \(reference), martlet serve \(reference), martlet promote \(reference) --to production\n"
    } else if summary.training.interrupted {
      text += "interrupted; nothing is registered\ntry: martlet run --resume \(summary.training.run)\n"
    } else {
      text += "nothing is registered:\n" + refused.map { "  \($0.text)\n" }.joined()
      if let report = summary.report { text += "report: \(report)\n" }
    }
    return text
  }
}

extension RunSummary {
  /// What keeps the new version from its aliases.
  fileprivate var refusals: [GateVerdict] { aliasGates?.filter { !$0.passed } ?? [] }
}

extension ExitStatus {
  /// 3 if a gate said no, 1 if somebody stopped it, else 0.
  static func of(gates: [Gate], interrupted: Bool = false) -> Int32 {
    gates.contains { !$0.passed } ? refused : interrupted ? failed : done
  }
}
