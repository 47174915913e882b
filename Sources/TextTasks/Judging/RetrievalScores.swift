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
}
