import Foundation
import MartletCore
import Testing

@testable import Commands

@Suite struct UsageTests {
  @Test(arguments: [
    ["run", "--epochs", "3"], ["predict", "fashion"], ["promote", "a@1"], ["compare", "a"], ["serve", "--port", "x"],
    ["serve", "--port", "70000"],
    ["data", "preview", "--part", "x"], ["data", "preview", "--part", "test", "--augmented"], ["data", "preview", "--count", "0"],
    ["predict", "a", "b", "--top", "-1"], ["tag", "a"], ["rollback"], ["models", "a", "b"], ["--nothing"], ["note", "a"], ["show"],
  ])
  func wrongUsageIsTwo(_ arguments: [String]) async throws {
    let output = CapturedOutput()
    #expect(await Commands.execute(arguments: arguments, engine: ScriptedEngine(), output: output) == 2)
    #expect(output.output.isEmpty)
    #expect(output.notes.hasPrefix("error: "))
    #expect(output.notes.contains("Usage: martlet"))
    let json = CapturedOutput()
    #expect(await Commands.execute(arguments: arguments + ["--json"], engine: ScriptedEngine(), output: json) == 2)
    let document = try JSON.decode(ErrorDocument.self, from: Data(json.output.utf8), source: "output")
    #expect(document.exitCode == 2 && !document.error.problem.isEmpty)
  }

  @Test func unknownCommandsGetTheNearest() async throws {
    let outcome = await martlet("trian")
    #expect(outcome.exitCode == 2)
    #expect(outcome.notes.hasPrefix("error: unknown command 'trian'\n  expected: init, run, train, "))
    #expect(outcome.notes.hasSuffix("  try: martlet train\n"))
    #expect(try await martlet("modles", "--json").json()["error"]?["remedy"] == "martlet models")
    #expect(await martlet("xyzzy").notes.hasSuffix("  try: martlet --help\n"))
  }

  @Test func projectProblemsAreTwoAndComeAllAtOnce() async throws {
    let folder = try Folder()
    let path = try folder.project("training: {epoch: 3, batch: 0}\n")
    let outcome = await martlet("run", path, "--set", "serve.port=x", engine: ScriptedEngine())
    #expect(outcome.exitCode == 2)
    #expect(
      outcome.notes == """
        \(path):4:12: unknown key 'epoch'; did you mean 'epochs'?
        \(path):4:29: training.batch is 0; expected a whole number from 1 to 65536
        --set serve.port=x: serve.port is 'x'; expected a whole number from 0 to 65535

        """)
    let json = try await martlet("run", path, "--json", engine: ScriptedEngine()).decode(ErrorDocument.self)
    #expect(json.exitCode == 2)
    #expect(json.error.problems?.count == 2)
    #expect(json.error.problems?.first?["line"] == 4)
    #expect(json.error.problems?.first?["key"] == "training.epoch")
  }

  @Test func aProjectThatIsNotThere() async throws {
    let folder = try Folder()
    let outcome = await martlet("train", folder.path + "/none.yml", engine: ScriptedEngine())
    #expect(outcome.exitCode == 2)
    #expect(outcome.notes.hasPrefix("\(folder.path)/none.yml: there is no such file; name another with --project FILE"))
    #expect(await martlet("train", "a.yml", "--project", "b.yml", engine: ScriptedEngine()).exitCode == 2)
  }

  @Test func referencesThatCannotBe() async throws {
    let folder = try Folder()
    try folder.register(accuracy: 0.9)
    #expect(await martlet("show", "No Such", registry: folder.registry).exitCode == 2)
    #expect(await martlet("show", "fashion@-1", registry: folder.registry).exitCode == 2)
    #expect(await martlet("show", "fashion@9", registry: folder.registry).exitCode == 1)
    #expect(await martlet("show", "fashoin", registry: folder.registry).notes.contains("fashion"))
    #expect(await martlet("delete", "fashion", registry: folder.registry).exitCode == 2)
  }

  @Test func onlySomeCommandsNeedTheEngine() {
    for command in [
      ["run"], ["train", "x.yml"], ["evaluate"], ["predict", "a", "b"], ["serve"], ["data", "preview"],
      ["data", "check", "x.csv"], ["data", "profile", "x.csv"], ["doctor", "--json"],
    ] {
      #expect(Commands.needsEngine(command), "\(command)")
    }
    for command in [
      [], ["--help"], ["run", "--help"], ["help", "run"], ["run", "--bad"], ["models"], ["show", "a"], ["schema"], ["gc"], ["data"],
      ["--version"],
    ] { #expect(!Commands.needsEngine(command), "\(command)") }
  }

  @Test func theEngineIsBesideTheProgramOrInLibexec() {
    #expect(
      EngineProgram.candidates(program: "/opt/m/bin/martlet") == ["/opt/m/bin/martlet-engine", "/opt/m/libexec/martlet/martlet-engine"])
  }

  @Test func schemaIsOneDocumentEitherWay() async throws {
    let folder = try Folder()
    let plain = await martlet("schema")
    #expect(plain.exitCode == 0)
    #expect(try plain.json()["anyOf"]?.arrayValue?.first?["properties"]?["training"]?["properties"]?["epochs"]?["minimum"] == 1)
    #expect(try await martlet("schema", "--json").json() == plain.json())
    let written = await martlet("schema", "--output", folder.path + "/s.json")
    #expect(written.exitCode == 0)
    #expect(try String(contentsOfFile: folder.path + "/s.json", encoding: .utf8) == plain.output)
    #expect(await martlet("schema", "--output", folder.path + "/none/s.json").exitCode == 1)
  }

  @Test func anOutputThatCannotBeWrittenIsAFailure() async {
    struct Full: CommandOutput {
      func write(_ text: String) throws(FileError) { throw FileError(path: "standard output", problem: "cannot be written: disk full") }
      func note(_ text: String) {}
    }
    #expect(await Commands.execute(arguments: ["schema"], output: Full()) == 1)
    #expect(await Commands.execute(arguments: ["schema", "--json"], output: Full()) == 1)
    #expect(await Commands.execute(arguments: ["--help"], output: Full()) == 1)
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completionScripts(_ shell: String) async {
    let outcome = await martlet("--generate-completion-script", shell)
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("promote"))
  }
}
