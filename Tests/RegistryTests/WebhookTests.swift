import Bundles
import Crypto
import DatabaseTesting
import Databases
import Foundation
import MartletCore
import Testing

@testable import Registry

@Suite struct WebhookTests {
  @Test(arguments: [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
    "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1",
    "2001:db8::1",
    "2002:7f00:1::", "2001::1", "100::1", "3fff::1", "5f00::1",
  ]) func `private addresses are not public`(_ text: String) throws { #expect(try !#require(NetworkAddress(text)).isPublic) }

  @Test(arguments: [
    "1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "2a00:1450:4001::1",
  ])
  func `public addresses are`(_ text: String) throws { #expect(try #require(NetworkAddress(text)).isPublic) }

  @Test(arguments: [
    "https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/",
    "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data/", "https://0/", "https://[fd00:ec2::254]/",
  ]) func `spellings of private addresses are refused when they are looked up`(_ url: String) throws {
    // Some of them are no names at all to this machine.
    let error = #expect(throws: RegistryError.self) { try WebhookAddress(url, allowed: []).resolve() }
    #expect(error?.kind == .invalidQuery || error?.kind == .unreachable)
    if url.contains("127.0.0.1/") || url.contains("[") || url.contains("169.254") {
      #expect(error?.problem.contains("not a public address") == true)
    }
  }

  @Test(arguments: [
    "http://example.com/", "ftp://example.com/", "https://user:password@example.com/", "https://user@example.com/", "file:///etc/passwd",
    "https://", "example.com", "", "javascript:alert(1)", "gopher://example.com/",
  ]) func `addresses of another kind are refused at once`(_ url: String) {
    #expect((#expect(throws: RegistryError.self) { try WebhookAddress(url, allowed: []) })?.kind == .invalidQuery)
  }

  @Test func `one's own network is allowed where it is named`() throws {
    func resolves(_ url: String, _ allowed: [String]) -> Bool { (try? WebhookAddress(url, allowed: allowed).resolve()) != nil }
    #expect(resolves("http://127.0.0.1:9/", ["127.0.0.0/8"]))
    #expect(resolves("https://127.0.0.1:9/", ["127.0.0.1"]))
    #expect(!resolves("https://127.0.0.1:9/", ["10.0.0.0/8", "nonsense", "127.0.0.1/33"]))
    // Who allows one network has not allowed unencrypted messages to all others.
    #expect(!resolves("http://1.1.1.1/", ["127.0.0.0/8"]))
    #expect(resolves("http://localhost:9/", ["localhost"]))
  }

  private func withHook(
    _ kind: TestDatabase, _ answers: [String?], actions: [RegistryEvent.Action] = [],
    _ body: (ModelRegistry, CannedServer, String) throws -> Void
  ) throws {
    let server = try CannedServer(answers)
    defer { server.stop() }
    try withFolder(kind) { folder in
      let registry = try configuredRegistry(in: folder) { $0.webhookAllowList = ["127.0.0.0/8"] }
      let hook = try registry.addWebhook("http://127.0.0.1:\(server.port)/hook?x=1", actions: actions)
      try registry.register(sampleBundle(in: folder), note: "new")
      try body(registry, server, hook.secret)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `events are told once, signed, in their order`(_ kind: TestDatabase) throws {
    try withHook(kind, [CannedServer.answer("200 OK")], actions: [.registered, .aliasMoved]) { registry, server, secret in
      try registry.addTags(["quiet"], to: registry.resolve("fashion"))
      try registry.setAlias("production", to: registry.resolve("fashion"))
      #expect(try registry.webhooks().map(\.waiting) == [2])
      #expect(try registry.deliverWebhooks() == DeliveryReport(delivered: 2))
      #expect(try registry.deliverWebhooks() == DeliveryReport())
      let requests = server.requests
      #expect(requests.count == 2 && requests[0].hasPrefix("POST /hook?x=1 HTTP/1.1\r\n"))
      for request in requests {
        let parts = request.components(separatedBy: "\r\n\r\n")
        func header(_ name: String) -> String {
          parts[0].components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(name + ": ") }.map {
            String($0.dropFirst(name.count + 2))
          } ?? ""
        }
        let code = HMAC<SHA256>.authenticationCode(
          for: Data("\(header("x-martlet-timestamp")).\(parts[1])".utf8), using: SymmetricKey(data: Data(secret.utf8)))
        #expect(header("x-martlet-signature") == "sha256=" + code.map { String(format: "%02x", $0) }.joined())
      }
      #expect(requests[0].contains("\"action\":\"registered\"") && requests[0].contains("\"note\":\"new\""))
      #expect(
        requests[1].contains("\"action\":\"aliasMoved\"") && requests[1].contains("\"alias\":\"production\"")
          && requests[1].contains("\"to\":1"))
    }
  }

  @Test(arguments: TestDatabase.allCases) func `what fails is tried again, later and later, and given up in the end`(
    _ kind: TestDatabase
  ) throws {
    try withHook(kind, [CannedServer.answer("500 Oops"), nil, CannedServer.answer("200 OK")]) { registry, server, _ in
      var now = Date().addingTimeInterval(1)
      let first = try registry.deliverWebhooks(now: now)
      #expect(first.postponed == 1)
      #expect(try registry.deliverWebhooks(now: now).postponed == 0)
      now += 31
      #expect(try registry.deliverWebhooks(now: now).postponed == 1)
      now += 31
      #expect(try registry.deliverWebhooks(now: now) == DeliveryReport())
      now += 30
      #expect(try registry.deliverWebhooks(now: now).delivered == 1)
      #expect(server.requests.count == 3)
    }
    try withHook(kind, [CannedServer.answer("404 Not Found")]) { registry, server, _ in
      var now = Date().addingTimeInterval(1), failed = 0
      for _ in 0..<15 {
        failed += try registry.deliverWebhooks(now: now).failed
        now += 30_000
      }
      #expect(failed == 1 && server.requests.count == 12)
      #expect(try registry.webhooks().map(\.failed) == [1])
    }
  }

  @Test func `who must stop begins no delivery, and loses none`() throws {
    try withHook(.sqlite, [CannedServer.answer("200 OK")]) { registry, server, _ in
      try registry.addTags(["a"], to: registry.resolve("fashion"))
      var asked = 0
      let first = try registry.deliverWebhooks(while: {
        asked += 1
        return asked <= 1
      })
      #expect(first == DeliveryReport(delivered: 1) && server.requests.count == 1)
      #expect(try registry.deliverWebhooks(while: { false }) == DeliveryReport())
      #expect(try registry.webhooks().map(\.waiting) == [1])
      #expect(try registry.deliverWebhooks() == DeliveryReport(delivered: 1))
    }
  }

  @Test func `an answer that leads elsewhere is not followed`() throws {
    let inner = try CannedServer([CannedServer.answer("200 OK")])
    defer { inner.stop() }
    try withHook(.sqlite, [CannedServer.answer("302 Found", headers: ["Location: http://127.0.0.1:\(inner.port)/secret"])]) {
      registry, server, _ in
      let report = try registry.deliverWebhooks()
      #expect(report.postponed == 1)
      #expect(server.requests.count == 1 && inner.requests.isEmpty)
    }
  }

  @Test func `a network that is no longer allowed is told nothing`() throws {
    try withFolder { folder in
      let server = try CannedServer([CannedServer.answer("200 OK")])
      defer { server.stop() }
      _ = try configuredRegistry(in: folder) { $0.webhookAllowList = ["127.0.0.0/8"] }.addWebhook("http://127.0.0.1:\(server.port)/")
      let registry = try configuredRegistry(in: folder) { $0.webhookAllowList = ["10.0.0.0/8"] }
      try registry.register(sampleBundle(in: folder))
      #expect(try registry.deliverWebhooks().delivered == 0)
      #expect(server.requests.isEmpty)
      try registry.removeWebhook(1)
      #expect(try registry.webhooks().isEmpty)
      #expect((#expect(throws: RegistryError.self) { try registry.removeWebhook(1) })?.kind == .notFound)
      #expect(
        (#expect(throws: RegistryError.self) { try registry.addWebhook("https://example.com/", secret: "short") })?.kind == .invalidQuery)
    }
  }
}
