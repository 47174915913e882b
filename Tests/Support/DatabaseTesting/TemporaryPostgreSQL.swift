import Databases
import Foundation
import Glibc
import Synchronization

/// A server of PostgreSQL's for the tests of one process: in a temporary folder, reached by a socket in it, gone with the process.
package final class TemporaryPostgreSQL: Sendable {
  /// A server that could not be started, with the reason.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private let folder: String
  /// The end of a pipe: when the process ends, however it ends, the server's keeper reads its end and stops the server.
  private let lifeline: FileHandle
  private let keeper: Process

  private static let started = Mutex<Result<TemporaryPostgreSQL, Failure>?>(nil)

  /// The server that all tests of the process share.
  package static func shared() throws(Failure) -> TemporaryPostgreSQL {
    let result = started.withLock { started in
      if let started { return started }
      let result = Result { () throws(Failure) in try TemporaryPostgreSQL() }
      started = result
      return result
    }
    return try result.get()
  }

  /// The URL of a new, empty schema.
  package func newURL() throws(Failure) -> String {
    let name = "t" + UUID().uuidString.lowercased().filter { $0 != "-" }
    try command("CREATE SCHEMA \(name)")
    return url + "&options=-csearch_path%3D\(name)"
  }

  /// Cuts all connections, as a restart of the server would.
  package func cutConnections() throws(Failure) {
    try command(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
  }

  private static let user = "tester"
  private var url: String { "postgresql://\(Self.user)@/postgres?host=\(folder)" }

  private func command(_ sql: String) throws(Failure) {
    do {
      let database = try PostgresDatabase(url, SQLOptions(component: "tests", busyTimeout: 60))
      try database.write { try $0.script(sql) }
      try database.close()
    } catch { throw Failure(description: "\(error)") }
  }

  /// Another server than the shared one, for tests that stop it.
  package init() throws(Failure) {
    let name = "/martlet-pg-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
    folder = URL(fileURLWithPath: NSTemporaryDirectory()).path + name
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw Failure(description: "\(folder): \(error)") }
    // The server refuses to run as root.
    var prefix: [String] = []
    if getuid() == 0 {
      let account = getpwnam("postgres") != nil ? "postgres" : "nobody"
      guard let entry = getpwnam(account) else { throw Failure(description: "there is no user to run the server as") }
      guard chown(folder, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else { throw Failure(description: "\(folder): chown failed") }
      prefix = ["setpriv", "--reuid=\(account)", "--regid=\(entry.pointee.pw_gid)", "--clear-groups"]
    }
    let data = folder + "/data"
    try Self.run(
      prefix + [
        Self.tool("initdb"), "-D", data, "-U", Self.user, "-A", "trust", "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C",
      ])
    let pipe = Pipe()
    lifeline = pipe.fileHandleForWriting
    keeper = Process()
    keeper.executableURL = URL(fileURLWithPath: "/bin/sh")
    // Nothing of it need survive a power cut.
    let server =
      (prefix + [
        Self.tool("postgres"), "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c",
        "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=32MB", "-c", "jit=off",
      ]).map { "'\($0)'" }.joined(separator: " ")
    keeper.arguments = [
      "-c", "\(server) </dev/null >'\(folder)/log' 2>&1 & server=$!; cat >/dev/null; kill -QUIT $server; wait $server; rm -rf '\(folder)'",
    ]
    keeper.standardInput = pipe
    keeper.standardOutput = FileHandle.nullDevice
    keeper.standardError = FileHandle.nullDevice
    do { try keeper.run() } catch { throw Failure(description: "the server cannot be started: \(error)") }
    for _ in 0..<600 {
      if (try? Self.run([Self.tool("pg_isready"), "-q", "-h", folder])) != nil { return }
      usleep(50_000)
    }
    let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "no log"
    throw Failure(description: "the server does not answer: \(log)")
  }

  /// Stops the server at once, as a crash would.
  package func stop() {
    try? lifeline.close()
    keeper.waitUntilExit()
  }

  /// The program on the PATH, or where Debian keeps it.
  private static func tool(_ name: String) -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let debian = "/usr/lib/postgresql"
    let versions = ((try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []).sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
    return (versions.map { "\(debian)/\($0)/bin" } + folders).map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 } ?? name
  }

  private static func run(_ command: [String]) throws(Failure) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    do { try process.run() } catch { throw Failure(description: "\(command.joined(separator: " ")): \(error)") }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "\(command.joined(separator: " ")): \(text)") }
  }
}
