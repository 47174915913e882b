import Foundation
import MartletCore
import Testing

@testable import Commands

/// Serialized: a launch takes the process's signals.
@Suite(.serialized) struct LaunchTests {
  @Test func everyProcessKnowsItsPlace() async {
    let script = "echo $RANK/$WORLD_SIZE local $LOCAL_RANK/$LOCAL_WORLD_SIZE at $MASTER_ADDR:$MASTER_PORT try $TORCHELASTIC_RESTART_COUNT"
    let run = await martlet(
      "launch", "--processes", "2", "--nodes", "3", "--node-rank", "1", "--master", "host-a:4000", "--", "sh", "-c", script)
    #expect(run.exitCode == 0)
    #expect(
      run.output.split(separator: "\n").sorted() == [
        "[2] 2/6 local 0/2 at host-a:4000 try 0", "[3] 3/6 local 1/2 at host-a:4000 try 0",
      ])
    #expect(run.notes.isEmpty)
  }

  @Test func coresAreSharedOut() {
    var plan = LaunchPlan(processes: 3, nodes: 1, nodeRank: 0, master: nil, timeout: 7, restarts: 0)
    plan.cores = 8
    let variables = plan.variables(local: 1, place: ("127.0.0.1", 1), attempt: 0, note: "", inherited: [:])
    #expect(variables["OMP_NUM_THREADS"] == "2" && variables["MARTLET_TIMEOUT"] == "7")
    #expect(
      plan.variables(local: 1, place: ("127.0.0.1", 1), attempt: 0, note: "", inherited: ["OMP_NUM_THREADS": "5"])["OMP_NUM_THREADS"] == "5"
    )
  }

  @Test func bothStreamsAndLinesWithoutAnEndArrive() async {
    let run = await martlet("launch", "--processes", "1", "sh", "-c", "echo out; echo err >&2; printf rest")
    #expect(run.exitCode == 0)
    #expect(run.output == "[0] out\n[0] rest\n")
    #expect(run.notes == "[0] err\n")
  }

  @Test func theFirstToFailEndsTheOthersAndIsNamed() async throws {
    let run = await martlet(
      "launch", "--processes", "3", "--", "sh", "-c", "if [ $RANK = 1 ]; then exit 7; else exec sleep 30; fi")
    #expect(run.exitCode == 7)
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(
      lines.first?.hasPrefix("rank 1 (process ") == true
        && lines.first?.hasSuffix("ended with exit code 7; the others were told to end:") == true)
    #expect(Array(lines.dropFirst()) == ["  rank 0 was killed by signal 15 (SIGTERM)", "  rank 2 was killed by signal 15 (SIGTERM)"])
  }

  @Test func aKilledProcessIsNamedWithItsSignal() async {
    let run = await martlet("launch", "--processes", "2", "sh", "-c", "if [ $RANK = 1 ]; then kill -9 $$; else exec sleep 30; fi")
    #expect(run.exitCode == 137)
    #expect(run.output.contains("was killed by signal 9 (SIGKILL)"))
  }

  @Test func whoDoesNotListenIsKilledAfterTheGrace() async {
    let run = await martlet(
      "launch", "--processes", "2", "--grace", "0.2", "--", "sh", "-c",
      "if [ $RANK = 1 ]; then sleep 0.3; exit 1; else trap '' TERM; for i in $(seq 200); do sleep 0.05; done; fi")
    #expect(run.exitCode == 1)
    #expect(run.output.contains("rank 0 was killed by signal 9 (SIGKILL)"))
  }

  @Test func aFailureIsTriedAgain() async throws {
    let folder = try Folder()
    let run = await martlet(
      "launch", "--processes", "2", "--max-restarts", "2", "--", "sh", "-c",
      "echo attempt $TORCHELASTIC_RESTART_COUNT >> \(folder.path)/$RANK; if [ $TORCHELASTIC_RESTART_COUNT = 1 ]; then exit 0; fi; [ $RANK = 0 ] && exit 4; exec sleep 30"
    )
    #expect(run.exitCode == 0)
    #expect(try String(contentsOfFile: folder.path + "/0", encoding: .utf8) == "attempt 0\nattempt 1\n")
    #expect(run.notes.contains("ended with exit code 4; starting again (1 of 2)"))
  }

  @Test func aRunThatCanGoOnIsSaid() async throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(atPath: folder.path + "/checkpoints/last", withIntermediateDirectories: true)
    _ = try folder.write("checkpoints/last/trainer.json", "{}")
    let engine = try folder.write("engine", "#!/bin/sh\necho $@\nprintf '\(folder.path)' > $MARTLET_LAUNCH_NOTE\nexit 5\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: engine)
    let plan = LaunchPlan(processes: 1, nodes: 1, nodeRank: 0, master: nil, timeout: nil, restarts: 0)
    let output = CapturedOutput()
    let program = try LaunchedProgram(["--", "run", "x.yml"], own: engine, path: nil)
    let attempt = try Launcher(plan, output: output, grace: 1, keepsOutput: false).run(program, attempt: 0)
    #expect(attempt.run == folder.path)
    #expect(output.output == "[0] run x.yml\n")
    #expect(program.resuming(attempt.run).arguments == ["run", "x.yml", "--resume", folder.path])
    #expect(program.resuming(attempt.run).resuming("other").arguments.count == 4)
  }

  @Test func asJSONItIsOneDocument() async throws {
    let run = await martlet("launch", "--json", "--processes", "2", "sh", "-c", "echo hello; exit 3")
    #expect(run.exitCode == 3)
    let document = try run.json()
    #expect(document["exitCode"]?.intValue == 3 && document["processes"]?.intValue == 2)
    #expect(document["reason"]?.stringValue == "ended with exit code 3")
    #expect(run.notes.contains("hello"))
  }

  @Test func aSignalIsPassedOn() async throws {
    let folder = try Folder()
    let script = "trap 'echo told; exit 0' INT; touch \(folder.path)/$RANK; for i in $(seq 500); do sleep 0.02; done; exit 9"
    async let launched = martlet("launch", "--processes", "2", "--", "sh", "-c", script)
    while !["0", "1"].allSatisfy({ FileManager.default.fileExists(atPath: folder.path + "/" + $0) }) {
      try await Task.sleep(for: .milliseconds(10))
    }
    kill(getpid(), SIGINT)
    let run = await launched
    #expect(run.exitCode == 0)
    #expect(run.output.split(separator: "\n").sorted() == ["[0] told", "[1] told"])
  }

  @Test(arguments: [
    (["--processes", "0", "true"], "--processes is 0"), (["--processes", "2", "--nodes", "2", "true"], "--master"),
    (["--processes", "2", "--nodes", "2", "--node-rank", "2", "--master", "a:1", "true"], "--node-rank is 2"),
    (["--processes", "2", "--master", "nowhere", "true"], "--master is 'nowhere'"), (["--processes", "2"], "nothing to launch"),
    (["--processes", "2", "launch"], "launch cannot launch itself"), (["true"], "--processes"),
  ])
  func wrongUsageIsSaid(_ arguments: [String], _ words: String) async {
    let output = CapturedOutput()
    #expect(await Commands.execute(arguments: ["launch"] + arguments, output: output, width: 100) == ExitStatus.usage)
    #expect(output.notes.contains(words), "\(output.notes)")
  }

  @Test func aProgramThatIsNotThereIsNamed() async {
    let run = await martlet("launch", "--processes", "1", "trian")
    #expect(run.exitCode == 1)
    #expect(run.notes.contains("there is no program 'trian'") && run.notes.contains("-- train"))
  }

  @Test(arguments: [("a:1", "a", 1), ("[::1]:29500", "::1", 29500)])
  func addressesAreUnderstood(_ text: String, _ host: String, _ port: Int) {
    #expect(LaunchPlan.address(text)?.host == host && LaunchPlan.address(text)?.port == port)
    #expect(["a", "a:0", ":1", "::1:5", "a:70000"].allSatisfy { LaunchPlan.address($0) == nil })
  }
}
