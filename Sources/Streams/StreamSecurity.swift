import Foundation
import MartletCore

/// Credentials and certificates for brokers. They come from the environment or from files, and no text shows the password.
public struct StreamSecurity: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
  public var user: String?
  public var password: String?
  /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`; RabbitMQ knows `PLAIN` only.
  public var mechanism = "PLAIN"
  /// The authority of the brokers' certificates, as PEM; the system's where there is none.
  public var authority: String?
  /// The client's certificate and key, as PEM.
  public var certificate: String?
  public var key: String?

  public init() {}

  /// Reads `MARTLET_STREAM_USER`, `MARTLET_STREAM_PASSWORD` or `MARTLET_STREAM_PASSWORD_FILE`, `MARTLET_STREAM_MECHANISM`,
  /// `MARTLET_STREAM_CA`, `MARTLET_STREAM_CERTIFICATE` and `MARTLET_STREAM_KEY`.
  /// - Throws: `StreamError` where they do not fit each other, `FileError` where the password's file cannot be read.
  public init(environment: [String: String]) throws {
    func value(_ name: String) -> String? { environment["MARTLET_STREAM_" + name].flatMap { $0.isEmpty ? nil : $0 } }
    user = value("USER")
    password = value("PASSWORD")
    if let file = value("PASSWORD_FILE") {
      guard password == nil else {
        throw StreamError(.configuration, "MARTLET_STREAM_PASSWORD stands beside MARTLET_STREAM_PASSWORD_FILE", expected: "one of them")
      }
      guard let data = FileManager.default.contents(atPath: file) else { throw FileError(path: file, problem: "cannot be read") }
      password = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
    mechanism = value("MECHANISM")?.uppercased() ?? "PLAIN"
    authority = value("CA")
    certificate = value("CERTIFICATE")
    key = value("KEY")
    guard ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"].contains(mechanism) else {
      throw StreamError(
        .configuration, "MARTLET_STREAM_MECHANISM is '\(mechanism)'", expected: "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
    }
    guard (user == nil) == (password == nil) else {
      throw StreamError(.configuration, "there is a \(user == nil ? "password" : "user") for the broker alone", expected: "both or neither")
    }
    guard (certificate == nil) == (key == nil) else {
      throw StreamError(
        .configuration, "there is a \(certificate == nil ? "key" : "certificate") for the broker alone", expected: "both or neither")
    }
  }

  public var description: String {
    "user: \(user ?? "none"), password: \(password == nil ? "none" : "given"), certificate: \(certificate ?? "none")"
  }
  public var debugDescription: String { description }
}
