import CArrow
import MartletCore
import Synchronization

/// Memory that Arrow owns, given back with the last column that uses it.
///
/// `@unchecked Sendable`: nobody writes to it.
final class ImportedMemory: @unchecked Sendable {
  static let live = Atomic<Int>(0)
  private var array: ArrowArray

  init(_ array: ArrowArray) {
    self.array = array
    Self.live.add(1, ordering: .relaxed)
  }

  deinit {
    array.release?(&array)
    Self.live.subtract(1, ordering: .relaxed)
  }
}

extension Column {
  /// An array of Arrow's, without copying where its type is one of the house's.
  /// - Throws: `TableError` naming the column if its values have no place in a table.
  init(_ name: String, _ datum: ArrowDatum) throws(TableError) {
    var array = ArrowArray(), schema = ArrowSchema()
    do {
      _ = try Arrow.call { ca_export(datum.pointer, &array, &schema, $0) }
    } catch {
      throw TableError(
        "column '\(name)': \((error as? ArrowFailure)?.message ?? "\(error)")", remedy: "leave it out, or convert it beforehand")
    }
    defer { schema.release?(&schema) }
    let owner = ImportedMemory(array)
    self = try Column(name, array: array, schema: schema, owner: owner)
  }

  private init(_ name: String, array: ArrowArray, schema: ArrowSchema, owner: ImportedMemory) throws(TableError) {
    let format = schema.format.map { String(cString: $0) } ?? ""
    func buffer(_ place: Int) -> UnsafeRawPointer? { place < array.n_buffers ? array.buffers?[place] : nil }
    // Memory of zeros stands for the buffers of an array without rows.
    let empty = Column.zeros.pointer
    let validity = buffer(0)?.assumingMemoryBound(to: UInt8.self)
    let values = buffer(1) ?? empty
    let missing = array.null_count >= 0 ? Int(array.null_count) : nil
    var type: ColumnType
    var storage = ColumnStorage(values: values, validity: validity, owner: owner)
    switch format {
    case "c": type = .int8
    case "C": type = .uint8
    case "s": type = .int16
    case "S": type = .uint16
    case "i": type = .int32
    case "I": type = .uint32
    case "l": type = .int64
    case "L": type = .uint64
    case "f": type = .float32
    case "g": type = .float64
    case "b": type = .boolean
    case "u", "U":
      type = .text
      storage = ColumnStorage(
        values: values, validity: validity, bytes: (buffer(2) ?? empty).assumingMemoryBound(to: UInt8.self), wideOffsets: format == "U",
        owner: owner)
    case "+l", "+L":
      guard let child = array.children?[0]?.pointee, let childSchema = schema.children?[0]?.pointee else {
        throw TableError("column '\(name)' has lists without elements")
      }
      let elements = try Column(name, array: child, schema: childSchema, owner: owner)
      type = .list(elements.type)
      storage = ColumnStorage(values: values, validity: validity, wideOffsets: format == "+L", elements: elements, owner: owner)
    case _ where format.hasPrefix("tsu:"):
      let zone = String(format.dropFirst(4))
      type = .timestamp(timeZone: zone.isEmpty ? nil : zone)
    default: throw TableError("column '\(name)' has the Arrow format '\(format)'", expected: "numbers, texts, times, categories or lists")
    }
    if let dictionary = array.dictionary?.pointee, let dictionarySchema = schema.dictionary?.pointee {
      type = .categorical
      storage = ColumnStorage(
        values: values, validity: validity, categories: try Column(name, array: dictionary, schema: dictionarySchema, owner: owner),
        owner: owner)
    }
    self.init(
      name: name, type: type, count: Int(array.length), missingCount: validity == nil ? 0 : missing, storage: storage,
      offset: Int(array.offset))
  }

  /// Zeros that live as long as the process.
  private static let zeros = Zeros()
}

/// `@unchecked Sendable`: nobody writes to the memory.
private final class Zeros: @unchecked Sendable {
  let pointer: UnsafeRawPointer
  private let memory = ColumnMemory()

  init() { pointer = UnsafeRawPointer(memory.allocate(64)) }
}

extension Table {
  /// A table of Arrow's.
  /// - Throws: `TableError` naming the column whose values have no place in a table.
  init(_ datum: ArrowDatum, threads: Int = Parallel.defaultThreads) throws {
    let flat = try Arrow.datum { ca_table_flatten(datum.pointer, $0) }
    let count = Int(ca_table_column_count(flat.pointer))
    let columns = try Parallel.map(count, threads: threads) { place in
      try Column(String(cString: ca_table_column_name(flat.pointer, Int64(place))), flat.column(place))
    }
    try self.init(columns)
  }
}
