import CArrow

extension ColumnType {
  /// The narrowest type that holds the values of both without loss, as far as there is one: whole numbers widen, whole numbers and
  /// fractions become float64, times of different zones UTC; everything else that differs becomes text.
  public func promoted(with other: ColumnType) -> ColumnType {
    if self == other { return self }
    let both = [self, other]
    switch (kind, other.kind) {
    case (.numeric, .numeric):
      if isInteger && other.isInteger {
        if both.contains(.uint64) { return isUnsigned && other.isUnsigned ? .uint64 : .float64 }
        let unsigned = isUnsigned && other.isUnsigned
        let bits = max(
          isUnsigned && !unsigned ? (width ?? 8) * 2 : width ?? 8, other.isUnsigned && !unsigned ? (other.width ?? 8) * 2 : other.width ?? 8
        )
        switch bits {
        case 1: return unsigned ? .uint8 : .int8
        case 2: return unsigned ? .uint16 : .int16
        case 4: return unsigned ? .uint32 : .int32
        default: return unsigned ? .uint64 : .int64
        }
      }
      // A float32 holds whole numbers of up to 24 bits.
      let small = both.allSatisfy { $0 == .float32 || $0.width ?? 8 <= 2 }
      return small ? .float32 : .float64
    case (.timestamp, .timestamp): return .timestamp(timeZone: "UTC")
    case (.list, .list):
      if case .list(let own) = self, case .list(let foreign) = other { return .list(own.promoted(with: foreign)) }
      return .text
    default: return .text
    }
  }

  private var isUnsigned: Bool { [.uint8, .uint16, .uint32, .uint64].contains(self) }
}

extension Column {
  /// The values as another type: numbers among each other, texts that spell numbers, booleans or times, anything but lists as text,
  /// texts as
  /// categories.
  /// - Throws: `TableError` naming the column and what does not fit.
  public func cast(to type: ColumnType) throws(TableError) -> Column {
    if type == self.type { return self }
    // Nothing is lost where there is nothing.
    if missingCount == count { return try Column.missing(name, type: type, count: count) }
    do {
      var datum = try datum()
      if self.type == .categorical { datum = try Arrow.cast(datum, .text) }
      if type == .categorical {
        if self.type != .text { datum = try Arrow.cast(datum, .text) }
        datum = try Arrow.function("dictionary_encode", [datum])
      } else if type != .text || self.type != .categorical {
        datum = try Arrow.cast(datum, type)
      }
      return try Column(name, datum)
    } catch let failure as ArrowFailure {
      throw TableError(
        "column '\(name)' of \(self.type) does not fit \(type): \(failure.message)", expected: "values that \(type) can hold")
    } catch let error as TableError {
      throw error
    } catch {
      throw TableError("column '\(name)': \(error)")
    }
  }

  /// A column without any value.
  public static func missing(_ name: String, type: ColumnType, count: Int) throws(TableError) -> Column {
    switch type {
    case .boolean: return Column(name, [Bool?](repeating: nil, count: count))
    case .text: return Column(name, [String?](repeating: nil, count: count))
    case .categorical: return try Column(name, codes: [Int32](repeating: -1, count: count), categories: [])
    case .timestamp(let zone): return Column(name, microseconds: [Int64?](repeating: nil, count: count), timeZone: zone)
    case .int8: return Column(name, [Int8?](repeating: nil, count: count))
    case .int16: return Column(name, [Int16?](repeating: nil, count: count))
    case .int32: return Column(name, [Int32?](repeating: nil, count: count))
    case .int64: return Column(name, [Int64?](repeating: nil, count: count))
    case .uint8: return Column(name, [UInt8?](repeating: nil, count: count))
    case .uint16: return Column(name, [UInt16?](repeating: nil, count: count))
    case .uint32: return Column(name, [UInt32?](repeating: nil, count: count))
    case .uint64: return Column(name, [UInt64?](repeating: nil, count: count))
    case .float32: return Column(name, [Float?](repeating: nil, count: count))
    case .float64: return Column(name, [Double?](repeating: nil, count: count))
    case .list(let element):
      let memory = ColumnMemory()
      let bits = memory.allocate((count + 7) / 8).assumingMemoryBound(to: UInt8.self)
      return Column(
        name: name, type: type, count: count,
        storage: ColumnStorage(
          values: UnsafeRawPointer(memory.allocate((count + 1) * 8)), validity: UnsafePointer(bits), wideOffsets: true,
          elements: try missing("item", type: element, count: 0), owner: memory))
    }
  }
}

extension Arrow {
  static func function(_ name: String, _ arguments: [ArrowDatum], _ options: CAOptions = CAOptions()) throws -> ArrowDatum {
    try withDatums(arguments) { list in try datum { ca_call(name, list, options, $0) } }
  }

  static func cast(_ value: ArrowDatum, _ type: ColumnType) throws -> ArrowDatum {
    try type.description.withCString { name in
      var options = CAOptions()
      options.kind = CA_OPTIONS_CAST
      options.text = name
      return try function("cast", [value], options)
    }
  }
}
