extension Column {
  /// Lists of the elements' values after each other.
  /// - Parameters:
  ///   - lengths: how many elements each row takes; `nil` for a missing list.
  /// - Precondition: the lengths add up to the elements' count.
  public init(_ name: String, lengths: [Int?], elements: Column) {
    precondition(lengths.reduce(0) { $0 + ($1 ?? 0) } == elements.count, "lists of \(elements.count) elements")
    let memory = ColumnMemory()
    let offsets = memory.allocate((lengths.count + 1) * 8).assumingMemoryBound(to: Int64.self)
    let bits = memory.allocate((lengths.count + 7) / 8).assumingMemoryBound(to: UInt8.self)
    for (row, length) in lengths.enumerated() {
      offsets[row + 1] = offsets[row] + Int64(length ?? 0)
      if length != nil { bits[row >> 3] |= 1 << (row & 7) }
    }
    self.init(
      name: name, type: .list(elements.type), count: lengths.count,
      storage: ColumnStorage(
        values: UnsafeRawPointer(offsets), validity: lengths.contains(nil) ? UnsafePointer(bits) : nil, wideOffsets: true,
        elements: elements, owner: memory))
  }
}
