import ArgumentParser
import Testing

@testable import Commands

/// Help is read more often than code: every change of it is seen here. `HelpSnapshots.swift` is what was agreed on.
@Suite struct HelpTests {
  @Test(arguments: HelpSnapshots.all.keys.sorted()) func isAsAgreed(_ command: String) async {
    let output = CapturedOutput()
    let arguments = command.split(separator: " ").map(String.init) + ["--help"]
    #expect(await Commands.execute(arguments: arguments, output: output, width: 100) == 0)
    #expect(output.output == HelpSnapshots.all[command])
    #expect(output.notes.isEmpty)
  }

  @Test func everyCommandHasOne() {
    let names = Martlet.configuration.groupedSubcommands.flatMap(\.subcommands).map { $0._commandName }
    #expect(Set(HelpSnapshots.all.keys) == Set(names + ["", "data preview", "data check", "data profile"]))
  }

  @Test func noArgumentsAndHelpAreTheSame() async {
    let bare = await martlet()
    #expect(bare.exitCode == 0)
    #expect(bare.output == HelpSnapshots.all[""])
    #expect(await martlet("help", "run").output == HelpSnapshots.all["run"])
    #expect(await martlet("data").output == HelpSnapshots.all["data"])
    #expect(await martlet("--version").output == "0.1.0\n")
  }
}
