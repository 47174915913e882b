/// Numbers by 64-bit hash: several times faster than a dictionary, whose keys are hashed again.
struct HashTable: Sendable, Codable {
  private var keys: [UInt64]
  private var values: [Int]
  private(set) var count = 0

  init(capacity: Int = 32) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    keys = [UInt64](repeating: 0, count: size)
    values = [Int](repeating: 0, count: size)
  }

  init(_ hashes: [UInt64]) {
    self.init(capacity: hashes.count)
    for hash in hashes { _ = insert(hash, 0) }
  }

  /// What was put in, in no order.
  var hashes: [UInt64] { keys.filter { $0 != 0 } }

  subscript(hash: UInt64) -> Int? {
    let key = hash == 0 ? 1 : hash
    var slot = Int(truncatingIfNeeded: key) & (keys.count - 1)
    while keys[slot] != 0 {
      if keys[slot] == key { return values[slot] }
      slot = (slot + 1) & (keys.count - 1)
    }
    return nil
  }

  /// - Returns: the value that is there already, or `nil` after putting this one there.
  mutating func insert(_ hash: UInt64, _ value: Int) -> Int? {
    let key = hash == 0 ? 1 : hash
    var slot = Int(truncatingIfNeeded: key) & (keys.count - 1)
    while keys[slot] != 0 {
      if keys[slot] == key { return values[slot] }
      slot = (slot + 1) & (keys.count - 1)
    }
    keys[slot] = key
    values[slot] = value
    count += 1
    if count * 2 > keys.count { grow() }
    return nil
  }

  private mutating func grow() {
    let (oldKeys, oldValues) = (keys, values)
    keys = [UInt64](repeating: 0, count: oldKeys.count * 2)
    values = [Int](repeating: 0, count: oldKeys.count * 2)
    for (place, key) in oldKeys.enumerated() where key != 0 {
      var slot = Int(truncatingIfNeeded: key) & (keys.count - 1)
      while keys[slot] != 0 { slot = (slot + 1) & (keys.count - 1) }
      keys[slot] = key
      values[slot] = oldValues[place]
    }
  }
}
