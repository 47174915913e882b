/// How well vectors find what belongs together.
public enum RetrievalScores {
  /// Each text has to find its partner among all partners, by the product of their vectors.
  /// - Returns: `recall_at_1`, `recall_at_5`, `recall_at_10` and `mrr`. Of equal products the partner's counts as the last.
  public static func pairs(anchors: [[Float]], partners: [[Float]]) -> [String: TextScore] {
    guard !anchors.isEmpty else { return [:] }
    let ranks = anchors.enumerated().map { row, anchor -> Int in
      let products = partners.map { partner in zip(anchor, partner).reduce(0) { $0 + $1.0 * $1.1 } }
      return products.indices.count { $0 != row && products[$0] >= products[row] } + 1
    }
    let count = Double(ranks.count)
    func recall(_ k: Int) -> TextScore { TextScore(Double(ranks.count { $0 <= k }) / count) }
    return [
      "recall_at_1": recall(1), "recall_at_5": recall(5), "recall_at_10": recall(10),
      "mrr": TextScore(ranks.reduce(0) { $0 + 1 / Double($1) } / count),
    ]
  }

  /// Spearman's correlation of cosines and scores; 0 where all of one are equal.
  public static func spearman(_ first: [Double], _ second: [Double]) -> Double {
    let a = ranks(first), b = ranks(second)
    let mean = Double(a.count + 1) / 2
    var product = 0.0, left = 0.0, right = 0.0
    for (x, y) in zip(a, b) {
      product += (x - mean) * (y - mean)
      left += (x - mean) * (x - mean)
      right += (y - mean) * (y - mean)
    }
    return left > 0 && right > 0 ? product / (left * right).squareRoot() : 0
  }

  /// Places from 1 in ascending order; equal values share the mean of theirs.
  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var result = [Double](repeating: 0, count: values.count), start = 0
    while start < order.count {
      var end = start
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { result[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return result
  }
}
