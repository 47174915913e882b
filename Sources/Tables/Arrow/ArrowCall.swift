import CArrow
import Synchronization

/// What Arrow said of a call that failed, in the words of the C ABI.
struct ArrowFailure: Error {
  let kind: CAErrorKind
  let message: String
  let column: String?
  let value: String?
  let expected: String?
  /// From 1; 0 where it is not known.
  let line: Int
}

/// Calls through the C ABI over Arrow.
enum Arrow {
  /// - Throws: `ArrowFailure` if the call handed out an error.
  static func call<Result>(_ body: (UnsafeMutablePointer<CAError?>) throws -> Result) throws -> Result {
    var error: CAError?
    let result = try body(&error)
    if let error {
      defer { ca_error_free(error) }
      throw ArrowFailure(
        kind: ca_error_kind(error), message: String(cString: ca_error_message(error)),
        column: ca_error_column(error).map { String(cString: $0) }, value: ca_error_value(error).map { String(cString: $0) },
        expected: ca_error_expected(error).map { String(cString: $0) }, line: Int(ca_error_line(error)))
    }
    return result
  }

  /// A call that hands out data.
  static func datum(_ body: (UnsafeMutablePointer<CAError?>) throws -> CADatum?) throws -> ArrowDatum {
    guard let datum = try call(body) else {
      throw ArrowFailure(kind: CA_ERROR_ENGINE, message: "Arrow handed out nothing", column: nil, value: nil, expected: nil, line: 0)
    }
    return ArrowDatum(datum)
  }

  /// Handles of the C ABI and imported columns that are alive: back to where it was once all tables are gone.
  static var liveObjects: Int {
    Int(ca_live_handles()) + ImportedMemory.live.load(ordering: .relaxed) + ExportedColumn.live.load(ordering: .relaxed)
  }

  /// Texts as C wants them, for the time of the body.
  static func withTexts<Result>(_ texts: [String], _ body: (CATexts) throws -> Result) rethrows -> Result {
    let copies = texts.map { text in
      var text = text
      return text.withUTF8 { bytes in
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for (place, byte) in bytes.enumerated() { copy[place] = CChar(bitPattern: byte) }
        copy[bytes.count] = 0
        return UnsafePointer(copy)
      }
    }
    defer { for copy in copies { copy.deallocate() } }
    return try copies.withUnsafeBufferPointer { try body(CATexts(items: $0.baseAddress, count: Int64($0.count))) }
  }

  static func withDatums<Result>(_ datums: [ArrowDatum], _ body: (CADatums) throws -> Result) rethrows -> Result {
    defer { withExtendedLifetime(datums) {} }
    return try datums.map(\.pointer).withUnsafeBufferPointer { try body(CADatums(items: $0.baseAddress, count: Int64($0.count))) }
  }
}

/// An array, a scalar or a table of Arrow's.
///
/// `@unchecked Sendable`: Arrow's data is immutable and its reference counts are atomic.
final class ArrowDatum: @unchecked Sendable {
  let pointer: CADatum

  init(_ pointer: CADatum) { self.pointer = pointer }

  deinit { ca_datum_release(pointer) }

  /// Rows.
  var count: Int { Int(ca_length(pointer)) }

  func column(_ place: Int) throws -> ArrowDatum { try Arrow.datum { ca_table_column(pointer, Int64(place), $0) } }

  /// What its values are, once they are in the house.
  func type() throws -> ColumnType {
    guard let text = try Arrow.call({ ca_type(pointer, $0) }) else { return .text }
    defer { text.deallocate() }
    return try ColumnType(arrowName: String(cString: text))
  }
}

extension ColumnType {
  /// From the words in which a type describes itself.
  init(arrowName name: String) throws {
    func inner(_ start: String, _ end: String) -> String? {
      name.hasPrefix(start) && name.hasSuffix(end) ? String(name.dropFirst(start.count).dropLast(end.count)) : nil
    }
    let plain: [ColumnType] = [
      .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float32, .float64, .boolean, .text, .categorical, .timestamp(),
    ]
    if let type = plain.first(where: { $0.description == name }) {
      self = type
    } else if let zone = inner("timestamp[", "]") {
      self = .timestamp(timeZone: zone)
    } else if let element = inner("list<", ">") {
      self = .list(try ColumnType(arrowName: element))
    } else {
      throw ArrowFailure(kind: CA_ERROR_TYPE, message: "there is no type '\(name)'", column: nil, value: nil, expected: nil, line: 0)
    }
  }
}
