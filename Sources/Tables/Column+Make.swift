extension Column {
  /// Numbers, none missing.
  public init<Element: ColumnElement>(_ name: String, _ values: [Element]) {
    let memory = ColumnMemory()
    let target = memory.allocate(values.count * MemoryLayout<Element>.stride)
    values.withUnsafeBytes { target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count) }
    self.init(
      name: name, type: Element.columnType, count: values.count, missingCount: 0,
      storage: ColumnStorage(values: UnsafeRawPointer(target), owner: memory))
  }

  /// Numbers, `nil` where missing.
  public init<Element: ColumnElement>(_ name: String, _ values: [Element?]) {
    self.init(name, fixedWidth: Element.self, type: Element.columnType, count: values.count) { values[$0] }
  }

  /// Booleans, `nil` where missing.
  public init(_ name: String, _ values: [Bool?]) {
    let memory = ColumnMemory()
    let bits = memory.allocate((values.count + 7) / 8).assumingMemoryBound(to: UInt8.self)
    for (row, value) in values.enumerated() where value == true { bits[row >> 3] |= 1 << (row & 7) }
    let validity = Self.validity(values.count, in: memory) { values[$0] != nil }
    self.init(
      name: name, type: .boolean, count: values.count,
      storage: ColumnStorage(values: UnsafeRawPointer(bits), validity: validity, owner: memory))
  }

  /// Texts, `nil` where missing.
  public init(_ name: String, _ values: [String?]) {
    let memory = ColumnMemory()
    let offsets = memory.allocate((values.count + 1) * 8).assumingMemoryBound(to: Int64.self)
    var total = 0
    for (row, value) in values.enumerated() {
      total += value?.utf8.count ?? 0
      offsets[row + 1] = Int64(total)
    }
    let bytes = memory.allocate(total).assumingMemoryBound(to: UInt8.self)
    var place = 0
    for case var value? in values {
      value.withUTF8 {
        if let base = $0.baseAddress { (bytes + place).update(from: base, count: $0.count) }
        place += $0.count
      }
    }
    let validity = Self.validity(values.count, in: memory) { values[$0] != nil }
    self.init(
      name: name, type: .text, count: values.count,
      storage: ColumnStorage(
        values: UnsafeRawPointer(offsets), validity: validity, bytes: UnsafePointer(bytes), wideOffsets: true, owner: memory))
  }

  /// Categories by code.
  /// - Parameters:
  ///   - codes: places in `categories`; -1 where missing.
  /// - Throws: `TableError` naming the first row whose code is no category.
  public init(_ name: String, codes: [Int32], categories: [String]) throws(TableError) {
    if let row = codes.firstIndex(where: { $0 < -1 || $0 >= categories.count }) {
      throw TableError("column '\(name)' has the code \(codes[row]) in row \(row)", expected: "-1 to \(categories.count - 1)")
    }
    let memory = ColumnMemory()
    let target = memory.allocate(codes.count * 4).assumingMemoryBound(to: Int32.self)
    for (row, code) in codes.enumerated() { target[row] = max(code, 0) }
    let validity = Self.validity(codes.count, in: memory) { codes[$0] >= 0 }
    self.init(
      name: name, type: .categorical, count: codes.count,
      storage: ColumnStorage(
        values: UnsafeRawPointer(target), validity: validity, categories: Column(name, categories.map(Optional.some)), owner: memory))
  }

  /// Points in time.
  /// - Parameter microseconds: since 1970-01-01 00:00 UTC; `nil` where missing.
  public init(_ name: String, microseconds: [Int64?], timeZone: String? = nil) {
    self.init(name, fixedWidth: Int64.self, type: .timestamp(timeZone: timeZone), count: microseconds.count) { microseconds[$0] }
  }

  init<Element: BitwiseCopyable>(
    _ name: String, fixedWidth: Element.Type, type: ColumnType, count: Int, _ value: (Int) -> Element?
  ) {
    let memory = ColumnMemory()
    let target = memory.allocate(count * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
    for row in 0..<count { if let value = value(row) { target[row] = value } }
    let validity = Self.validity(count, in: memory) { value($0) != nil }
    self.init(
      name: name, type: type, count: count, storage: ColumnStorage(values: UnsafeRawPointer(target), validity: validity, owner: memory))
  }

  /// A bit a row, or `nil` where all rows are present.
  private static func validity(_ count: Int, in memory: ColumnMemory, _ isPresent: (Int) -> Bool) -> UnsafePointer<UInt8>? {
    guard let first = (0..<count).first(where: { !isPresent($0) }) else { return nil }
    let bits = memory.allocate((count + 7) / 8).assumingMemoryBound(to: UInt8.self)
    for row in 0..<count where row < first || isPresent(row) { bits[row >> 3] |= 1 << (row & 7) }
    return UnsafePointer(bits)
  }
}

extension Column {
  /// The given rows in the given order; a row may come several times. Lists are gathered with their elements.
  /// - Throws: `TableError` naming the first row that the column does not have.
  public func taking(_ rows: [Int]) throws(TableError) -> Column {
    if let place = rows.firstIndex(where: { $0 < 0 || $0 >= count }) {
      throw TableError("row \(rows[place]) of column '\(name)' does not exist", expected: "0 to \(count - 1)")
    }
    switch type {
    case .boolean: return Column(name, rows.map { isMissing($0) ? nil : booleanUnchecked($0) })
    case .text: return takingTexts(rows)
    case .list: return try takingLists(rows)
    case .categorical:
      let taken = Column(name, fixedWidth: Int32.self, type: type, count: rows.count) {
        isMissing(rows[$0]) ? nil : load(rows[$0], Int32.self)
      }
      return Column(
        name: name, type: type, count: rows.count, missingCount: taken.missingCount,
        storage: ColumnStorage(
          values: taken.storage.values, validity: taken.storage.validity, categories: storage.categories, owner: taken.storage))
    default:
      switch type.width {
      case 1: return gather(rows, UInt8.self)
      case 2: return gather(rows, UInt16.self)
      case 4: return gather(rows, UInt32.self)
      default: return gather(rows, UInt64.self)
      }
    }
  }

  private func gather<Element: BitwiseCopyable>(_ rows: [Int], _ element: Element.Type) -> Column {
    guard missingCount == 0 else {
      return Column(name, fixedWidth: Element.self, type: type, count: rows.count) {
        isMissing(rows[$0]) ? nil : load(rows[$0], Element.self)
      }
    }
    let memory = ColumnMemory()
    let target = memory.allocate(rows.count * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
    for (place, row) in rows.enumerated() { target[place] = load(row, Element.self) }
    return Column(
      name: name, type: type, count: rows.count, missingCount: 0, storage: ColumnStorage(values: UnsafeRawPointer(target), owner: memory))
  }

  private func takingTexts(_ rows: [Int]) -> Column {
    let memory = ColumnMemory()
    let offsets = memory.allocate((rows.count + 1) * 8).assumingMemoryBound(to: Int64.self)
    var total = 0
    for (place, row) in rows.enumerated() {
      total += isMissing(row) ? 0 : bytesUnchecked(row).count
      offsets[place + 1] = Int64(total)
    }
    let bytes = memory.allocate(total).assumingMemoryBound(to: UInt8.self)
    for (place, row) in rows.enumerated() where !isMissing(row) {
      let source = bytesUnchecked(row)
      if let base = source.baseAddress { (bytes + Int(offsets[place])).update(from: base, count: source.count) }
    }
    let validity = missingCount == 0 ? nil : Self.validity(rows.count, in: memory) { !isMissing(rows[$0]) }
    return Column(
      name: name, type: .text, count: rows.count,
      storage: ColumnStorage(
        values: UnsafeRawPointer(offsets), validity: validity, bytes: UnsafePointer(bytes), wideOffsets: true, owner: memory))
  }

  private func takingLists(_ rows: [Int]) throws(TableError) -> Column {
    let memory = ColumnMemory()
    let offsets = memory.allocate((rows.count + 1) * 8).assumingMemoryBound(to: Int64.self)
    var elements: [Int] = []
    for (place, row) in rows.enumerated() {
      if !isMissing(row) { elements.append(contentsOf: storage.offset(row + offset)..<storage.offset(row + offset + 1)) }
      offsets[place + 1] = Int64(elements.count)
    }
    let validity = missingCount == 0 ? nil : Self.validity(rows.count, in: memory) { !isMissing(rows[$0]) }
    return Column(
      name: name, type: type, count: rows.count,
      storage: ColumnStorage(
        values: UnsafeRawPointer(offsets), validity: validity, wideOffsets: true, elements: try storage.elements?.taking(elements),
        owner: memory))
  }
}
