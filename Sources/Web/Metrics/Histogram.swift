/// Counts of values by upper bound, as Prometheus has them.
package struct Histogram: Sendable {
  package let bounds: [Double]
  package private(set) var counts: [UInt64]
  package private(set) var sum = 0.0

  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = [UInt64](repeating: 0, count: bounds.count + 1)
  }

  /// Seconds from half a millisecond to half a minute.
  package static let seconds: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]
  package static let items: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

  package mutating func record(_ value: Double) {
    var index = 0
    while index < bounds.count, value > bounds[index] { index += 1 }
    counts[index] += 1
    sum += value
  }
}
