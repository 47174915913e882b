import CPostgres
import Foundation

/// Values as PostgreSQL writes them in its text format.
enum PostgresText {
  /// - Parameter type: the number of the type, as `pg_type` has it.
  static func value(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> SQLValue {
    switch type {
    case 16: return .int(bytes.first == UInt8(ascii: "t") ? 1 : 0)
    case 17: return .blob(data(bytes))
    case 20, 21, 23, 26: return integer(bytes).map { .int($0) } ?? .text(text(bytes))
    case 700, 701: return real(text(bytes)).map { .real($0) } ?? .null
    case 1700:
      // Sums and averages of integers are exact numbers.
      return integer(bytes).map { .int($0) } ?? real(text(bytes)).map { .real($0) } ?? .null
    default: return .text(text(bytes))
    }
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    var rest = bytes[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest = rest.dropFirst() }
    guard !rest.isEmpty else { return nil }
    var total: Int64 = 0
    for byte in rest {
      guard byte >= 48, byte <= 57 else { return nil }
      let (shifted, tooMuch) = total.multipliedReportingOverflow(by: 10)
      let digit = Int64(byte - 48)
      let (sum, overflow) = isNegative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
      guard !tooMuch, !overflow else { return nil }
      total = sum
    }
    return total
  }

  private static func real(_ text: String) -> Double? {
    switch text {
    case "Infinity": .infinity
    case "-Infinity": -.infinity
    case "NaN": nil
    default: Double(text)
    }
  }

  /// `\x0aff`
  private static func data(_ bytes: UnsafeRawBufferPointer) -> Data {
    func digit(_ byte: UInt8) -> UInt8 { byte <= 57 ? byte &- 48 : byte &- 87 }
    var data = Data(capacity: bytes.count / 2)
    var index = 2
    while index + 1 < bytes.count {
      data.append(digit(bytes[index]) << 4 | digit(bytes[index + 1]))
      index += 2
    }
    return data
  }
}

/// The values of a statement as libpq takes them: texts, and bytes as they are.
final class Parameters {
  private var types: [UInt32] = []
  private var texts: [UnsafeMutablePointer<CChar>?] = []
  private var lengths: [Int32] = []
  private var formats: [Int32] = []

  init(_ values: [SQLValue]) {
    for value in values {
      // NULL fits every type, so it has none.
      var type: UInt32 = 0, text: UnsafeMutablePointer<CChar>?, length = 0, isBinary = false
      switch value {
      case .null: break
      case .int(let number): (type, text) = (20, strdup("\(number)"))
      case .real(let number):
        (type, text) = (701, strdup(number.isInfinite ? (number > 0 ? "Infinity" : "-Infinity") : "\(number)"))
      case .text(let string): (type, text) = (25, strdup(string))
      case .blob(let data):
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, data.count))
        data.withUnsafeBytes { if let start = $0.baseAddress { memcpy(copy, start, data.count) } }
        (type, text, length, isBinary) = (17, copy, data.count, true)
      }
      types.append(type)
      texts.append(text)
      lengths.append(Int32(clamping: length))
      formats.append(isBinary ? 1 : 0)
    }
  }

  deinit { texts.forEach { free($0) } }

  func run<Value>(
    _ body: (UnsafePointer<UInt32>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Value
  ) -> Value {
    let pointers = texts.map { UnsafePointer<CChar>($0) }
    return types.withUnsafeBufferPointer { types in
      pointers.withUnsafeBufferPointer { texts in
        lengths.withUnsafeBufferPointer { lengths in
          formats.withUnsafeBufferPointer { formats in
            body(types.baseAddress, texts.baseAddress, lengths.baseAddress, formats.baseAddress)
          }
        }
      }
    }
  }
}
