/// Names of files that somebody else chose.
enum HubPath {
  /// A relative path that stays in its folder on every system: no empty, `.` or `..` parts, no root, no drive, no backslash and no control
  /// character.
  static func isSafe(_ path: String) -> Bool {
    guard !path.isEmpty, path.utf8.count <= 1_024 else { return false }
    guard path.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" }) else { return false }
    return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && part != "." && part != ".." && part.utf8.count <= 255 && !(part.utf8.count >= 2 && part.dropFirst().first == ":")
    }
  }

  /// - Throws: `HubError.Kind.unsafePath`.
  static func check(_ path: String) throws(HubError) {
    guard isSafe(path) else { throw HubError(.unsafePath(path)) }
  }

  static func isHexadecimal(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// A path as a part of an address: everything but letters, digits and `-._~/` is written as `%XX`.
  static func escape(_ path: String, keepsSlashes: Bool = true) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        bytes.append(byte)
      case UInt8(ascii: "/") where keepsSlashes: bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
