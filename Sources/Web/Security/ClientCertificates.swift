package import Access
import Crypto
import Foundation
package import NIOCore
import NIOSSL
import NIOTLS
import SwiftASN1
import Synchronization
import X509

/// What client certificates stand for, by connection.
package final class ClientCertificates: Sendable {
  private let rules: [CertificateRule]
  private let principals = Mutex<[ObjectIdentifier: Principal]>([:])

  package init(rules: [CertificateRule]) { self.rules = rules }

  /// Who made the connection, by its certificate; `nil` without one, or where no rule fits.
  package func principal(of channel: any Channel) -> Principal? {
    guard !rules.isEmpty else { return nil }
    return principals.withLock { $0[ObjectIdentifier(channel)] }
  }

  /// The principal that a certificate stands for: the first rule whose pattern fits one of its names.
  package func principal(der: [UInt8]) -> Principal? {
    guard let certificate = try? Certificate(derEncoded: der) else { return nil }
    let names = Self.names(in: certificate)
    let fingerprint = SHA256.hash(data: der).prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    for rule in rules {
      guard let name = names.first(where: rule.subject.matches) else { continue }
      return Principal(name: name, source: .certificate, credential: fingerprint, roles: rule.roles, models: rule.models)
    }
    return nil
  }

  private static func names(in certificate: Certificate) -> [String] {
    var names: [String] = []
    for relative in certificate.subject {
      for attribute in relative where attribute.type == .RDNAttributeType.commonName { names.append("\(attribute.value)") }
    }
    if let alternatives = try? certificate.extensions.subjectAlternativeNames {
      for alternative in alternatives {
        switch alternative {
        case .dnsName(let name), .uniformResourceIdentifier(let name): names.append(name)
        default: break
        }
      }
    }
    return names
  }

  fileprivate func set(_ principal: Principal?, _ channel: any Channel) {
    principals.withLock { $0[ObjectIdentifier(channel)] = principal }
  }

  var count: Int { principals.withLock { $0.count } }
}

/// Looks at the certificate of a connection once, when its handshake is over.
final class CertificateReader: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private let certificates: ClientCertificates

  init(_ certificates: ClientCertificates) { self.certificates = certificates }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent,
      let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self),
      let certificate = handler.peerCertificate, let der = try? certificate.toDERBytes()
    {
      certificates.set(certificates.principal(der: der), context.channel)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    certificates.set(nil, context.channel)
    context.fireChannelInactive()
  }
}
