/// How often scores of positive and of negative rows lie in narrow bins: quantiles, and the area under the ROC curve with a bound on its
/// error, of any number of rows in little memory.
///
/// Bins are numbers that agree in sign, exponent and the first bits of the mantissa, so each is 2^-bits as wide as its scores are large.
/// Counts are whole, so sketches of parts add up to exactly that of the whole, in any order.
public struct ScoreSketch: Sendable, Hashable, Codable {
  /// Bits of the mantissa that tell bins apart: bins are 2^-bits as wide as their scores.
  public let bits: Int
  /// Counts by bin: positive and negative rows.
  private var bins: [Int64: Pair] = [:]

  private struct Pair: Sendable, Hashable, Codable {
    var positive: UInt64 = 0
    var negative: UInt64 = 0
  }

  /// An empty sketch.
  /// - Parameter bits: 4 to 23; 10 makes about a thousand bins for each doubling of the scores' size.
  public init(bits: Int = 10) { self.bits = min(max(bits, 4), 23) }

  /// Numbers in ascending order have ascending keys.
  private func key(_ score: Double) -> Int64 {
    let pattern = (score + 0).bitPattern
    let magnitude = Int64(pattern & 0x7FFF_FFFF_FFFF_FFFF) >> Int64(52 - bits)
    return pattern >> 63 == 1 ? -magnitude - 1 : magnitude
  }

  private func middle(_ key: Int64) -> Double {
    let magnitude = UInt64(key < 0 ? -(key + 1) : key)
    let low = Double(bitPattern: magnitude << UInt64(52 - bits)), high = Double(bitPattern: (magnitude + 1) << UInt64(52 - bits))
    let value = magnitude == 0 ? 0 : low + (min(high, .greatestFiniteMagnitude) - low) / 2
    return key < 0 ? -value : value
  }

  /// Counts a row.
  /// - Throws: `MetricError` if the score is not finite.
  public mutating func add(_ score: Double, isPositive: Bool = true) throws(MetricError) {
    guard score.isFinite else { throw MetricError(.notANumber, "a score is \(score)", expected: "finite numbers") }
    if isPositive { bins[key(score), default: Pair()].positive += 1 } else { bins[key(score), default: Pair()].negative += 1 }
  }

  /// Adds the counts of other rows.
  /// - Throws: `MetricError` if the other's bins are of another width.
  public mutating func merge(_ other: ScoreSketch) throws(MetricError) {
    guard other.bits == bits else { throw MetricError(.badArgument, "a sketch of \(other.bits) bits cannot be added to one of \(bits)") }
    bins.merge(other.bins) { Pair(positive: $0.positive + $1.positive, negative: $0.negative + $1.negative) }
  }

  /// How many positive rows.
  public var positives: Int { bins.values.reduce(0) { $0 + Int($1.positive) } }
  /// How many negative rows.
  public var negatives: Int { bins.values.reduce(0) { $0 + Int($1.negative) } }

  /// The area under the ROC curve and how far it can be from the exact one: half the share of pairs that lie in the same bin.
  /// - Throws: `MetricError` where only one kind of row occurs.
  public func auc() throws(MetricError) -> (value: Double, bound: Double) {
    let p = Double(positives), n = Double(negatives)
    guard p > 0, n > 0 else {
      throw MetricError(.singleClass, "every row is \(p > 0 ? "positive" : "negative"), so the area under the ROC curve is not defined")
    }
    var below = 0.0, above = 0.0, together = 0.0
    for (_, pair) in bins.sorted(by: { $0.key < $1.key }) {
      let (positive, negative) = (Double(pair.positive), Double(pair.negative))
      above += positive * (below + negative / 2)
      together += positive * negative
      below += negative
    }
    return (above / (p * n), together / (2 * p * n))
  }

  /// The score that a share of all rows stays under, to within a share of 2^-(bits + 1) of itself.
  /// - Returns: NaN without rows.
  public func quantile(_ share: Double) -> Double {
    let total = positives + negatives
    guard total > 0 else { return .nan }
    let target = min(max(share, 0), 1) * Double(total - 1)
    var seen = 0.0
    for (key, pair) in bins.sorted(by: { $0.key < $1.key }) {
      seen += Double(pair.positive + pair.negative)
      if seen > target { return middle(key) }
    }
    return .nan
  }

  private enum CodingKeys: String, CodingKey { case bits, keys, positive, negative }

  /// Bins as three arrays, ascending.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let sorted = bins.sorted { $0.key < $1.key }
    try container.encode(bits, forKey: .bits)
    try container.encode(sorted.map(\.key), forKey: .keys)
    try container.encode(sorted.map(\.value.positive), forKey: .positive)
    try container.encode(sorted.map(\.value.negative), forKey: .negative)
  }

  /// Reads what `encode` writes; arrays of different lengths are refused.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(bits: try container.decode(Int.self, forKey: .bits))
    let keys = try container.decode([Int64].self, forKey: .keys)
    let positive = try container.decode([UInt64].self, forKey: .positive), negative = try container.decode([UInt64].self, forKey: .negative)
    guard positive.count == keys.count, negative.count == keys.count else {
      throw DecodingError.dataCorruptedError(forKey: .keys, in: container, debugDescription: "the arrays of bins have different lengths")
    }
    for (index, key) in keys.enumerated() { bins[key] = Pair(positive: positive[index], negative: negative[index]) }
  }
}
