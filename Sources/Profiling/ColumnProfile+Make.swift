import Foundation
import Tables

extension ColumnProfile {
  init(_ summary: ColumnSummary) {
    let isNumeric = summary.type.kind == .numeric || summary.type.kind == .timestamp
    self.init(
      name: summary.name, type: summary.type.description, kind: summary.type.kind, missing: summary.missing + summary.notNumbers,
      missingRate: summary.missingRate, distinct: summary.distinct.rounded(), distinctIsExact: summary.isDistinctExact,
      isLikelyIdentifier: DataSchema.looksLikeKey(summary), isConstant: summary.isConstant,
      numbers: isNumeric && summary.moments.count > 0 ? Numbers(summary) : nil,
      top: summary.values.top(12).map { Value(value: $0.value.text(limit: 80), count: $0.count) },
      text: summary.text.count > 0 ? Text(summary.text) : nil)
  }
}

extension ColumnProfile.Text {
  init(_ shape: TextShape) {
    self.init(
      shortest: shape.shortest, longest: shape.longest, meanLength: shape.meanLength, blank: shape.blank, padded: shape.padded,
      withLineBreaks: shape.broken, pattern: shape.pattern())
  }
}

extension ColumnProfile.Numbers {
  init(_ summary: ColumnSummary) {
    let sketch = summary.quantileSketch, moments = summary.moments
    let shares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    let quantiles = sketch.quantiles(shares)
    let count = Double(moments.count)
    let (q1, q3) = (quantiles[2], quantiles[4])
    var outliers = 0
    if q3 > q1, (q3 - q1).isFinite {
      let fence = 1.5 * (q3 - q1)
      // A fence belongs to the ordinary side on both ends.
      let below = sketch.shares(atMost: [(q1 - fence).nextDown, q3 + fence])
      outliers = Int((count * (below[0] + 1 - below[1])).rounded())
    }
    let (edges, counts) = Self.histogram(summary, quantiles)
    self.init(
      minimum: moments.minimum, maximum: moments.maximum, mean: moments.mean, standardDeviation: moments.standardDeviation,
      skewness: moments.skewness, quantiles: quantiles, zeros: summary.zeros, negative: summary.negative, infinite: summary.infinite,
      outliers: outliers, whole: summary.isWhole, edges: edges, counts: counts)
  }

  private static func histogram(_ summary: ColumnSummary, _ quantiles: [Double]) -> ([Double], [Double]) {
    var low = summary.moments.minimum, high = summary.moments.maximum
    let count = Double(summary.moments.count)
    guard high > low, (high - low).isFinite else { return ([low, low.nextUp > low + 1 ? low.nextUp : low + 1], [count]) }
    // Long tails would leave all but one bin empty.
    let inner = quantiles[6] - quantiles[0]
    if inner > 0, high - low > 5 * inner {
      low = max(low, quantiles[0] - inner / 4)
      high = min(high, quantiles[6] + inner / 4)
    }
    var edges: [Double]
    if summary.isWhole, high - low <= 1e9, summary.type.kind == .numeric {
      // Bins of as many whole numbers each: otherwise every few bins would look as if more lay in them.
      let first = low.rounded(.down) - 0.5, last = high.rounded(.up) + 0.5
      let width = last - first <= 41 ? 1 : ((last - first) / 30).rounded(.up)
      edges = Array(stride(from: first, to: last + width, by: width))
    } else {
      edges = (0...24).map { low + (high - low) * Double($0) / 24 }
    }
    // A bin holds its lower end: what is strictly below the next edge.
    let below = summary.quantileSketch.shares(atMost: edges.dropLast().map(\.nextDown) + [edges[edges.count - 1]])
    return (edges, zip(below, below.dropFirst()).map { max(0, (count * ($1 - $0)).rounded()) })
  }
}
