import Foundation

/// A hash from byte strings to numbers, written once and then read by many threads.
///
/// Keys are bytes because two strings that Swift holds to be equal can be two tokens.
struct ByteTable: Sendable {
  private var arena: [UInt8] = []
  private var entries: [Entry] = []
  private var slots: [Int32]

  struct Entry: Sendable {
    var start: Int
    var count: Int
    var hash: UInt64
    var value: Int32
  }

  /// Hashes differ from run to run, so that nobody can choose words that collide.
  static let seed = UInt64.random(in: 0...UInt64.max)

  @inline(__always)
  static func hash(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
    let raw = UnsafeRawPointer(bytes)
    var hash = UInt64(truncatingIfNeeded: count) ^ seed
    var at = 0
    while at + 8 <= count {
      hash = (hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
      at += 8
    }
    var rest: UInt64 = 0
    if at + 4 <= count {
      rest = UInt64(raw.loadUnaligned(fromByteOffset: at, as: UInt32.self))
      at += 4
    }
    while at < count {
      rest = rest << 8 | UInt64(bytes[at])
      at += 1
    }
    hash = (hash ^ rest) &* 0xBF58_476D_1CE4_E5B9
    hash ^= hash >> 32
    hash = hash &* 0x94D0_49BB_1331_11EB
    return hash ^ hash >> 29
  }

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    entries.reserveCapacity(capacity)
  }

  var count: Int { entries.count }

  /// The place of a key among the entries, or -1.
  @inline(__always)
  func find(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    let hash = Self.hash(bytes, count)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] >= 0 {
      let index = Int(slots[slot])
      if entries[index].hash == hash, entries[index].count == count, matches(entries[index], bytes) { return index }
      slot = (slot + 1) & mask
    }
    return -1
  }

  @inline(__always)
  private func matches(_ entry: Entry, _ bytes: UnsafePointer<UInt8>) -> Bool {
    entry.count == 0 || arena.withUnsafeBufferPointer { memcmp($0.baseAddress.unsafelyUnwrapped + entry.start, bytes, entry.count) == 0 }
  }

  /// The number of a key, or -1.
  @inline(__always)
  func value(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let index = find(bytes, count)
    return index < 0 ? -1 : entries[index].value
  }

  func value(_ bytes: some Collection<UInt8>) -> Int32 {
    // A place of its own, since slices of nothing have no address.
    let copy = Array(bytes) + [0]
    return copy.withUnsafeBufferPointer { value($0.baseAddress.unsafelyUnwrapped, copy.count - 1) }
  }

  /// Sets the number of a key; the last one counts.
  /// - Returns: the key's place among the entries.
  @discardableResult
  mutating func insert(_ bytes: some Collection<UInt8>, _ value: Int32) -> Int {
    let copy = Array(bytes) + [0]
    let (known, hash) = copy.withUnsafeBufferPointer { buffer in
      let pointer = buffer.baseAddress.unsafelyUnwrapped
      return (find(pointer, copy.count - 1), Self.hash(pointer, copy.count - 1))
    }
    if known >= 0 {
      entries[known].value = value
      return known
    }
    if (entries.count + 1) * 2 > slots.count { grow() }
    entries.append(Entry(start: arena.count, count: copy.count - 1, hash: hash, value: value))
    arena += copy.dropLast()
    place(Int32(entries.count - 1), hash)
    return entries.count - 1
  }

  private mutating func place(_ index: Int32, _ hash: UInt64) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] >= 0 { slot = (slot + 1) & mask }
    slots[slot] = index
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for (index, entry) in entries.enumerated() { place(Int32(index), entry.hash) }
  }

  func key(_ index: Int) -> ArraySlice<UInt8> { arena[entries[index].start..<entries[index].start + entries[index].count] }
  func entryValue(_ index: Int) -> Int32 { entries[index].value }
}
