/// One value of a column, whatever its type.
public enum TableValue: Hashable, Sendable {
  case missing
  case integer(Int64)
  case number(Double)
  case boolean(Bool)
  case text(String)
  /// Microseconds since 1970-01-01 00:00 UTC.
  case timestamp(Int64)
  case list([TableValue])
}

extension Column {
  /// A row's value. For many rows the typed forms are much faster.
  /// - Precondition: `row` is one of the column's.
  public func value(_ row: Int) -> TableValue {
    if isMissing(row) { return .missing }
    switch type {
    case .float32, .float64: return .number(numberUnchecked(row))
    case .uint64: return .integer(Int64(clamping: load(row, UInt64.self)))
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32: return .integer(integerUnchecked(row))
    case .boolean: return .boolean(booleanUnchecked(row))
    case .text: return .text(textUnchecked(row))
    case .categorical: return .text(categoryUnchecked(row))
    case .timestamp: return .timestamp(load(row, Int64.self))
    case .list:
      guard let elements = storage.elements else { return .list([]) }
      let place = row + offset
      return .list((storage.offset(place)..<storage.offset(place + 1)).map { elements.value($0) })
    }
  }

  /// Numbers, booleans (0 and 1) and timestamps (microseconds) as doubles; missing rows as `missing`.
  /// - Throws: `TableError` if the column holds texts, categories or lists.
  public func numbers(missing: Double = .nan) throws(TableError) -> [Double] {
    let read: (Int) -> Double
    switch type {
    case .float64: read = { self.load($0, Double.self) }
    case .float32: read = { Double(self.load($0, Float.self)) }
    case .int64, .timestamp: read = { Double(self.load($0, Int64.self)) }
    case .int32: read = { Double(self.load($0, Int32.self)) }
    case .boolean: read = { self.booleanUnchecked($0) ? 1 : 0 }
    case .int8, .int16, .uint8, .uint16, .uint32, .uint64: read = numberUnchecked
    case .text, .categorical, .list:
      throw TableError("column '\(name)' holds \(type)", expected: "numbers", remedy: "encode it, or leave it out")
    }
    return [Double](unsafeUninitializedCapacity: count) { target, written in
      if missingCount == 0 {
        for row in 0..<count { target[row] = read(row) }
      } else {
        for row in 0..<count { target[row] = isMissing(row) ? missing : read(row) }
      }
      written = count
    }
  }

  /// The values without copying, where the column's type is exactly `Element`'s. Rows that are missing hold anything.
  /// - Throws: `TableError` naming both types otherwise.
  public func withValues<Element: ColumnElement, Result, Failure: Error>(
    of element: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
  ) throws -> Result {
    guard type == Element.columnType else {
      throw TableError("column '\(name)' holds \(type), not \(Element.columnType)", remedy: "ask for its own type, or for numbers()")
    }
    let start = storage.values.advanced(by: offset * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeBufferPointer(start: start, count: count))
  }

  /// Whole numbers and timestamps; `nil` where missing.
  /// - Throws: `TableError` for other types, and where an unsigned value is larger than `Int.max`.
  public func integers() throws(TableError) -> [Int?] {
    guard type.isInteger || type.kind == .timestamp else { throw TableError("column '\(name)' holds \(type)", expected: "whole numbers") }
    var result: [Int?] = []
    result.reserveCapacity(count)
    for row in 0..<count {
      if isMissing(row) {
        result.append(nil)
      } else if type == .uint64, load(row, UInt64.self) > UInt64(Int.max) {
        throw TableError("column '\(name)' holds \(load(row, UInt64.self)) in row \(row)", expected: "at most \(Int.max)")
      } else {
        result.append(Int(integerUnchecked(row)))
      }
    }
    return result
  }

  /// - Returns: `nil` where missing.
  /// - Throws: `TableError` if the column is not boolean.
  public func booleans() throws(TableError) -> [Bool?] {
    guard type == .boolean else { throw TableError("column '\(name)' holds \(type)", expected: "boolean") }
    return (0..<count).map { isMissing($0) ? nil : booleanUnchecked($0) }
  }

  /// Texts and categories; `nil` where missing.
  /// - Throws: `TableError` for other types.
  public func texts() throws(TableError) -> [String?] {
    switch type {
    case .text: return (0..<count).map { isMissing($0) ? nil : textUnchecked($0) }
    case .categorical:
      let names = categories
      return (0..<count).map { isMissing($0) ? nil : names[Int(load($0, Int32.self))] }
    default: throw TableError("column '\(name)' holds \(type)", expected: "text or categories")
    }
  }

  /// Every column as codes into its distinct values: categories in their own order, other types' values in ascending order, as text.
  /// - Returns: a code a row, -1 where missing, and what the codes mean.
  /// - Throws: `TableError` for lists.
  public func codes() throws(TableError) -> (codes: [Int32], categories: [String]) {
    switch type {
    case .categorical:
      return ((0..<count).map { isMissing($0) ? -1 : load($0, Int32.self) }, categories)
    case .text: return textCodes()
    case .boolean: return ((0..<count).map { isMissing($0) ? -1 : booleanUnchecked($0) ? 1 : 0 }, ["false", "true"])
    case .list: throw TableError("column '\(name)' holds \(type)", expected: "single values")
    case .timestamp, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32:
      return ranked((0..<count).map { isMissing($0) ? nil : integerUnchecked($0) }) { String($0) }
    case .uint64: return ranked((0..<count).map { isMissing($0) ? nil : load($0, UInt64.self) }) { String($0) }
    case .float32, .float64:
      // A whole number is written without a fraction, so that 1 and 1.0 from two files mean the same class.
      return ranked(
        (0..<count).map { row in
          let value = isMissing(row) ? .nan : numberUnchecked(row)
          return value.isNaN ? nil : value
        }
      ) { $0 == $0.rounded() && abs($0) < 1e15 ? String(Int64($0)) : String($0) }
    }
  }

  private func ranked<Value: Hashable & Comparable>(_ values: [Value?], _ text: (Value) -> String) -> ([Int32], [String]) {
    let distinct = Set(values.lazy.compactMap { $0 }).sorted()
    let places = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, Int32($0)) })
    return (values.map { $0.flatMap { places[$0] } ?? -1 }, distinct.map(text))
  }

  private func textCodes() -> ([Int32], [String]) {
    var seen: [String: Int32] = [:]
    var names: [String] = []
    var first = [Int32](repeating: -1, count: count)
    for row in 0..<count where !isMissing(row) {
      let text = textUnchecked(row)
      if let code = seen[text] {
        first[row] = code
      } else {
        let code = Int32(names.count)
        seen[text] = code
        names.append(text)
        first[row] = code
      }
    }
    // Byte order, as every database and numpy sort: not the locale's.
    let order = names.indices.sorted { names[$0].utf8.lexicographicallyPrecedes(names[$1].utf8) }
    var rank = [Int32](repeating: 0, count: names.count)
    for (place, old) in order.enumerated() { rank[old] = Int32(place) }
    return (first.map { $0 < 0 ? -1 : rank[Int($0)] }, order.map { names[$0] })
  }
}

extension Column {
  @inline(__always)
  func load<Element>(_ row: Int, _ type: Element.Type) -> Element {
    storage.values.load(fromByteOffset: (row + offset) * MemoryLayout<Element>.stride, as: Element.self)
  }

  func booleanUnchecked(_ row: Int) -> Bool {
    let place = row + offset
    return storage.values.load(fromByteOffset: place >> 3, as: UInt8.self) >> (place & 7) & 1 == 1
  }

  /// The bytes of a text, without copying.
  func bytesUnchecked(_ row: Int) -> UnsafeBufferPointer<UInt8> {
    let place = row + offset
    let start = storage.offset(place)
    return UnsafeBufferPointer(start: storage.bytes.map { $0 + start }, count: storage.offset(place + 1) - start)
  }

  func textUnchecked(_ row: Int) -> String { String(decoding: bytesUnchecked(row), as: UTF8.self) }

  func categoryUnchecked(_ row: Int) -> String { storage.categories?.textUnchecked(Int(load(row, Int32.self))) ?? "" }

  func integerUnchecked(_ row: Int) -> Int64 {
    switch type {
    case .int8: Int64(load(row, Int8.self))
    case .int16: Int64(load(row, Int16.self))
    case .int32: Int64(load(row, Int32.self))
    case .uint8: Int64(load(row, UInt8.self))
    case .uint16: Int64(load(row, UInt16.self))
    case .uint32: Int64(load(row, UInt32.self))
    default: load(row, Int64.self)
    }
  }

  func numberUnchecked(_ row: Int) -> Double {
    switch type {
    case .float64: load(row, Double.self)
    case .float32: Double(load(row, Float.self))
    case .uint64: Double(load(row, UInt64.self))
    default: Double(integerUnchecked(row))
    }
  }
}

/// A Swift type whose arrays are laid out as a column of numbers.
public protocol ColumnElement: Sendable, BitwiseCopyable {
  static var columnType: ColumnType { get }
}

extension Int8: ColumnElement { public static var columnType: ColumnType { .int8 } }
extension Int16: ColumnElement { public static var columnType: ColumnType { .int16 } }
extension Int32: ColumnElement { public static var columnType: ColumnType { .int32 } }
extension Int64: ColumnElement { public static var columnType: ColumnType { .int64 } }
extension Int: ColumnElement { public static var columnType: ColumnType { .int64 } }
extension UInt8: ColumnElement { public static var columnType: ColumnType { .uint8 } }
extension UInt16: ColumnElement { public static var columnType: ColumnType { .uint16 } }
extension UInt32: ColumnElement { public static var columnType: ColumnType { .uint32 } }
extension UInt64: ColumnElement { public static var columnType: ColumnType { .uint64 } }
extension Float: ColumnElement { public static var columnType: ColumnType { .float32 } }
extension Double: ColumnElement { public static var columnType: ColumnType { .float64 } }
