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
  private let environment: [String: String]
  private let epmdPort: Int
  /// The end of a pipe: when the process ends, however it ends, the server's keeper reads its end and kills the server.
  private var lifeline: FileHandle?
  private var keeper: Process?

  init(queues: [String]) throws {
    let name = "martlet-mq-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    port = try Self.freePort()
    epmdPort = try Self.freePort()
    let user: JSONValue = ["name": "guest", "password": "guest", "tags": "administrator"]
    let rights: JSONValue = ["user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"]
    let definitions: JSONValue = [
      "users": [user], "vhosts": [["name": "/"]], "permissions": [rights],
      "queues": .array(
        queues.map { ["name": .string($0), "vhost": "/", "durable": true, "auto_delete": false, "arguments": [:]] as JSONValue }),
    ]
    try AtomicFile.write(JSON.encode(definitions), to: folder + "/definitions.json")
    try AtomicFile.write(
      Data("load_definitions = \(folder)/definitions.json\nlisteners.tcp.1 = 127.0.0.1:\(port)\n".utf8), to: folder + "/rabbit.conf")
    try AtomicFile.write(Data("[].\n".utf8), to: folder + "/plugins")
    environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8",
      "RABBITMQ_NODENAME": "\(name)@localhost", "RABBITMQ_NODE_PORT": String(port), "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
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

  func settings(_ queue: String, prefetch: Int = 1000) -> RabbitSettings {
    var settings = RabbitSettings(host: "127.0.0.1", port: port, queue: queue)
    settings.prefetch = prefetch
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
