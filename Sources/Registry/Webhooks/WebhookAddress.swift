import Foundation
import Glibc

/// An address that webhooks may go to: never one of this machine, of a private network, or of a cloud's metadata, whatever name it hides
/// behind.
struct WebhookAddress: Sendable {
  let url: String
  let host: String
  let isSecure: Bool
  private let port: Int
  private let allowed: [AddressRange]
  private let isHostAllowed: Bool

  /// Checks what can be seen from the text.
  /// - Parameter allowed: host names, addresses and networks (`10.1.0.0/16`) that are allowed in spite of being private.
  init(_ url: String, allowed: [String]) throws(RegistryError) {
    guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(), ["https", "http"].contains(scheme),
      let host = parts.host, !host.isEmpty, url.utf8.count <= 2000
    else { throw Self.refused(url, "is no address for a webhook", "https://host/path") }
    guard parts.user == nil, parts.password == nil else {
      throw Self.refused(url, "holds a user or a password", "a signature check instead")
    }
    self.url = url
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    isSecure = scheme == "https"
    port = parts.port ?? (isSecure ? 443 : 80)
    self.allowed = allowed.compactMap(AddressRange.init)
    isHostAllowed = allowed.contains { $0.lowercased() == host.lowercased() }
    // Without encryption only where the team said so itself.
    guard isSecure || isHostAllowed || !self.allowed.isEmpty else { throw Self.refused(url, "is not encrypted", "https://") }
  }

  private static func refused(_ url: String, _ what: String, _ expected: String) -> RegistryError {
    RegistryError(.invalidQuery, "'\(url.prefix(200))' \(what)", expected: expected)
  }

  /// Looks the name up and checks every address that it has.
  /// - Returns: the address to connect to, and to no other: a name that means something else a moment later changes nothing.
  /// - Throws: `RegistryError` `.invalidQuery` if one of them is not allowed, `.unreachable` if there is none.
  func resolve() throws(RegistryError) -> String {
    let found = try Self.lookUp(host, port)
    for address in found {
      let isAllowed = isHostAllowed || allowed.contains { $0.contains(address) }
      guard isAllowed || (address.isPublic && isSecure) else {
        throw Self.refused(url, "leads to \(address), which is not a public address", "a public one, or MARTLET_WEBHOOK_ALLOW")
      }
    }
    guard let first = found.first else { throw RegistryError(.unreachable, "the name '\(host)' has no address") }
    return first.description
  }

  private static func lookUp(_ host: String, _ port: Int) throws(RegistryError) -> [NetworkAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0 else {
      throw RegistryError(.unreachable, "the name '\(host)' cannot be looked up: \(String(cString: gai_strerror(code)))")
    }
    defer { freeaddrinfo(list) }
    var found: [NetworkAddress] = []
    var next = list
    while let entry = next?.pointee {
      if let address = NetworkAddress(entry.ai_addr) { found.append(address) }
      next = entry.ai_next
    }
    return found
  }
}

/// An address of the internet, four bytes or sixteen.
struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
  let bytes: [UInt8]

  init(bytes: [UInt8]) {
    // One that wraps an old address is that address.
    self.bytes =
      bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255 ? Array(bytes[12...]) : bytes
  }

  init?(_ socket: UnsafeMutablePointer<sockaddr>?) {
    guard let socket else { return nil }
    switch Int32(socket.pointee.sa_family) {
    case AF_INET:
      self.init(
        bytes: socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) } })
    case AF_INET6:
      self.init(
        bytes: socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) } })
    default: return nil
    }
  }

  init?(_ text: String) {
    var four = in_addr(), six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      self.init(bytes: withUnsafeBytes(of: four) { Array($0) })
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      self.init(bytes: withUnsafeBytes(of: six) { Array($0) })
    } else {
      return nil
    }
  }

  var description: String {
    if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
    return stride(from: 0, to: bytes.count, by: 2).map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }.joined(
      separator: ":")
  }

  /// Networks that nobody outside can be reached at (IANA's registries of special-purpose addresses, RFC 6890 and its updates).
  private static let special = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "2001::/23", "2001:db8::/32",
    "2002::/16", "3fff::/20",
  ].compactMap(AddressRange.init)
  /// Of the new addresses only these are given out.
  private static let global = AddressRange("2000::/3")

  var isPublic: Bool {
    guard !Self.special.contains(where: { $0.contains(self) }) else { return false }
    return bytes.count == 4 || Self.global?.contains(self) == true
  }
}

/// A network: `10.1.0.0/16`, or one address.
struct AddressRange: Sendable {
  private let address: NetworkAddress
  private let length: Int

  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = NetworkAddress(String(parts.first ?? "")) else { return nil }
    let length = parts.count == 2 ? Int(parts[1]) ?? -1 : address.bytes.count * 8
    guard (0...address.bytes.count * 8).contains(length) else { return nil }
    self.address = address
    self.length = length
  }

  func contains(_ other: NetworkAddress) -> Bool {
    guard other.bytes.count == address.bytes.count else { return false }
    return (0..<length).allSatisfy { bit in
      let mask = UInt8(0x80) >> UInt8(bit % 8)
      return other.bytes[bit / 8] & mask == address.bytes[bit / 8] & mask
    }
  }
}
