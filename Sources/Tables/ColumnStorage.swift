/// The memory behind a column, in Arrow's layout, shared by its slices.
///
/// `@unchecked Sendable`: the memory is written before the object exists and never after; `owner` only keeps it alive.
final class ColumnStorage: @unchecked Sendable {
  /// Fixed-width values, bits (booleans) or offsets (text, lists).
  let values: UnsafeRawPointer
  /// A bit a row, set where there is a value; `nil` where every row has one.
  let validity: UnsafePointer<UInt8>?
  /// The bytes of texts.
  let bytes: UnsafePointer<UInt8>?
  /// Offsets of texts and lists take 64 bits, not 32.
  let wideOffsets: Bool
  /// The texts that categorical codes mean.
  let categories: Column?
  /// The elements of lists.
  let elements: Column?
  private let owner: AnyObject

  init(
    values: UnsafeRawPointer, validity: UnsafePointer<UInt8>? = nil, bytes: UnsafePointer<UInt8>? = nil, wideOffsets: Bool = false,
    categories: Column? = nil, elements: Column? = nil, owner: AnyObject
  ) {
    self.values = values
    self.validity = validity
    self.bytes = bytes
    self.wideOffsets = wideOffsets
    self.categories = categories
    self.elements = elements
    self.owner = owner
  }

  func offset(_ row: Int) -> Int {
    wideOffsets
      ? Int(values.load(fromByteOffset: row * 8, as: Int64.self)) : Int(values.load(fromByteOffset: row * 4, as: Int32.self))
  }
}

/// Memory of our own, 64-byte aligned as Arrow recommends, freed with the last column that uses it.
final class ColumnMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  /// Zeroed memory.
  func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    let size = (max(bytes, 1) + 63) / 64 * 64
    let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    blocks.append(block)
    return block
  }

  deinit {
    for block in blocks { block.deallocate() }
  }
}
