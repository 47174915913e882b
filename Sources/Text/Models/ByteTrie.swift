/// A trie over bytes: nodes in one list, the children of a node in a hash of (node, byte).
struct ByteTrie: Sendable {
  private var root = [Int32](repeating: -1, count: 256)
  private var values: [Int32] = [-1]
  /// Open addressing: key = node << 8 | byte, 0 where free (the root's children are in `root`).
  private var keys: [UInt64] = [UInt64](repeating: 0, count: 64)
  private var children: [Int32] = [Int32](repeating: -1, count: 64)
  private var count = 0

  var isEmpty: Bool { values.count == 1 }

  @inline(__always)
  private static func hash(_ key: UInt64) -> Int { Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) }

  /// The child of a node, or -1.
  @inline(__always)
  func child(_ node: Int32, _ byte: UInt8) -> Int32 {
    if node == 0 { return root[Int(byte)] }
    let key = UInt64(UInt32(bitPattern: node)) << 8 | UInt64(byte)
    let mask = keys.count - 1
    var slot = Self.hash(key) & mask
    while keys[slot] != 0 {
      if keys[slot] == key { return children[slot] }
      slot = (slot + 1) & mask
    }
    return -1
  }

  @inline(__always)
  func value(_ node: Int32) -> Int32 { values[Int(node)] }

  mutating func insert(_ bytes: some Sequence<UInt8>, _ value: Int32) {
    var node: Int32 = 0
    for byte in bytes {
      var next = child(node, byte)
      if next < 0 {
        next = Int32(values.count)
        values.append(-1)
        if node == 0 { root[Int(byte)] = next } else { link(node, byte, next) }
      }
      node = next
    }
    if node != 0 { values[Int(node)] = value }
  }

  private mutating func link(_ node: Int32, _ byte: UInt8, _ next: Int32) {
    if (count + 1) * 2 > keys.count {
      let (oldKeys, oldChildren) = (keys, children)
      keys = [UInt64](repeating: 0, count: oldKeys.count * 2)
      children = [Int32](repeating: -1, count: keys.count)
      for (key, child) in zip(oldKeys, oldChildren) where key != 0 { place(key, child) }
    }
    place(UInt64(UInt32(bitPattern: node)) << 8 | UInt64(byte), next)
    count += 1
  }

  private mutating func place(_ key: UInt64, _ child: Int32) {
    let mask = keys.count - 1
    var slot = Self.hash(key) & mask
    while keys[slot] != 0 { slot = (slot + 1) & mask }
    keys[slot] = key
    children[slot] = child
  }

  /// The longest entry that the text at a place begins with: its length and value.
  func longest(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> (length: Int, value: Int32)? {
    var node: Int32 = 0
    var found: (Int, Int32)?
    var at = start
    while at < text.count {
      node = child(node, text[at])
      if node < 0 { break }
      at += 1
      if values[Int(node)] >= 0 { found = (at - start, values[Int(node)]) }
    }
    return found
  }
}
