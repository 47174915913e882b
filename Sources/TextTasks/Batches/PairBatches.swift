public import MartletCore
import Torch
public import Training

/// Texts with texts that mean the same, and with others that do not, for embeddings.
///
/// `inputs` are the first texts' ids `[batch, length]` with `extras["mask"]`; `extras["partners"]` and `extras["partnerMask"]` those of the
/// partners, `[batch, length]`, with as many rows of negatives behind them where there are any. `targets` are the scores `[batch]`, 1 where
/// none are given.
public struct PairBatches: BatchSource {
  public let anchors: [[Int]]
  public let positives: [[Int]]
  public let negatives: [[Int]]?
  public let scores: [Float]?
  private let padding: Int

  /// - Throws: `ArgumentError` where the numbers of texts differ, or one has no tokens.
  public init(anchors: [[Int]], positives: [[Int]], negatives: [[Int]]? = nil, scores: [Float]? = nil, padding: Int) throws(ArgumentError) {
    guard anchors.count == positives.count, anchors.count == negatives?.count ?? anchors.count,
      anchors.count == scores?.count ?? anchors.count
    else {
      throw ArgumentError(
        "\(anchors.count) texts, \(positives.count) partners, \(negatives?.count ?? 0) negatives and \(scores?.count ?? 0) scores",
        expected: "as many of each")
    }
    if let empty = anchors.indices.first(where: { anchors[$0].isEmpty || positives[$0].isEmpty || negatives?[$0].isEmpty == true }) {
      throw ArgumentError("pair \(empty) has a text without tokens", expected: "one or more")
    }
    self.anchors = anchors
    self.positives = positives
    self.negatives = negatives
    self.scores = scores
    self.padding = padding
  }

  public var count: Int { anchors.count }
  /// The longer text's length, for buckets.
  public var lengths: [Int] { zip(anchors, positives).map { max($0.count, $1.count) } }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    try TokenRows.check(indices, count: count)
    let first = indices.map { anchors[$0] }
    let partners = indices.map { positives[$0] } + (negatives.map { negatives in indices.map { negatives[$0] } } ?? [])
    return Batch(
      inputs: try TokenRows.filled(first, with: padding), targets: try Tensor(indices.map { scores?[$0] ?? 1 }), indices: indices,
      extras: [
        "mask": try TokenRows.mask(first), "partners": try TokenRows.filled(partners, with: padding),
        "partnerMask": try TokenRows.mask(partners),
      ])
  }
}
