import Access
import Foundation
import MartletCore
import NIOSSL
import ServiceLifecycle
import Synchronization
import Testing
import X509

@testable import Serving
@testable import Web

@Suite struct TLSTests {
  private static func options(_ authority: TestAuthority, clients: Bool? = nil) -> ServerOptions {
    var options = quietOptions()
    options.tls = TLSSettings(
      certificate: authority.file("server"), key: authority.file("server-key"), clients: clients.map { _ in authority.authorityFile },
      requiresClients: clients ?? false)
    return options
  }

  private static func authority() throws -> TestAuthority {
    let authority = try TestAuthority()
    try authority.sign("server", alternatives: [.dnsName("localhost")])
    return authority
  }

  @Test func `a listener speaks TLS 1.2 or later, and says that it is HTTP`() async throws {
    let authority = try Self.authority()
    try await LiveServerTests.run([Echo().served()], Self.options(authority)) { port, _ in
      let client = try await TLSClient(port: port, authority.client())
      let answer = try await client.send("/health/live")
      #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix("{\"live\":true}"))
      #expect(answer.lowercased().contains("strict-transport-security: max-age=31536000"))
      #expect(client.negotiated == "http/1.1")
      await client.close()
      var old = try authority.client()
      old.minimumTLSVersion = .tlsv1
      old.maximumTLSVersion = .tlsv11
      let refused = try await TLSClient(port: port, old)
      #expect(try await refused.send("/health/live") == "")
      // Whoever speaks plainly gets nothing.
      let plain = await RawClient.exchange(port: port, ["GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"])
      #expect(!plain.contains("HTTP/1.1"))
      // A client that trusts others, or asks for another name, goes.
      let stranger = try await TLSClient(port: port, try TestAuthority().client())
      #expect(try await stranger.send("/health/live") == "")
      let misled = try await TLSClient(port: port, authority.client(), name: "example.org")
      #expect(try await misled.send("/health/live") == "")
    }
  }

  @Test func `new certificates are shown to new connections, and the old ones go on`() async throws {
    let authority = try Self.authority()
    try await LiveServerTests.run([Echo().served()], Self.options(authority)) { port, _ in
      let before = try await TLSClient(port: port, authority.client())
      #expect(try await before.send("/health/live").hasPrefix("HTTP/1.1 200"))
      // In between, certificate and key do not fit: connections get what they got before.
      let old = try Data(contentsOf: URL(fileURLWithPath: authority.file("server-key")))
      try authority.sign("server", alternatives: [.dnsName("localhost")])
      let new = try Data(contentsOf: URL(fileURLWithPath: authority.file("server-key")))
      try old.write(to: URL(fileURLWithPath: authority.file("server-key")), options: .atomic)
      try await Task.sleep(for: .milliseconds(1100))
      let between = try await TLSClient(port: port, authority.client())
      #expect(try await between.send("/health/live").hasPrefix("HTTP/1.1 200"))
      #expect(between.certificate == before.certificate)
      try new.write(to: URL(fileURLWithPath: authority.file("server-key")), options: .atomic)
      try await Task.sleep(for: .milliseconds(1100))
      let after = try await TLSClient(port: port, authority.client())
      #expect(try await after.send("/health/live").hasPrefix("HTTP/1.1 200"))
      #expect(after.certificate != nil && after.certificate != before.certificate)
      for client in [before, between] {
        #expect(try await client.send("/health/live").hasPrefix("HTTP/1.1 200"))
        #expect(!client.isClosed)
      }
      for client in [before, between, after] { await client.close() }
    }
  }

  @Test func `calls get new certificates, too, and an order to look again is followed at once`() async throws {
    let authority = try Self.authority()
    var options = Self.options(authority)
    options.grpcPort = 0
    try await LiveServerTests.run(
      [Echo().served()], options,
      server: { server in
        let port = try #require(server.address?.grpcPort)
        func shown() async throws -> [UInt8]? {
          var configuration = try authority.client()
          configuration.applicationProtocols = ["h2"]
          let client = try await TLSClient(port: port, configuration)
          // The handshake is over when the server has said something, or has had enough of what is no HTTP/2.
          _ = try await client.send("/")
          defer { Task { await client.close() } }
          #expect(client.negotiated == "h2")
          return client.certificate
        }
        let before = try await shown()
        #expect(try await shown() == before && before != nil)
        try authority.sign("server", alternatives: [.dnsName("localhost")])
        await server.reload()
        let after = try await shown()
        #expect(after != nil && after != before)
      })
  }

  @Test func `a client's certificate says who it is`() async throws {
    let authority = try Self.authority(), other = try TestAuthority("other")
    try authority.sign("trainer", alternatives: [.uniformResourceIdentifier("spiffe://example.org/trainer")], isClient: true)
    try authority.sign("nobody", isClient: true)
    try authority.sign("late", isClient: true, notAfter: -60)
    try authority.sign("web", isClient: false)
    try other.sign("trainer", isClient: true)
    var options = Self.options(authority, clients: false)
    options.access.certificates = [
      CertificateRule(subject: ModelPattern("spiffe://example.org/*"), roles: [.client], models: [ModelPattern("echo")]),
      CertificateRule(subject: ModelPattern("late"), roles: [.admin]), CertificateRule(subject: ModelPattern("web"), roles: [.admin]),
    ]
    var keys = try Keys()
    try keys.add("ann", [.monitor])
    options.access.keys = keys.path
    let bearer = "Authorization: Bearer \(keys.secrets["ann"] ?? "")\r\n"
    try await LiveServerTests.run([Echo().served()], options) { port, _ in
      let trainer = try await TLSClient(port: port, authority.client("trainer"))
      #expect(try await trainer.send("/models").hasPrefix("HTTP/1.1 200"))
      #expect(try await trainer.send("/metrics").hasPrefix("HTTP/1.1 403"))
      // A key says it, too, and comes first.
      #expect(try await trainer.send("/models", bearer).hasPrefix("HTTP/1.1 403"))
      await trainer.close()
      let without = try await TLSClient(port: port, authority.client())
      #expect(try await without.send("/models").hasPrefix("HTTP/1.1 401"))
      await without.close()
      let nobody = try await TLSClient(port: port, authority.client("nobody"))
      #expect(try await nobody.send("/models").hasPrefix("HTTP/1.1 401"))
      await nobody.close()
      // Expired, for servers only, of another authority: no connection.
      for (name, owner) in [("late", authority), ("web", authority), ("trainer", other)] {
        let refused = try await TLSClient(port: port, authority.client(name, from: owner))
        #expect(try await refused.send("/models") == "", "\(name)")
      }
    }
    options = Self.options(authority, clients: true)
    options.access.certificates = [CertificateRule(subject: .all, roles: [.client])]
    try await LiveServerTests.run([Echo().served()], options) { port, _ in
      let without = try await TLSClient(port: port, authority.client())
      #expect(try await without.send("/health/live") == "")
      let trainer = try await TLSClient(port: port, authority.client("trainer"))
      #expect(try await trainer.send("/models").hasPrefix("HTTP/1.1 200"))
      await trainer.close()
    }
  }

  @Test func `what connections leave behind is nothing`() async throws {
    let authority = try Self.authority()
    try authority.sign("trainer", isClient: true)
    let certificates = ClientCertificates(rules: [CertificateRule(subject: .all, roles: [.client])])
    let der = try NIOSSLCertificate.fromPEMFile(authority.file("trainer"))[0].toDERBytes()
    #expect(certificates.principal(der: der)?.name == "trainer")
    #expect(certificates.principal(der: [1, 2, 3]) == nil)
    #expect(certificates.count == 0)
  }

  @Test func `files that cannot be used are refused at the start`() throws {
    let authority = try Self.authority()
    try authority.sign("other")
    func error(_ change: (inout TLSSettings) -> Void) -> ServerError? {
      var options = Self.options(authority)
      if var tls = options.tls {
        change(&tls)
        options.tls = tls
      }
      return #expect(throws: ServerError.self) { try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger) }
    }
    #expect(error { $0.certificate = "/no/such.pem" }?.problem == "/no/such.pem: cannot be read")
    #expect(error { $0.key = authority.file("other-key") }?.problem.contains("is not the key of") == true)
    #expect(error { $0.key = authority.file("server") }?.expected == "PEM")
    #expect(error { $0.clients = authority.file("server-key") } != nil)
  }

  @Test func `the admin port has what the other has not`() async throws {
    var options = quietOptions()
    options.adminPort = 0
    try await LiveServerTests.run(
      [Echo().served()], options,
      server: { server in
        let admin = try #require(server.adminAddress).port, data = try #require(server.address).port
        func get(_ port: Int, _ path: String) async -> String {
          String(await RawClient.exchange(port: port, ["GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]).prefix(12))
        }
        #expect(admin != data)
        #expect(await get(data, "/metrics") == "HTTP/1.1 404")
        #expect(await get(admin, "/metrics") == "HTTP/1.1 200")
        #expect(await get(data, "/models") == "HTTP/1.1 200")
        #expect(await get(admin, "/models") == "HTTP/1.1 404")
        for port in [data, admin] { #expect(await get(port, "/health/ready") == "HTTP/1.1 200") }
      })
    // A port that is taken is named.
    try await LiveServerTests.run([Echo().served()]) { port, _ in
      var options = quietOptions()
      options.port = 0
      options.adminPort = port
      let second = try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
      let error = await #expect(throws: ServerError.self) { try await second.run() }
      #expect(error?.kind == .portTaken(port))
    }
  }
}
