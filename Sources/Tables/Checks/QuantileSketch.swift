/// Quantiles of any number of values in a fixed amount of memory, with a bound on the error that is known and not only likely.
///
/// Full buffers are sorted and every second value goes on with twice the weight (Munro and Paterson 1980; the compactors of Karnin, Lang
/// and Liberty, FOCS 2016, here with alternating instead of random choice). Exact up to `capacity` values; beyond, ``rankError`` says by
/// how many ranks an answer can be off at most. Merging adds the bounds.
public struct QuantileSketch: Sendable, Hashable, Codable {
  /// Values per level.
  public let capacity: Int
  /// Values seen.
  public private(set) var count = 0
  private var levels: [[Double]] = [[]]
  private var odd: [Bool] = [false]
  private var bound = 0

  /// - Parameter capacity: values kept per level: twice as many halve the error.
  public init(capacity: Int = 4096) {
    self.capacity = max(capacity, 8)
  }

  /// Nothing has been thinned out yet: answers are those of the sorted values.
  public var isExact: Bool { bound == 0 }

  /// The largest possible error of an answer's rank, as a share of all values: 0.002 means that the median lies between the 49.8th and
  /// the 50.2th percentile.
  public var rankError: Double { count == 0 ? 0 : Double(bound) / Double(count) }

  /// Adds finite values.
  mutating func add(_ values: UnsafeBufferPointer<Double>) {
    count += values.count
    var place = 0
    while place < values.count {
      let taken = min(capacity - levels[0].count, values.count - place)
      levels[0].append(contentsOf: UnsafeBufferPointer(rebasing: values[place..<(place + taken)]))
      place += taken
      if levels[0].count >= capacity, place < values.count || levels.count > 1 { thin(0) }
    }
  }

  /// The sketch of both sets of values together.
  public mutating func merge(_ other: QuantileSketch) {
    guard other.count > 0 else { return }
    count += other.count
    bound += other.bound
    while levels.count < other.levels.count {
      levels.append([])
      odd.append(false)
    }
    for (level, values) in other.levels.enumerated() { levels[level].append(contentsOf: values) }
    var level = 0
    while level < levels.count {
      if levels[level].count > capacity { thin(level) }
      level += 1
    }
  }

  private mutating func thin(_ level: Int) {
    if level + 1 == levels.count {
      levels.append([])
      odd.append(false)
    }
    levels[level].sort()
    // An odd one out waits for the next time, so that weights stay exact.
    let even = levels[level].count / 2 * 2
    var place = odd[level] ? 1 : 0
    while place < even {
      levels[level + 1].append(levels[level][place])
      place += 2
    }
    levels[level].removeFirst(even)
    odd[level].toggle()
    bound += 1 << level
    if levels[level + 1].count >= capacity { thin(level + 1) }
  }

  private var weighted: [(value: Double, weight: Int)] {
    var all: [(value: Double, weight: Int)] = []
    all.reserveCapacity(levels.reduce(0) { $0 + $1.count })
    for (level, values) in levels.enumerated() { for value in values { all.append((value, 1 << level)) } }
    return all.sorted { $0.value < $1.value }
  }

  /// The values below which the given shares of all values lie; exact ones lie between neighbours in proportion, as NumPy's.
  /// - Parameter shares: between 0 and 1, in any order.
  /// - Returns: a value a share; NaN where nothing was added.
  public func quantiles(_ shares: [Double]) -> [Double] {
    let all = weighted
    guard let last = all.last else { return shares.map { _ in .nan } }
    if isExact {
      return shares.map { share in
        let position = min(max(share, 0), 1) * Double(all.count - 1)
        let index = Int(position)
        guard index + 1 < all.count else { return last.value }
        return all[index].value + (all[index + 1].value - all[index].value) * (position - Double(index))
      }
    }
    var cumulative: [Int] = [], sum = 0
    cumulative.reserveCapacity(all.count)
    for item in all {
      sum += item.weight
      cumulative.append(sum)
    }
    return shares.map { share in
      let wanted = min(max(share, 0), 1) * Double(sum - 1)
      return all[min(Self.firstPlace(in: cumulative) { Double($0) > wanted }, all.count - 1)].value
    }
  }

  /// The share of values that are at most each of these.
  public func shares(atMost limits: [Double]) -> [Double] {
    let all = weighted
    guard !all.isEmpty else { return limits.map { _ in .nan } }
    var cumulative: [Int] = [], sum = 0
    for item in all {
      sum += item.weight
      cumulative.append(sum)
    }
    let values = all.map(\.value)
    return limits.map { limit in
      let place = Self.firstPlace(in: values) { $0 > limit }
      return place == 0 ? 0 : Double(cumulative[place - 1]) / Double(sum)
    }
  }

  private static func firstPlace<Element>(in sorted: [Element], where holds: (Element) -> Bool) -> Int {
    var low = 0, high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if holds(sorted[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
