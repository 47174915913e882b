/// The merges of a byte-pair encoding: which pair of tokens becomes which, and which pair goes first.
struct MergeTable: Sendable {
  /// Open addressing: left + 1 in the high half, right in the low one; 0 is free.
  private var keys: [UInt64]
  /// Rank in the high half (the lowest goes first), the new token in the low one.
  private var values: [UInt64]
  private var count = 0

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    keys = [UInt64](repeating: 0, count: size)
    values = [UInt64](repeating: 0, count: size)
  }

  @inline(__always)
  private static func hash(_ key: UInt64) -> Int { Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 24) }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    (UInt64(UInt32(bitPattern: left)) &+ 1) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Rank and new token of a pair; `UInt64.max` where it does not merge.
  @inline(__always)
  func find(_ left: Int32, _ right: Int32) -> UInt64 {
    let key = Self.key(left, right)
    let mask = keys.count - 1
    var slot = Self.hash(key) & mask
    while keys[slot] != 0 {
      if keys[slot] == key { return values[slot] }
      slot = (slot + 1) & mask
    }
    return .max
  }

  /// Of two entries for a pair the later one counts.
  mutating func insert(_ left: Int32, _ right: Int32, rank: UInt32, id: Int32) {
    if (count + 1) * 2 > keys.count {
      let (oldKeys, oldValues) = (keys, values)
      keys = [UInt64](repeating: 0, count: oldKeys.count * 2)
      values = [UInt64](repeating: 0, count: keys.count)
      for (key, value) in zip(oldKeys, oldValues) where key != 0 { place(key, value) }
    }
    place(Self.key(left, right), UInt64(rank) << 32 | UInt64(UInt32(bitPattern: id)))
    count += 1
  }

  private mutating func place(_ key: UInt64, _ value: UInt64) {
    let mask = keys.count - 1
    var slot = Self.hash(key) & mask
    while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & mask }
    keys[slot] = key
    values[slot] = value
  }
}

/// A word in the course of merging.
struct MergeSpace {
  struct Symbol {
    var id: Int32
    /// Bytes that it stands for; 0 once it is part of another.
    var length: Int32
    var previous: Int32
    var next: Int32
    /// Never merges: a piece that the user defined.
    var isFixed = false
  }

  private struct Candidate {
    /// Rank and place: the lowest rank goes first, then the leftmost.
    var order: UInt64
    var id: Int32
  }

  var symbols: [Symbol] = []
  private var heap: [Candidate] = []
  private var ranks: [UInt64] = []

  @inline(__always)
  mutating func append(_ id: Int32, _ length: Int32, isFixed: Bool = false) {
    let index = Int32(symbols.count)
    if index > 0 { symbols[Int(index) - 1].next = index }
    symbols.append(Symbol(id: id, length: length, previous: index - 1, next: -1, isFixed: isFixed))
  }

  /// Merges until nothing merges any more. What is left are the symbols with a length.
  /// - Parameter merged: told of each merge: left, right, new.
  mutating func merge(_ table: MergeTable, hasFixed: Bool = false, merged: ((Int32, Int32, Int32) -> Void)? = nil) {
    if symbols.count < 2 { return }
    if symbols.count <= 48, !hasFixed, merged == nil { mergeShort(table) } else { mergeLong(table, merged) }
  }

  /// Short words: the best pair is found by looking at all.
  private mutating func mergeShort(_ table: MergeTable) {
    ranks.removeAll(keepingCapacity: true)
    for index in 0..<symbols.count - 1 { ranks.append(table.find(symbols[index].id, symbols[index + 1].id)) }
    while true {
      var best = UInt64.max
      var place = -1
      for index in 0..<ranks.count where ranks[index] < best {
        // Equal ranks go to the leftmost, whatever they make.
        if place >= 0, ranks[index] >> 32 == best >> 32 { continue }
        best = ranks[index]
        place = index
      }
      if place < 0 { break }
      symbols[place].id = Int32(truncatingIfNeeded: best)
      symbols[place].length += symbols[place + 1].length
      symbols.remove(at: place + 1)
      ranks.remove(at: place)
      if place < ranks.count { ranks[place] = table.find(symbols[place].id, symbols[place + 1].id) }
      if place > 0 { ranks[place - 1] = table.find(symbols[place - 1].id, symbols[place].id) }
    }
  }

  /// Long words: candidates in a heap, those that are out of date are passed over when they come up.
  private mutating func mergeLong(_ table: MergeTable, _ merged: ((Int32, Int32, Int32) -> Void)?) {
    heap.removeAll(keepingCapacity: true)
    for index in 0..<symbols.count - 1 { consider(Int32(index), Int32(index + 1), table) }
    while let top = pop() {
      let place = Int(UInt32(truncatingIfNeeded: top.order))
      let symbol = symbols[place]
      guard symbol.length > 0, symbol.next >= 0 else { continue }
      let right = symbols[Int(symbol.next)]
      let value = table.find(symbol.id, right.id)
      guard value != .max, Int32(truncatingIfNeeded: value) == top.id, !symbol.isFixed, !right.isFixed else { continue }
      merged?(symbol.id, right.id, top.id)
      symbols[place].id = top.id
      symbols[place].length += right.length
      symbols[place].next = right.next
      symbols[Int(symbol.next)].length = 0
      if right.next >= 0 { symbols[Int(right.next)].previous = Int32(place) }
      if symbol.previous >= 0 { consider(symbol.previous, Int32(place), table) }
      if right.next >= 0 { consider(Int32(place), right.next, table) }
    }
    symbols.removeAll { $0.length == 0 }
  }

  @inline(__always)
  private mutating func consider(_ left: Int32, _ right: Int32, _ table: MergeTable) {
    let (a, b) = (symbols[Int(left)], symbols[Int(right)])
    if a.isFixed || b.isFixed { return }
    let value = table.find(a.id, b.id)
    if value == .max { return }
    push(Candidate(order: value & 0xFFFF_FFFF_0000_0000 | UInt64(UInt32(bitPattern: left)), id: Int32(truncatingIfNeeded: value)))
  }

  private mutating func push(_ item: Candidate) {
    heap.append(item)
    var at = heap.count - 1
    while at > 0 {
      let parent = (at - 1) / 4
      if heap[parent].order <= item.order { break }
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = item
  }

  private mutating func pop() -> Candidate? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return top }
    var at = 0
    while true {
      let first = at * 4 + 1
      if first >= heap.count { break }
      var least = first
      for child in first + 1..<max(min(first + 4, heap.count), first + 1) where heap[child].order < heap[least].order { least = child }
      if heap[least].order >= last.order { break }
      heap[at] = heap[least]
      at = least
    }
    heap[at] = last
    return top
  }
}
