import Access
import Foundation
import Testing

@testable import Commands

@Suite struct KeysCommandTests {
  let folder: Folder
  let now = Date(timeIntervalSince1970: 1_800_000_000)

  init() throws { folder = try Folder() }

  private func keys(_ words: String..., after seconds: Double = 0) async -> Outcome {
    let output = CapturedOutput()
    let code = await Commands.execute(
      arguments: ["keys"] + words + ["--registry", folder.registry], output: output, now: now.addingTimeInterval(seconds), width: 200,
      unicode: true)
    return Outcome(exitCode: code, output: output.output, notes: output.notes)
  }

  @Test func `a key is shown once, and the file has only its hash`() async throws {
    let made = await keys("create", "ann", "--role", "monitor", "--role", "client", "--model", "fashion*", "--requests-per-minute", "60")
    #expect(made.exitCode == 0, "\(made.notes)")
    let secret = String(made.output.prefix { $0 != "\n" })
    let file = folder.registry + "/keys.json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(secret.hasPrefix("mrt_") && !text.contains(secret) && made.output.contains(file))
    // Whoever can read the hashes can still not call; but nobody else should read them.
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let principal = try KeyRing(file: KeyFile(path: file)).principal(of: secret, now: now)
    #expect(principal.name == "ann" && principal.mayUse(model: "fashion-2") && !principal.mayUse(model: "boots"))
    #expect(principal.limits.requestsPerMinute == 60)
    let list = try await keys("list", "--json").decode(KeysList.Document.self)
    #expect(
      list.keys.map(\.name) == ["ann"] && list.keys[0].works
        && list.keys[0].roles.sorted { $0.rawValue < $1.rawValue } == [.client, .monitor])
  }

  @Test func `keys end by time and by word`() async throws {
    let short = try await keys("create", "ann", "--expires", "12h", "--json").decode(KeysCreate.Document.self)
    #expect(short.expires == now.addingTimeInterval(43_200))
    _ = await keys("create", "bob")
    func works(after seconds: Double) async throws -> [Bool] {
      try await keys("list", "--json", after: seconds).decode(KeysList.Document.self).keys.map(\.works)
    }
    #expect(try await works(after: 10) == [true, true])
    #expect(try await works(after: 43_201) == [false, true])
    let gone = await keys("revoke", "bob", after: 20)
    #expect(gone.exitCode == 0 && gone.output.contains("(bob) no longer works"))
    #expect(try await works(after: 30) == [true, false])
    let text = await keys("list", after: 86_400).output
    #expect(text.contains("revoked") && text.contains("expired"), "\(text)")
    let ring = try KeyRing(file: KeyFile(path: folder.registry + "/keys.json"))
    #expect(throws: KeyRefusal.expired(now.addingTimeInterval(43_200))) {
      try ring.principal(of: short.key, now: now.addingTimeInterval(50_000))
    }
  }

  @Test func `what is wrong is said`() async {
    #expect(await keys("create", "ann", "--role", "king").exitCode == 2)
    #expect(await keys("create", "ann", "--expires", "soon").exitCode == 2)
    #expect(await keys("create", "ann", "--concurrent", "0").exitCode == 2)
    #expect(await keys("create", "ann", "--items-per-minute", "-1").exitCode == 2)
    #expect(await keys("revoke", "nobody").exitCode == 1)
  }
}
