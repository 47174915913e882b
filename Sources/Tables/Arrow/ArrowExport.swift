import CArrow
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A column that Arrow reads in place: kept alive until Arrow lets it go.
final class ExportedColumn {
  static let live = Atomic<Int>(0)
  private let column: Column
  private let buffers: UnsafeMutablePointer<UnsafeRawPointer?>

  init(_ column: Column) {
    self.column = column
    buffers = .allocate(capacity: 3)
    let storage = column.storage
    buffers.initialize(repeating: nil, count: 3)
    buffers[0] = column.missingCount == 0 ? nil : storage.validity.map { UnsafeRawPointer($0) }
    buffers[1] = storage.values
    buffers[2] = storage.bytes.map { UnsafeRawPointer($0) }
    Self.live.add(1, ordering: .relaxed)
  }

  deinit {
    buffers.deallocate()
    Self.live.subtract(1, ordering: .relaxed)
  }

  /// The column in Arrow's structures; whoever gets them calls their releases.
  static func export(_ column: Column) -> (array: ArrowArray, schema: ArrowSchema) {
    let owner = ExportedColumn(column)
    let buffers = owner.buffers
    var array = ArrowArray()
    array.length = Int64(column.count)
    array.null_count = Int64(column.missingCount)
    array.offset = Int64(column.offset)
    array.n_buffers = column.type == .text ? 3 : 2
    array.buffers = buffers
    array.private_data = Unmanaged.passRetained(owner).toOpaque()
    var schema = ArrowSchema()
    schema.flags = 2  // may have missing values
    schema.format = UnsafePointer(strdup(format(of: column)))
    schema.name = UnsafePointer(strdup(column.name))
    if let elements = column.storage.elements {
      let child = export(elements)
      array.n_children = 1
      array.children = boxes(child.array)
      schema.n_children = 1
      schema.children = boxes(child.schema)
    }
    if let categories = column.storage.categories {
      let dictionary = export(categories)
      array.dictionary = box(dictionary.array)
      schema.dictionary = box(dictionary.schema)
    }
    array.release = releaseArray
    schema.release = releaseSchema
    return (array, schema)
  }

  private static func format(of column: Column) -> String {
    switch column.type {
    case .int8: "c"
    case .int16: "s"
    case .int32, .categorical: "i"
    case .int64: "l"
    case .uint8: "C"
    case .uint16: "S"
    case .uint32: "I"
    case .uint64: "L"
    case .float32: "f"
    case .float64: "g"
    case .boolean: "b"
    case .text: column.storage.wideOffsets ? "U" : "u"
    case .timestamp(let zone): "tsu:" + (zone ?? "")
    case .list: column.storage.wideOffsets ? "+L" : "+l"
    }
  }

  private static func box<Value>(_ value: Value) -> UnsafeMutablePointer<Value> {
    let memory = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    memory.initialize(to: value)
    return memory
  }

  private static func boxes<Value>(_ value: Value) -> UnsafeMutablePointer<UnsafeMutablePointer<Value>?> { box(box(value)) }
}

private func releaseArray(_ pointer: UnsafeMutablePointer<ArrowArray>?) {
  guard let pointer, pointer.pointee.release != nil else { return }
  for place in 0..<Int(pointer.pointee.n_children) {
    guard let child = pointer.pointee.children?[place] else { continue }
    child.pointee.release?(child)
    child.deallocate()
  }
  pointer.pointee.children?.deallocate()
  if let dictionary = pointer.pointee.dictionary {
    dictionary.pointee.release?(dictionary)
    dictionary.deallocate()
  }
  if let owner = pointer.pointee.private_data { Unmanaged<ExportedColumn>.fromOpaque(owner).release() }
  pointer.pointee.release = nil
}

private func releaseSchema(_ pointer: UnsafeMutablePointer<ArrowSchema>?) {
  guard let pointer, pointer.pointee.release != nil else { return }
  for place in 0..<Int(pointer.pointee.n_children) {
    guard let child = pointer.pointee.children?[place] else { continue }
    child.pointee.release?(child)
    child.deallocate()
  }
  pointer.pointee.children?.deallocate()
  if let dictionary = pointer.pointee.dictionary {
    dictionary.pointee.release?(dictionary)
    dictionary.deallocate()
  }
  free(UnsafeMutablePointer(mutating: pointer.pointee.format))
  free(UnsafeMutablePointer(mutating: pointer.pointee.name))
  pointer.pointee.release = nil
}

extension Column {
  /// The column for Arrow, in place.
  func datum() throws -> ArrowDatum {
    var (array, schema) = ExportedColumn.export(self)
    return try Arrow.datum { ca_import(&array, &schema, $0) }
  }
}

extension Table {
  /// The table for Arrow, in place.
  func datum() throws -> ArrowDatum {
    let columns = try columns.map { try $0.datum() }
    return try Arrow.withDatums(columns) { datums in
      try Arrow.withTexts(columnNames) { names in try Arrow.datum { ca_table(datums, names, $0) } }
    }
  }
}
