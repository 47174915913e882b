/// Base64 over bytes (RFC 4648), padding wanted as the reference libraries want it.
enum Base64 {
  private static let values: [UInt8] = {
    var result = [UInt8](repeating: 0xFF, count: 256)
    for (value, letter) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
      result[Int(letter)] = UInt8(value)
    }
    return result
  }()

  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    let text = Array(text)
    guard text.count % 4 == 0 else { return nil }
    let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    for (index, letter) in text.dropLast(padding).enumerated() {
      let value = values[Int(letter)]
      if value == 0xFF { return nil }
      bits = bits << 6 | UInt32(value)
      switch index % 4 {
      case 1: result.append(UInt8(truncatingIfNeeded: bits >> 4))
      case 2: result.append(UInt8(truncatingIfNeeded: bits >> 2))
      case 3: result.append(UInt8(truncatingIfNeeded: bits))
      default: break
      }
    }
    return result
  }
}
