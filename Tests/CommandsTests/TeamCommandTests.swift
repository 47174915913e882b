import Bundles
import Foundation
import MartletCore
import Registry
import Testing

@testable import Commands

@Suite struct TeamCommandTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func run(_ arguments: String...) async -> Outcome {
    let output = CapturedOutput()
    let code = await Commands.execute(arguments: arguments + ["--registry", folder.registry], output: output, width: 120, unicode: true)
    return Outcome(exitCode: code, output: output.output, notes: output.notes)
  }

  @Test func `search finds versions and says what it cannot read`() async throws {
    try folder.register(accuracy: 0.9)
    try folder.register(accuracy: 0.92, seed: 2)
    let found = await run("models", "--search", "metrics.accuracy > 0.91")
    #expect(found.exitCode == 0 && found.output.contains("fashion@2") && !found.output.contains("fashion@1"))
    let page = await run("models", "--search", "", "--order", "metrics.accuracy desc", "--limit", "1")
    #expect(page.output.contains("fashion@2") && page.output.hasSuffix("1 of 2 versions\n"))
    #expect(try await run("models", "--search", "tags = 'first'", "--json").decode(Models.SearchResult.self).count == 1)
    #expect(await run("models", "--search", "name = 'x'").output == "no version is like that\n")
    let wrong = await run("models", "--search", "nam = 'x'")
    #expect(wrong.exitCode == 2 && wrong.notes.contains("names 'nam'"))
    #expect(await run("models", "fashion", "--search", "").exitCode == 2)
  }

  @Test func `a protected alias is asked for and approved`() async throws {
    try folder.register(accuracy: 0.9)
    #expect(await run("protect", "fashion", "--approvals", "1").output == "fashion@production: 1 approval\n")
    let refused = await run("promote", "fashion@1", "--to", "production")
    #expect(refused.exitCode == 3 && refused.notes.contains("--request"))
    // Somebody else asks, for nobody approves what they asked for.
    let other = try ModelRegistry.open(at: folder.registry, options: RegistryOptions(user: "somebody else", environment: [:]))
    _ = try other.requestAlias("production", to: other.resolve("fashion@1"))
    #expect(await run("approve").output.contains("fashion@1"))
    #expect(await run("approve", "1").output == "fashion@production is fashion@1\n")
    #expect(await run("approve", "1").exitCode == 3)
    #expect(await run("approve").output == "nothing waits for an approval\n")
    #expect(await run("promote", "fashion@1", "--to", "staging", "--request").output == "fashion@staging is fashion@1\n")
  }

  @Test func `gates of the alias and of the project stop a promotion`() async throws {
    try folder.register(accuracy: 0.9)
    #expect(await run("protect", "fashion", "--alias", "gold", "--gate", "accuracy>=0.95").output.contains("  accuracy>=0.95\n"))
    let refused = await run("promote", "fashion@1", "--to", "gold")
    #expect(refused.exitCode == 3 && refused.notes.contains("accuracy is at least 0.895; at least 0.95 is required"))
    let project = try folder.project("gates: [accuracy>=0.8, latency.p99<=50]\n")
    let unmeasured = await run("promote", "fashion@1", "--to", "production", "--project", project)
    #expect(unmeasured.exitCode == 3 && unmeasured.notes.contains("latency p99 was not measured"))
    let good = try folder.project("gates: [accuracy>=0.8]\n")
    #expect(await run("promote", "fashion@1", "--to", "production", "--project", good).exitCode == 0)
    #expect(await run("promote", "fashion@1", "--to", "x", "--project", try folder.project("gates: [nonsense]\n")).exitCode == 2)
    #expect(await run("protect", "fashion", "--alias", "gold", "--no-gates").output == "the aliases of fashion are not protected\n")
  }

  @Test func `keys, signatures, the log, backups, rules and webhooks`() async throws {
    try folder.register(accuracy: 0.9)
    try folder.register(accuracy: 0.91, seed: 2)
    let key = folder.path + "/key"
    #expect(await run("keys", "sign", key, "--name", "me").output.hasPrefix("me "))
    #expect(await run("sign", "fashion@1", "--key", key).output.hasPrefix("fashion@1 is signed:\n"))
    let unsigned = await run("sign", "fashion@2")
    #expect(unsigned.exitCode == 1 && unsigned.output.hasPrefix("fashion@2 is not signed\ntry: martlet sign fashion@2 --key FILE"))
    #expect(await run("sign", "fashion", "--key", key).exitCode == 2)
    #expect(await run("keys", "encrypt", folder.path + "/keys").exitCode == 0)
    #expect(await run("keys", "rotate").exitCode == 1)

    #expect(await run("audit").output.contains("signed"))
    let verified = try await run("audit", "verify", "--json").decode(AuditReport.self)
    #expect(verified.isWhole && verified.events == 3)
    #expect(await run("audit", "verify", "--head", verified.head).exitCode == 0)
    #expect(await run("audit", "verify", "--head", "0000").exitCode == 1)

    #expect(await run("backup", folder.path + "/backup").output.contains("2 versions"))
    let restored = folder.path + "/restored"
    #expect(await martlet("restore", folder.path + "/backup", registry: restored).exitCode == 0)
    #expect(await martlet("models", "fashion", registry: restored).output.contains("fashion@2"))
    #expect(await run("restore", folder.path + "/backup").exitCode == 1)

    #expect(await run("retention", "fashion", "--keep-last", "1").output == "fashion: keeps the newest 1\n")
    #expect(await run("retention", "--dry-run").output.hasSuffix("fashion@2 stays: it is one of the newest 1\nfashion@1 would go\n"))
    #expect(await run("retention", "--apply").output.hasSuffix("fashion@1 is deleted\n"))
    #expect(await run("retention", "--keep-last", "1").exitCode == 2)

    #expect(await run("webhooks").output == "no webhooks\n")
    #expect(await run("webhooks", "add", "https://example.com/hook", "--event", "registered").exitCode == 0)
    #expect(await run("webhooks", "add", "https://example.com/hook", "--event", "registred").notes.contains("registered"))
    #expect(await run("webhooks", "add", "http://127.0.0.1/").exitCode == 2)
    #expect(await run("webhooks").output.contains("https://example.com/hook  registered"))
    #expect(await run("webhooks", "deliver").output == "0 delivered, 0 to be tried again, 0 given up\n")
    #expect(await run("webhooks", "remove", "1").exitCode == 0)
  }
}
