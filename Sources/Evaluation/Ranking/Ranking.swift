import Foundation

/// Metrics of orders: items of a query, each with a relevance that is true and a score that orders them.
extension Metrics {
  /// The discounted cumulative gain of one query: relevance over log₂(1 + place), items of equal score sharing their places' gain
  /// (Järvelin and Kekäläinen, 2002; McSherry and Najork, 2008).
  /// - Parameters:
  ///   - k: only the first places count; `nil` for all.
  ///   - ignoresTies: items of equal score keep their order from the last to the first instead, as in scikit-learn.
  /// - Throws: `MetricError` on no items, different lengths and NaN.
  public static func dcg(
    relevance: [Double], scores: [Double], k: Int? = nil, ignoresTies: Bool = false
  ) throws(MetricError) -> Double {
    try checkQuery(relevance, scores, k)
    return gain(relevance, scores, k, ignoresTies)
  }

  /// `dcg` over that of the best order: 0 … 1; 0 where nothing is relevant.
  /// - Throws: as `dcg`, and where a relevance is negative (naming the item).
  public static func ndcg(
    relevance: [Double], scores: [Double], k: Int? = nil, ignoresTies: Bool = false
  ) throws(MetricError) -> Double {
    try checkQuery(relevance, scores, k)
    if let row = relevance.firstIndex(where: { $0 < 0 }) {
      throw MetricError(.badArgument, row: row, "the relevance of item \(row) is \(relevance[row])", expected: "0 or more")
    }
    let best = gain(relevance, relevance, k, true)
    return best > 0 ? gain(relevance, scores, k, ignoresTies) / best : 0
  }

  private static func checkQuery(_ relevance: [Double], _ scores: [Double], _ k: Int?) throws(MetricError) {
    try Check.rows(relevance.count, scores.count, "scores")
    if let k, k < 1 { throw MetricError(.badArgument, "the first \(k) places", expected: "at least one") }
    for (name, values) in [("relevance", relevance), ("score", scores)] {
      if let row = values.firstIndex(where: \.isNaN) { throw MetricError(.notANumber, row: row, "the \(name) of item \(row) is NaN") }
    }
  }

  private static func gain(_ relevance: [Double], _ scores: [Double], _ k: Int?, _ ignoresTies: Bool) -> Double {
    let order = scores.indices.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 > $1) }
    let limit = min(k ?? order.count, order.count)
    func discount(_ place: Int) -> Double { place < limit ? 1 / log2(Double(place) + 2) : 0 }
    if ignoresTies { return order.prefix(limit).enumerated().reduce(0) { $0 + relevance[$1.element] * discount($1.offset) } }
    var sum = 0.0, start = 0
    while start < order.count {
      var end = start, relevant = 0.0, discounts = 0.0
      while end < order.count, scores[order[end]] == scores[order[start]] {
        relevant += relevance[order[end]]
        discounts += discount(end)
        end += 1
      }
      sum += relevant / Double(end - start) * discounts
      start = end
    }
    return sum
  }

  /// The items of a query by falling score, equal scores in the order of the items.
  static func ranked(_ scores: [Double]) -> [Int] {
    scores.indices.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
  }

  /// One over the place of the first relevant item; 0 where there is none among the first `k`.
  /// - Throws: as `dcg`.
  public static func reciprocalRank(relevance: [Double], scores: [Double], k: Int? = nil) throws(MetricError) -> Double {
    try checkQuery(relevance, scores, k)
    let place = ranked(scores).prefix(k ?? scores.count).firstIndex { relevance[$0] > 0 }
    return place.map { 1 / Double($0 + 1) } ?? 0
  }

  /// The mean precision at the places of relevant items among the first `k`, over as many as could be there.
  /// - Throws: as `dcg`.
  public static func averagePrecision(relevance: [Double], scores: [Double], k: Int? = nil) throws(MetricError) -> Double {
    try checkQuery(relevance, scores, k)
    let all = relevance.count { $0 > 0 }, limit = min(k ?? scores.count, scores.count)
    guard all > 0 else { return 0 }
    var found = 0.0, sum = 0.0
    for (place, item) in ranked(scores).prefix(limit).enumerated() where relevance[item] > 0 {
      found += 1
      sum += found / Double(place + 1)
    }
    return sum / Double(min(all, limit))
  }

  /// The share of the first `k` items that is relevant.
  /// - Throws: as `dcg`.
  public static func precision(at k: Int, relevance: [Double], scores: [Double]) throws(MetricError) -> Double {
    try checkQuery(relevance, scores, k)
    return Double(ranked(scores).prefix(k).count { relevance[$0] > 0 }) / Double(k)
  }

  /// The share of relevant items that is among the first `k`; 0 where none is relevant.
  /// - Throws: as `dcg`.
  public static func recall(at k: Int, relevance: [Double], scores: [Double]) throws(MetricError) -> Double {
    try checkQuery(relevance, scores, k)
    let all = relevance.count { $0 > 0 }
    return all > 0 ? Double(ranked(scores).prefix(k).count { relevance[$0] > 0 }) / Double(all) : 0
  }
}

/// What an order is worth over many queries, with intervals: queries are what is drawn again.
public struct RankingEvaluation: Codable, Sendable, Hashable {
  /// How many queries.
  public let queries: Int
  /// Queries of which no item is relevant; they count as 0.
  public let withoutRelevant: Int
  /// The places that count for metrics at k.
  public let k: Int
  /// Metrics by name: `ndcg`, `mean_reciprocal_rank`, `map`, `hit_rate`, `precision_at_k`, `recall_at_k`.
  public let metrics: [String: Estimate]

  /// Measures the order of each query's items.
  /// - Parameters:
  ///   - relevance, scores: one array a query.
  ///   - k: how many places count.
  /// - Throws: `MetricError` on no queries, and as `Metrics.ndcg` for the first query at fault.
  public init(
    relevance: [[Double]], scores: [[Double]], k: Int = 10, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) {
    try options.check()
    try Check.rows(relevance.count, scores.count, "queries of scores")
    var values: [String: [Double]] = [:]
    for (one, other) in zip(relevance, scores) {
      values["ndcg", default: []].append(try Metrics.ndcg(relevance: one, scores: other, k: k))
      values["mean_reciprocal_rank", default: []].append(try Metrics.reciprocalRank(relevance: one, scores: other, k: k))
      values["map", default: []].append(try Metrics.averagePrecision(relevance: one, scores: other, k: k))
      let precision = try Metrics.precision(at: k, relevance: one, scores: other)
      values["precision_at_k", default: []].append(precision)
      values["recall_at_k", default: []].append(try Metrics.recall(at: k, relevance: one, scores: other))
      values["hit_rate", default: []].append(precision > 0 ? 1 : 0)
    }
    queries = relevance.count
    withoutRelevant = relevance.count { query in !query.contains { $0 > 0 } }
    self.k = k
    metrics = values.reduce(into: [:]) { result, entry in
      let mean = Metrics.weightedMean(entry.value, weights: nil)
      result[entry.key] =
        entry.key == "hit_rate"
        ? Intervals.wilson(share: mean, count: Double(entry.value.count), level: options.level)
        : Bootstrap.mean(entry.value, weights: nil, options: options)
    }
  }
}
