/// What larger batches would save, estimated from those that were computed.
///
/// A call of n items takes a + b·n in good approximation. Both are fitted by least squares, each size weighted by its calls; with the largest
/// size N that was seen for every call, an item would take a/N + b.
package struct BatchEstimate: Sendable, Hashable {
  /// Seconds of an item as it was, on average.
  package let secondsPerItem: Double
  /// The size that is assumed for every call.
  package let batchItems: Int
  /// Seconds of an item then.
  package let secondsPerItemAtBest: Double

  /// From 0 to 1.
  package var saving: Double { secondsPerItem > 0 ? max(0, 1 - secondsPerItemAtBest / secondsPerItem) : 0 }

  /// - Parameter batches: by items in a call, the calls and what they took together.
  /// - Returns: `nil` where fewer than two sizes were seen, so that nothing can be said, or larger ones do not help.
  package init?(_ batches: [Int: (calls: Double, seconds: Double)]) {
    let known = batches.filter { $0.key > 0 && $0.value.calls > 0 }
    guard known.count >= 2, let largest = known.keys.max() else { return nil }
    var weight = 0.0, n = 0.0, t = 0.0, nn = 0.0, nt = 0.0
    for (size, value) in known {
      let size = Double(size), mean = value.seconds / value.calls
      weight += value.calls
      n += value.calls * size
      t += value.calls * mean
      nn += value.calls * size * size
      nt += value.calls * size * mean
    }
    let spread = weight * nn - n * n
    guard spread > 0 else { return nil }
    let slope = (weight * nt - n * t) / spread, start = (t - slope * n) / weight
    guard start > 0, slope >= 0 else { return nil }
    secondsPerItem = t / n
    batchItems = largest
    secondsPerItemAtBest = start / Double(largest) + slope
  }
}
