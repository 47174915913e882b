/// Choosing the largest of many without sorting them all.
enum Selection {
  /// A score and the place it stands at. Larger scores come first; equal ones in the order of their places, so that there are no ties.
  struct Entry: Comparable {
    var score: Float
    var index: Int32

    /// Whether this entry comes before the other.
    @inline(__always) static func < (a: Entry, b: Entry) -> Bool { a.score > b.score || (a.score == b.score && a.index < b.index) }
  }

  /// The entries of the `count` largest scores above negative infinity, in order.
  static func largest(_ count: Int, of scores: UnsafeBufferPointer<Float>) -> [Entry] {
    guard count > 0 else { return [] }
    let capacity = max(4 * count, 256)
    var entries: [Entry] = []
    entries.reserveCapacity(capacity)
    var threshold = -Float.infinity
    func keep(_ score: Float, _ index: Int) {
      entries.append(Entry(score: score, index: Int32(truncatingIfNeeded: index)))
      if entries.count == capacity {
        partition(&entries, keeping: count)
        entries.removeSubrange(count...)
        threshold = entries.reduce(Float.infinity) { min($0, $1.score) }
      }
    }
    let blocks = scores.count / 16
    if blocks > 0, let base = UnsafeRawPointer(scores.baseAddress) {
      for block in 0..<blocks {
        let x = base.loadUnaligned(fromByteOffset: block * 64, as: SIMD16<Float>.self)
        // Later equals lose against earlier ones, so only larger scores matter.
        if any(x .> threshold) {
          for lane in 0..<16 where x[lane] > threshold { keep(x[lane], block * 16 + lane) }
        }
      }
    }
    for index in blocks * 16..<scores.count where scores[index] > threshold { keep(scores[index], index) }
    entries.sort()
    if entries.count > count { entries.removeSubrange(count...) }
    return entries
  }

  /// Moves the first `count` entries of the order to the front, in any order.
  static func partition(_ entries: inout [Entry], keeping count: Int) {
    entries.withUnsafeMutableBufferPointer { entries in
      var low = 0, high = entries.count
      while high - low > 1 {
        let middle = split(entries, low, high)
        if middle == count { return }
        if middle < count { low = middle + 1 } else { high = middle }
      }
    }
  }

  /// How many entries from the front of the order hold the given mass: an entry belongs to them if those before it weigh less than `mass`.
  /// They are moved to the front, the last of them to its end.
  static func prefix(of entries: inout [Entry], holding mass: Double, weight: (Entry) -> Double) -> Int {
    entries.withUnsafeMutableBufferPointer { entries in
      var low = 0, high = entries.count
      var before = 0.0
      while high - low > 24 {
        let middle = split(entries, low, high)
        var upper = before
        for index in low..<middle { upper += weight(entries[index]) }
        if upper >= mass {
          high = middle
        } else {
          // The entry in the middle belongs to them; go on behind it.
          before = upper + weight(entries[middle])
          low = middle + 1
        }
      }
      entries[low..<high].sort()
      while low < high, before < mass {
        before += weight(entries[low])
        low += 1
      }
      return low
    }
  }

  /// Parts `low..<high` around a pivot and returns its place.
  private static func split(_ entries: UnsafeMutableBufferPointer<Entry>, _ low: Int, _ high: Int) -> Int {
    let middle = low + (high - low) / 2
    // The median of three guards against inputs that are sorted already.
    if entries[middle] < entries[low] { entries.swapAt(middle, low) }
    if entries[high - 1] < entries[low] { entries.swapAt(high - 1, low) }
    if entries[middle] < entries[high - 1] { entries.swapAt(middle, high - 1) }
    let pivot = entries[high - 1]
    var store = low
    for index in low..<high - 1 where entries[index] < pivot {
      if index != store { entries.swapAt(index, store) }
      store += 1
    }
    entries.swapAt(store, high - 1)
    return store
  }
}
