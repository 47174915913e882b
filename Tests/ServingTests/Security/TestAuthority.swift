import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// An authority that lives for one test, and what it signs.
struct TestAuthority {
  private let key = P256.Signing.PrivateKey()
  private let certificate: Certificate
  let folder: String

  init(_ name: String = "authority") throws {
    folder = NSTemporaryDirectory() + "tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let subject = try DistinguishedName { CommonName(name) }
    certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Date(timeIntervalSinceNow: -3600),
      notValidAfter: Date(timeIntervalSinceNow: 86_400), issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        Critical(KeyUsage(keyCertSign: true))
      }, issuerPrivateKey: .init(key))
    try write(certificate, "authority.pem")
  }

  var authorityFile: String { folder + "/authority.pem" }

  private func write(_ certificate: Certificate, _ name: String) throws {
    try Data(certificate.serializeAsPEM().pemString.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
  }

  /// Writes `NAME.pem` and `NAME-key.pem`.
  func sign(_ name: String, alternatives: [GeneralName] = [], isClient: Bool = false, notAfter: TimeInterval = 3600) throws {
    let own = P256.Signing.PrivateKey()
    let usage: [ExtendedKeyUsage.Usage] = isClient ? [.clientAuth] : [.serverAuth]
    let signed = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(own.publicKey), notValidBefore: Date(timeIntervalSinceNow: -7200),
      notValidAfter: Date(timeIntervalSinceNow: notAfter), issuer: certificate.subject,
      subject: try DistinguishedName { CommonName(name) }, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        try ExtendedKeyUsage(usage)
        SubjectAlternativeNames(alternatives)
      }, issuerPrivateKey: .init(key))
    try write(signed, name + ".pem")
    try Data(own.pemRepresentation.utf8).write(to: URL(fileURLWithPath: folder + "/" + name + "-key.pem"))
  }

  func file(_ name: String) -> String { folder + "/" + name + ".pem" }

  /// What a client believes, and shows.
  func client(_ name: String? = nil, from other: TestAuthority? = nil) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorityFile))
    configuration.applicationProtocols = ["http/1.1"]
    if let name {
      let owner = other ?? self
      configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(owner.file(name)).map { .certificate($0) }
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: owner.file(name + "-key"), format: .pem))
    }
    return configuration
  }
}
