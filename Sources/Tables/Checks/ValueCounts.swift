/// How often each value came: exact while there are few different ones, then the frequent ones with a bound on the error.
///
/// Beyond `capacity` different values the median count is taken off all of them and what is left with nothing goes (Misra and Gries 1982,
/// as merged by Agarwal et al., "Mergeable summaries", PODS 2012): a value that came more often than ``undercount`` is never lost.
public struct ValueCounts: Sendable, Hashable, Codable {
  /// A value and how often it came, at least.
  public struct Entry: Sendable, Hashable {
    public let value: TableValue
    public let count: Int
  }

  /// Different values kept.
  public let capacity: Int
  /// Every count is too low by at most this; 0 where all counts are exact.
  public private(set) var undercount = 0
  private var hashes: [UInt64] = []
  private var counts: [Int] = []
  private var values: [CodedValue] = []
  /// Places in the arrays above plus one, by hash; 0 is free.
  private var slots = [Int32](repeating: 0, count: 64)

  public init(capacity: Int = 4096) {
    self.capacity = max(capacity, 2)
  }

  public var isExact: Bool { undercount == 0 }
  /// Different values that are kept: all there were while ``isExact``.
  public var keptCount: Int { hashes.count }
  var keptHashes: [UInt64] { hashes }

  /// The most frequent values, most frequent first; equal counts in order of the values' texts.
  public func top(_ limit: Int) -> [Entry] {
    let order = counts.indices.sorted { counts[$0] > counts[$1] }
    guard let last = order.prefix(limit).last else { return [] }
    let candidates = order.prefix { counts[$0] >= counts[last] }
    return candidates.map { Entry(value: values[$0].value, count: counts[$0]) }
      .sorted { ($1.count, $0.value.sortText) < ($0.count, $1.value.sortText) }.prefix(limit).map { $0 }
  }

  /// How many values came exactly once; an estimate unless ``isExact``.
  public var singletons: Int { counts.reduce(0) { $0 + ($1 == 1 ? 1 : 0) } }

  /// - Returns: whether the value was not among those kept.
  @inline(__always)
  mutating func add(_ hash: UInt64, count: Int = 1, _ value: () -> TableValue) -> Bool {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      if hashes[place] == hash {
        counts[place] += count
        return false
      }
      slot = (slot + 1) & mask
    }
    hashes.append(hash)
    counts.append(count)
    values.append(CodedValue(value()))
    slots[slot] = Int32(hashes.count)
    if hashes.count * 2 > slots.count { rebuild(slots.count * 2) }
    return true
  }

  /// Has room for no further value.
  var isFull: Bool { hashes.count >= capacity }

  /// Makes room, at the cost of exactness.
  mutating func purge() {
    let median = counts.sorted()[counts.count / 2]
    undercount += median
    let kept = counts.indices.filter { counts[$0] > median }
    hashes = kept.map { hashes[$0] }
    values = kept.map { values[$0] }
    counts = kept.map { counts[$0] - median }
    rebuild(slots.count)
  }

  private mutating func rebuild(_ size: Int) {
    slots = [Int32](repeating: 0, count: size)
    for (place, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & (size - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Int32(place + 1)
    }
  }

  /// The counts of both sets together; bounds add up.
  mutating func merge(_ other: ValueCounts, overflow: ([UInt64]) -> Void) {
    undercount += other.undercount
    for place in other.hashes.indices {
      _ = add(other.hashes[place], count: other.counts[place]) { other.values[place].value }
    }
    if hashes.count > capacity {
      overflow(hashes)
      while hashes.count > capacity { purge() }
    }
  }
}

/// A value in a form that can be saved.
private struct CodedValue: Sendable, Hashable, Codable {
  let value: TableValue

  init(_ value: TableValue) { self.value = value }

  init(from decoder: any Decoder) throws {
    let parts = try decoder.singleValueContainer().decode([String: String].self)
    switch parts.first.map({ ($0.key, $0.value) }) {
    case ("i", let text)?: value = Int64(text).map(TableValue.integer) ?? .missing
    case ("n", let text)?: value = UInt64(text).map { .number(Double(bitPattern: $0)) } ?? .missing
    case ("b", let text)?: value = .boolean(text == "true")
    case ("t", let text)?: value = .text(text)
    case ("d", let text)?: value = Int64(text).map(TableValue.timestamp) ?? .missing
    default: value = .missing
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .integer(let value): try container.encode(["i": String(value)])
    case .number(let value): try container.encode(["n": String(value.bitPattern)])
    case .boolean(let value): try container.encode(["b": String(value)])
    case .text(let value): try container.encode(["t": value])
    case .timestamp(let value): try container.encode(["d": String(value)])
    case .missing, .list: try container.encode([String: String]())
    }
  }
}
