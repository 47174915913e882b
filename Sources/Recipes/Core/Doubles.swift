import Foundation

/// An array of doubles that is saved exactly and compactly: few finite values as JSON numbers (their shortest text reads back as the same
/// bits), others as base64 of their little-endian bytes.
struct Doubles: Hashable, Sendable, ExpressibleByArrayLiteral {
  var values: [Double]

  init(_ values: [Double]) { self.values = values }
  init(arrayLiteral elements: Double...) { values = elements }

  /// The same bits: a missing value equals itself.
  static func == (first: Doubles, second: Doubles) -> Bool {
    first.count == second.count && zip(first.values, second.values).allSatisfy { $0.bitPattern == $1.bitPattern }
  }

  func hash(into hasher: inout Hasher) { for value in values { hasher.combine(value.bitPattern) } }

  var count: Int { values.count }
  subscript(index: Int) -> Double { values[index] }
}

extension Doubles: Codable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let values = try? container.decode([Double].self) {
      self.values = values
      return
    }
    let text = try container.decode(String.self)
    guard let data = Data(base64Encoded: text), data.count % 8 == 0 else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "is not base64 of 64-bit numbers")
    }
    values = data.withUnsafeBytes { bytes in
      (0..<data.count / 8).map { Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))) }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    // A negative zero would lose its sign in some readers.
    if values.count <= 4, values.allSatisfy({ $0.isFinite && !($0 == 0 && $0.sign == .minus) }) {
      try container.encode(values)
    } else {
      try container.encode(Data(values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }).base64EncodedString())
    }
  }
}
