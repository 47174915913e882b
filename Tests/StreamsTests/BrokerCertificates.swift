import Foundation

/// An authority of a test's own, a broker's certificate for `localhost`, and a client's, in a folder that goes with the value.
final class BrokerCertificates: Sendable {
  /// openssl's own words.
  struct Failure: Error, CustomStringConvertible { let description: String }

  let folder: String
  var authority: String { folder + "/authority.pem" }
  /// Of the broker and of a client: the certificate, and its key.
  var broker: (certificate: String, key: String) { (folder + "/broker.pem", folder + "/broker-key.pem") }
  var client: (certificate: String, key: String) { (folder + "/client.pem", folder + "/client-key.pem") }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-certificates-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try make("authority")
    let signed = ["-CA", authority, "-CAkey", folder + "/authority-key.pem"]
    try make("broker", signed + ["-addext", "subjectAltName=DNS:localhost"])
    try make("client", signed)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func make(_ name: String, _ more: [String] = []) throws {
    let process = Process(), said = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=\(name)"]
      + ["-keyout", "\(folder)/\(name)-key.pem", "-out", "\(folder)/\(name).pem"] + more
    process.standardOutput = said
    process.standardError = said
    try process.run()
    let words = said.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: String(decoding: words, as: UTF8.self)) }
  }
}
