/// The tokens of one text as a model finds them: ids, and the bytes of the normalised text that they stand for.
struct TokenBuffer {
  var ids: [Int32] = []
  var starts: [Int32] = []
  var ends: [Int32] = []
  /// The piece of each token.
  var words: [Int32] = []
  /// What tokens look like whose text is not that of their id: unknown ones, added ones with blanks about them.
  var surfaces: [Int: [UInt8]] = [:]
  var word: Int32 = 0

  @inline(__always)
  mutating func append(_ id: Int32, _ start: Int32, _ end: Int32) {
    ids.append(id)
    starts.append(start)
    ends.append(end)
    words.append(word)
  }

  mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    words.removeAll(keepingCapacity: true)
    surfaces.removeAll()
    word = 0
  }
}

/// Words that a model has cut before: bounded, emptied when full. What it holds never changes an answer.
struct WordCache {
  private struct Entry {
    var hash: UInt64 = 0
    var key = 0
    var keyCount: Int32 = -1
    var valueCount: Int32 = 0
    var value = 0
  }
  private var entries: [Entry] = []
  private var keys: [UInt8] = []
  /// Ids and lengths in bytes, in turn.
  private var values: [Int32] = []
  private var count = 0
  private static let slots = 1 << 16
  private static let capacity = 1 << 15
  /// Longer words hardly come twice.
  static let longestWord = 128

  /// Appends a known word's tokens; tells whether it was known.
  @inline(__always)
  mutating func append(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ hash: UInt64, at start: Int32, to tokens: inout TokenBuffer) -> Bool
  {
    if entries.isEmpty { return false }
    var slot = Int(truncatingIfNeeded: hash) & (Self.slots - 1)
    while entries[slot].keyCount >= 0 {
      let entry = entries[slot]
      if entry.hash == hash, Int(entry.keyCount) == length, isEqual(entry.key, bytes, length) {
        var at = start
        var index = entry.value
        for _ in 0..<entry.valueCount {
          let end = at + values[index + 1]
          tokens.append(values[index], at, end)
          at = end
          index += 2
        }
        return true
      }
      slot = (slot + 1) & (Self.slots - 1)
    }
    return false
  }

  @inline(__always)
  private func isEqual(_ key: Int, _ bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool {
    keys.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return length == 0 }
      var at = 0
      while at < length {
        if base[key + at] != bytes[at] { return false }
        at += 1
      }
      return true
    }
  }

  /// Keeps the tokens that were appended from `first` on.
  mutating func insert(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ hash: UInt64, _ tokens: TokenBuffer, from first: Int) {
    if entries.isEmpty || count >= Self.capacity || values.count > 1 << 20 {
      entries = [Entry](repeating: Entry(), count: Self.slots)
      keys.removeAll(keepingCapacity: true)
      values.removeAll(keepingCapacity: true)
      count = 0
    }
    var slot = Int(truncatingIfNeeded: hash) & (Self.slots - 1)
    while entries[slot].keyCount >= 0 { slot = (slot + 1) & (Self.slots - 1) }
    entries[slot] = Entry(
      hash: hash, key: keys.count, keyCount: Int32(length), valueCount: Int32(tokens.ids.count - first), value: values.count)
    keys += UnsafeBufferPointer(start: bytes, count: length)
    for index in first..<tokens.ids.count {
      values.append(tokens.ids[index])
      values.append(tokens.ends[index] - tokens.starts[index])
    }
    count += 1
  }
}

/// What one thread needs to encode: buffers that are used again and again.
struct Workspace {
  var cache = WordCache()
  var merging = MergeSpace()
  var lattice: [LatticeNode] = []
  var tokens = TokenBuffer()
  var text = WorkText()
}
