import Foundation
import MartletCore
import Registry
import Releases
import Testing

@testable import Commands

@Suite struct ReleaseCommandTests {
  private static func store(_ folder: Folder) -> ReleaseStore { ReleaseStore(folder: folder.registry + "/releases") }

  /// A registry with two versions of "fashion", the first one in production.
  private static func registry() throws -> Folder {
    let folder = try Folder()
    _ = try folder.register(accuracy: 0.8)
    _ = try folder.register(accuracy: 0.9)
    let registry = try ModelRegistry.open(at: folder.registry)
    try registry.setAlias("production", to: registry.resolve("fashion@1"))
    return folder
  }

  @Test func `a release is written down for the server, with what was asked`() async throws {
    let folder = try Self.registry()
    let outcome = await martlet(
      "release", "fashion@2", "--steps", "0,10,50", "--seconds", "5", "--gate", "p99 <= 0.5", "--gate", "errors<=1%", "--approval",
      registry: folder.registry)
    #expect(outcome.exitCode == 0, "\(outcome.notes)")
    #expect(outcome.output.contains("fashion: 1 to 2, being prepared"))
    #expect(outcome.output.contains("no server has taken it up yet: martlet serve fashion@production carries it out"))
    let state = try #require(try Self.store(folder).active("fashion"))
    #expect(state.plan.steps.map(\.share) == [0, 0.1, 0.5])
    #expect(state.plan.steps.map(\.shadow) == [true, false, false])
    #expect(state.plan.steps.allSatisfy { $0.needsApproval && $0.seconds == 5 })
    #expect(state.plan.gates == [.latency(percentile: 0.99, secondsAtMost: 0.5), .errorRate(atMost: 0.01)])
    #expect(state.plan.alias == "production")
    let again = await martlet("release", "fashion@2", registry: folder.registry)
    #expect(again.exitCode == 1 && again.notes.contains("under way"))
  }

  @Test func `status and orders`() async throws {
    let folder = try Self.registry()
    #expect(await martlet("release", "status", "fashion", registry: folder.registry).notes.contains("has had no release"))
    #expect(await martlet("release", "pause", "fashion", registry: folder.registry).exitCode == 1)
    #expect(await martlet("release", "start", "fashion@2", registry: folder.registry).exitCode == 0)
    for order in ReleaseState.Order.allCases {
      let outcome = await martlet("release", order.rawValue, "fashion", "--note", "because", "--json", registry: folder.registry)
      #expect(outcome.exitCode == 0)
      #expect(try outcome.json()["order"]?.stringValue == order.rawValue)
    }
    let status = await martlet("release", "status", "fashion", "--json", registry: folder.registry)
    #expect(try status.decode(ReleaseState.self).plan.candidate == "2")
    let orders = try FileManager.default.contentsOfDirectory(atPath: folder.registry + "/releases/fashion").filter {
      $0.hasSuffix(".order")
    }
    #expect(orders.count == ReleaseState.Order.allCases.count)
  }

  @Test func `an alias that a release moves is the release's`() async throws {
    let folder = try Self.registry()
    _ = try folder.register(accuracy: 0.95, seed: 3)
    #expect(await martlet("release", "fashion@2", registry: folder.registry).exitCode == 0)
    let refused = await martlet("promote", "fashion@3", "--to", "production", registry: folder.registry)
    #expect(refused.exitCode == 1 && refused.notes.contains("a release moves 'production' of fashion from version 1 to 2"))
    #expect(await martlet("rollback", "fashion", registry: folder.registry).exitCode == 1)
    #expect(await martlet("promote", "fashion@3", "--to", "beta", registry: folder.registry).exitCode == 0)
    // No server has seen it: it ends at once, and the alias is free.
    let paused = await martlet("release", "pause", "fashion", registry: folder.registry)
    #expect(paused.output.contains("the order waits for one: martlet serve fashion@production"))
    #expect(await martlet("release", "status", "fashion", registry: folder.registry).output.contains("waits for a server: pause"))
    let over = await martlet("release", "rollback", "fashion", registry: folder.registry)
    #expect(over.exitCode == 0 && over.output == "fashion: no server had taken the release up; it is over\n")
    #expect(try Self.store(folder).active("fashion") == nil && Self.store(folder).newest("fashion")?.phase == .rolledBack)
    #expect(await martlet("promote", "fashion@3", "--to", "production", registry: folder.registry).exitCode == 0)
  }

  @Test(arguments: [
    (["fashion@2", "--steps", "0,ten"], "'ten'"), (["fashion@2", "--steps", "50,10"], "do not fall"),
    (["fashion@2", "--gate", "speed <= 1"], "speed"), (["fashion@1"], "fashion@production is fashion@1 already"),
    (["fashion@1", "--from", "1"], "to itself"), (["fashion@9"], "no version"),
    (["fashion@2", "--undecided", "maybe"], "hold or rollback"), (["fashion@2", "--alias", "beta"], "no alias 'beta'"),
    (["fashion@2", "--level", "2"], "level is 2.0"), (["nobody"], "nobody"),
  ])
  func `what cannot be is refused with the value`(arguments: [String], words: String) async throws {
    let folder = try Self.registry()
    let output = CapturedOutput()
    let code = await Commands.execute(
      arguments: ["release", "start"] + arguments + ["--registry", folder.registry], output: output, width: 100)
    #expect(code == 1 && output.notes.contains(words), "\(output.notes)")
    #expect(try Self.store(folder).active("fashion") == nil)
  }

  @Test func `watching says what happens and ends with the gate's exit code`() async throws {
    let folder = try Self.registry()
    let store = Self.store(folder)
    let path = folder.registry
    async let outcome = martlet("release", "start", "fashion@2", "--watch", registry: path)
    // The server's part: it takes the release up and sends it back.
    while try store.active("fashion") == nil { try await Task.sleep(for: .milliseconds(20)) }
    var state = try #require(try store.active("fashion"))
    try state.obey(.rollback, by: "ann", reason: "not this one", at: Date())
    try store.write(state)
    let over = try JSON.encode(state)
    let text = String(decoding: over, as: UTF8.self).replacing("rollingBack", with: "rolledBack")
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder.registry + "/releases/fashion/\(state.id).json"), options: .atomic)
    let result = await outcome
    #expect(result.exitCode == 3)
    #expect(result.notes.contains("not this one\n"))
  }
}
