package import Access
import Foundation
package import Logging
import MartletCore
package import NIOSSL
import SwiftASN1
import Synchronization
import X509

/// What a listener shows its clients, read again when its files change. Connections that are open go on with what they began with.
package final class TLSIdentity: Sendable {
  package let settings: TLSSettings
  private let logger: Logger
  private let state: Mutex<State>

  private struct State {
    var shown: Shown
    var versions: [FileVersion?]
    var lastLook: ContinuousClock.Instant
    var loads = 1
  }

  /// What clients are shown.
  package struct Shown: Sendable {
    package let chain: [NIOSSLCertificate]
    package let key: NIOSSLPrivateKey
    fileprivate let context: NIOSSLContext
  }

  /// - Throws: `FileError` where a file cannot be read, or the key is not the certificate's.
  package init(_ settings: TLSSettings, logger: Logger) throws {
    self.settings = settings
    self.logger = logger
    let versions = Self.versions(settings)
    state = Mutex(State(shown: try Self.load(settings), versions: versions, lastLook: .now))
  }

  /// For a new connection.
  package var context: NIOSSLContext { current.context }

  /// Certificates and key for a new connection, for protocols that make contexts of their own.
  package var current: Shown {
    lookAgain()
    return state.withLock { $0.shown }
  }

  /// How often the files were read with success.
  package var loads: Int { state.withLock { $0.loads } }

  /// Reads the files if they have changed. Where that fails, the connections to come get what those before got.
  /// - Parameter interval: at most once in so long.
  package func lookAgain(every interval: Duration = .seconds(1)) {
    let isDue = state.withLock { state in
      guard .now - state.lastLook >= interval else { return false }
      state.lastLook = .now
      return true
    }
    guard isDue else { return }
    let versions = Self.versions(settings)
    guard versions != state.withLock({ $0.versions }) else { return }
    do {
      let shown = try Self.load(settings)
      state.withLock { state in
        state.shown = shown
        state.versions = versions
        state.loads += 1
      }
      logger.info("the certificates were read again", metadata: ["certificate": .string(settings.certificate)])
    } catch {
      // Certificate and key are two files: between their replacements they do not fit. The next look tries again.
      logger.error("the certificates stay as they were", metadata: ["detail": .string("\(error)")])
    }
  }

  private static func versions(_ settings: TLSSettings) -> [FileVersion?] {
    [settings.certificate, settings.key, settings.clients].map { $0.flatMap(FileVersion.init(path:)) }
  }

  private static func load(_ settings: TLSSettings) throws -> Shown {
    let chain = try pem(settings.certificate) { try NIOSSLCertificate.fromPEMBytes($0) }
    guard !chain.isEmpty else { throw FileError(path: settings.certificate, problem: "has no certificate", expected: "PEM") }
    let key = try pem(settings.key) { try NIOSSLPrivateKey(bytes: $0, format: .pem) }
    try checkPair(settings)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    if let clients = settings.clients {
      let authorities = try pem(clients) { try NIOSSLCertificate.fromPEMBytes($0) }
      guard !authorities.isEmpty else { throw FileError(path: clients, problem: "has no certificate", expected: "PEM") }
      configuration.trustRoots = .certificates(authorities)
      configuration.certificateVerification = settings.requiresClients ? .noHostnameVerification : .optionalVerification
    }
    do {
      return Shown(chain: chain, key: key, context: try NIOSSLContext(configuration: configuration))
    } catch {
      throw FileError(path: settings.certificate, problem: "cannot be used: \(error)")
    }
  }

  private static func pem<Value>(_ path: String, _ read: ([UInt8]) throws -> Value) throws -> Value {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: path, problem: "cannot be read", expected: "a readable PEM file")
    }
    do { return try read(Array(data)) } catch { throw FileError(path: path, problem: "cannot be understood", expected: "PEM") }
  }

  /// A key of another certificate would be found by the first client only.
  private static func checkPair(_ settings: TLSSettings) throws {
    func text(_ path: String) throws -> String { String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self) }
    guard let certificate = try? Certificate(pemEncoded: text(settings.certificate)),
      let key = try? Certificate.PrivateKey(pemEncoded: text(settings.key))
    else { return }
    guard key.publicKey == certificate.publicKey else {
      throw FileError(
        path: settings.key, problem: "is not the key of \(settings.certificate)", expected: "the private key of the first certificate there"
      )
    }
  }
}

/// Tells apart the states of a file without reading it.
package struct FileVersion: Sendable, Equatable {
  private let inode: UInt64
  private let size: Int64
  private let modified: Date?

  /// `nil` where there is no such file.
  package init?(path: String) {
    guard let status = try? FileManager.default.attributesOfItem(atPath: (path as NSString).resolvingSymlinksInPath) else { return nil }
    inode = (status[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
    size = (status[.size] as? NSNumber)?.int64Value ?? 0
    modified = status[.modificationDate] as? Date
  }
}
