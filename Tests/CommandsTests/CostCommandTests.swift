import Crypto
import Foundation
import MartletCore
import NIOCore
import NIOPosix
import NIOSSL
import Project
import SwiftASN1
import Testing
import X509

@testable import Commands

@Suite struct CostCommandTests {
  private static let document: JSONValue = [
    "since": "2026-11-22T04:00:00Z", "hours": 2, "currency": "EUR",
    "process": ["processor_seconds": 90.5, "memory_bytes": 209_715_200, "processor_cost": 0.25, "memory_cost": 0.01],
    "models": [
      [
        "model": "fashion", "version": "3", "requests": 1200, "items": 4800, "compute_seconds": 12.5, "cost": 0.125,
        "batching": ["saving": 0.34],
      ],
      ["model": "other", "version": "1", "requests": 2, "items": 2, "compute_seconds": 0, "cost": 0, "batching": .null],
    ],
    "callers": [["name": "ann", "credential": "k1", "requests": 1202, "items": 4802, "compute_seconds": 12.5, "cost": 0.125]],
    "accounts": [],
  ]

  private func context() -> CommandContext {
    CommandContext(engine: nil, output: CapturedOutput(), input: ScriptedInput(), now: .now, width: 100, unicode: true)
  }

  @Test func `costs are told by model, version and caller`() {
    let text = Cost.text(Self.document, context())
    for part in ["2026-11-22T04:00:00Z", "200 MiB", "0.2500 + 0.01000 EUR", "fashion", "1,200", "4,800", "34 %", "ann", "k1"] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    let empty = Cost.text(["since": "x", "models": [], "callers": []], context())
    #expect(empty.contains("no model was asked yet") && !empty.contains("EUR"))
  }

  @Test func `the address is the project's`() throws {
    #expect(try Cost.address(nil) == "http://127.0.0.1:8080")
    let folder = try Folder()
    func address(_ serve: String) throws -> String {
      try Cost.address(ProjectFile.load(folder.project("serve: \(serve)\n"), overrides: [], checkingFiles: false).project.serve)
    }
    #expect(try address("{port: 9000, host: 0.0.0.0}") == "http://127.0.0.1:9000")
    #expect(try address("{admin: {port: 9001, host: \"::1\"}}") == "http://[::1]:9001")
    #expect(throws: UsageError.self) { try address("{port: 0}") }
  }

  @Test func `where nobody answers, that is said`() async {
    // Nobody listens on the port of discarding.
    let answer = await martlet("cost", "--server", "http://127.0.0.1:9")
    #expect(answer.exitCode == 1 && answer.notes.contains("nobody answers at http://127.0.0.1:9"))
    #expect(await martlet("cost", "--server", "nowhere").exitCode == 2)
  }

  @Test func `a server's own authority is believed where it is named`() async throws {
    let folder = try Folder()
    let authority = folder.path + "/authority.pem"
    let server = try await Self.server(#"{"models": []}"#, certificate: authority)
    let address = "https://localhost:\(server.localAddress?.port ?? 0)"
    let stranger = await martlet("cost", "--server", address)
    #expect(stranger.exitCode == 1 && stranger.notes.contains("the certificate of \(address) is not trusted"))
    #expect(stranger.notes.contains("--tls-authority FILE") && !stranger.notes.contains("BoringSSL"))
    let believing = await martlet("cost", "--server", address, "--tls-authority", authority)
    #expect(believing.exitCode == 0 && believing.output.contains("no model was asked yet"), "\(believing.notes)")
    let misled = await martlet(
      "cost", "--server", address.replacing("localhost", with: "127.0.0.1"), "--tls-authority", authority)
    #expect(misled.exitCode == 1 && misled.notes.contains("is for another name"), "\(misled.notes)")
    let none = await martlet("cost", "--server", address, "--tls-authority", try folder.write("empty.pem", ""))
    #expect(none.exitCode == 1 && none.notes.contains("holds no certificate"))
    try await server.close()
  }

  /// Answers every request with one document, over TLS.
  /// - Parameter certificate: where the certificate is written, which is its own authority.
  private static func server(_ document: String, certificate path: String) async throws -> any Channel {
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName { CommonName("localhost") }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Date(timeIntervalSinceNow: -3600),
      notValidAfter: Date(timeIntervalSinceNow: 3600), issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        SubjectAlternativeNames([.dnsName("localhost")])
      }, issuerPrivateKey: .init(key))
    try Data(certificate.serializeAsPEM().pemString.utf8).write(to: URL(fileURLWithPath: path))
    let context = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMFile(path).map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem))))
    return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([NIOSSLServerHandler(context: context), OneAnswer(document)])
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  private final class OneAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let document: String

    init(_ document: String) { self.document = document }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(document.utf8.count)\r\nConnection: close\r\n\r\n\(document)"
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    }
  }
}
