import Foundation
import MartletCore

@testable import Streams

#if canImport(Glibc)
  import Glibc
#endif

/// A RabbitMQ of a test's own: free ports, its own node name, cookie and folder; gone with the value or the process.
///
/// `@unchecked Sendable`: a test uses it from one task at a time.
final class TemporaryRabbit: @unchecked Sendable {
  /// A server that could not be started, with the reason.
  struct Failure: Error, CustomStringConvertible { let description: String }

  static let program = "/usr/lib/rabbitmq/bin/rabbitmq-server"
  static var isInstalled: Bool { access(program, X_OK) == 0 }

  private let folder: String
  private let port: Int
  private let node: String
  private let environment: [String: String]
  private let epmdPort: Int
  private let certificates: BrokerCertificates?
  /// The end of a pipe: when the process ends, however it ends, the server's keeper reads its end and kills the server.
  private var lifeline: FileHandle?
  private var keeper: Process?

  /// - Parameter certificates: with them it speaks TLS, and with clients that have a certificate only.
  init(queues: [String], certificates: BrokerCertificates? = nil) throws {
    self.certificates = certificates
    let name = "martlet-mq-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let port = try Self.freePort()
    self.port = port
    epmdPort = try Self.freePort()
    let user: JSONValue = ["name": "guest", "password": "guest", "tags": "administrator"]
    let rights: JSONValue = ["user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"]
    let definitions: JSONValue = [
      "users": [user], "vhosts": [["name": "/"]], "permissions": [rights],
      "queues": .array(
        queues.map { ["name": .string($0), "vhost": "/", "durable": true, "auto_delete": false, "arguments": [:]] as JSONValue }),
    ]
    try AtomicFile.write(JSON.encode(definitions), to: folder + "/definitions.json")
    let listener =
      certificates.map { made in
        """
        listeners.tcp = none
        listeners.ssl.1 = 127.0.0.1:\(port)
        ssl_options.cacertfile = \(made.authority)
        ssl_options.certfile = \(made.broker.certificate)
        ssl_options.keyfile = \(made.broker.key)
        ssl_options.verify = verify_peer
        ssl_options.fail_if_no_peer_cert = true
        """
      } ?? "listeners.tcp.1 = 127.0.0.1:\(port)"
    try AtomicFile.write(Data("load_definitions = \(folder)/definitions.json\n\(listener)\n".utf8), to: folder + "/rabbit.conf")
    try AtomicFile.write(Data("[].\n".utf8), to: folder + "/plugins")
    node = name + "@localhost"
    environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8",
      "RABBITMQ_NODENAME": node, "RABBITMQ_NODE_PORT": String(port), "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
      "RABBITMQ_DIST_PORT": String(try Self.freePort()), "ERL_EPMD_PORT": String(epmdPort), "ERL_EPMD_ADDRESS": "127.0.0.1",
      "RABBITMQ_MNESIA_BASE": folder + "/mnesia", "RABBITMQ_LOG_BASE": folder + "/log", "RABBITMQ_LOGS": "-",
      "RABBITMQ_CONFIG_FILE": folder + "/rabbit.conf", "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/plugins",
      "RABBITMQ_CONF_ENV_FILE": folder + "/none", "RABBITMQ_GENERATED_CONFIG_DIR": folder + "/generated",
      "RABBITMQ_SCHEMA_DIR": folder + "/schema",
      // The script then becomes the server, so that there is one process to end.
      "RUNNING_UNDER_SYSTEMD": "1",
    ]
    try start()
  }

  deinit {
    stop()
    let epmd = Process()
    epmd.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    epmd.arguments = ["epmd", "-port", String(epmdPort), "-kill"]
    epmd.standardOutput = FileHandle.nullDevice
    epmd.standardError = FileHandle.nullDevice
    if (try? epmd.run()) != nil { epmd.waitUntilExit() }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Starts the server with what it has kept, and waits until it answers.
  func start() throws {
    let pipe = Pipe(), process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "'\(Self.program)' </dev/null >>'\(folder)/server.log' 2>&1 & server=$!; cat >/dev/null; kill -KILL $server; wait $server",
    ]
    process.environment = environment
    process.standardInput = pipe
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    lifeline = pipe.fileHandleForWriting
    keeper = process
    for _ in 0..<900 {
      if let connection = try? RabbitConnection(settings("")) {
        connection.close(politely: true)
        return
      }
      usleep(100_000)
    }
    let log = (try? String(contentsOfFile: folder + "/server.log", encoding: .utf8)) ?? "no log"
    throw Failure(description: "the server does not answer: \(log.suffix(2000))")
  }

  /// Kills the server, as a power cut would.
  func stop() {
    try? lifeline?.close()
    lifeline = nil
    keeper?.waitUntilExit()
    keeper = nil
  }

  /// Lets the server itself evaluate an Erlang expression.
  func evaluate(_ expression: String) throws {
    let process = Process(), said = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/lib/rabbitmq/bin/rabbitmqctl")
    process.arguments = ["-n", node, "eval", expression]
    process.environment = environment
    process.standardOutput = said
    process.standardError = said
    try process.run()
    let words = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: words) }
  }

  func settings(_ queue: String, prefetch: Int = 1000) -> RabbitSettings {
    var settings = RabbitSettings(host: certificates == nil ? "127.0.0.1" : "localhost", port: port, queue: queue)
    settings.prefetch = prefetch
    if let certificates {
      settings.isSecure = true
      settings.security.authority = certificates.authority
      settings.security.certificate = certificates.client.certificate
      settings.security.key = certificates.client.key
    }
    return settings
  }

  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard result else { throw Failure(description: "no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
