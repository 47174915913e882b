import Foundation

/// How near translations come to those of people: runs of one to four words that both have, with a penalty for being short (Papineni et
/// al.: "BLEU", ACL 2002). Equal to sacrebleu's corpus BLEU.
///
/// It is a state of counts, so that parts of a corpus add up to exactly the whole:
///
/// ```swift
/// var bleu = try BLEU()
/// try bleu.add(hypothesis: "the cat sat on the mat", references: ["the cat is on the mat"])
/// print(bleu.score)                                       // 0 … 100
/// ```
public struct BLEU: Sendable, Hashable, Codable {
  /// What stands for the precision of an order without any match (Chen and Cherry: "A systematic comparison of smoothing techniques for
  /// sentence-level BLEU", 2014).
  public enum Smoothing: Sendable, Hashable, Codable {
    /// Nothing: the score is 0 then.
    case none
    /// This count of matches (method 1; 0.1 is usual).
    case floor(Double)
    /// This is added to matches and runs of all orders but the first (method 2; 1 is usual).
    case add(Double)
    /// Half a match, then a quarter …: NIST's, and what papers report (method 3).
    case exponential
  }

  /// How texts become words.
  public let tokenizer: TextTokenizer
  /// Upper and lower case are the same.
  public let lowercased: Bool
  /// What stands for the precision of an order without any match.
  public let smoothing: Smoothing
  /// The longest runs that count.
  public let order: Int
  /// Orders that no hypothesis is long enough for are left out: for single sentences.
  public let leavesOutLongOrders: Bool

  /// Texts so far.
  public private(set) var texts = 0
  /// Words in the hypotheses.
  public private(set) var hypothesisLength = 0
  /// Words in the references, of each text the one that is nearest in length.
  public private(set) var referenceLength = 0
  /// Runs that a reference has, too, by their length from 1 on.
  public private(set) var matches: [Int]
  /// Runs in the hypotheses.
  public private(set) var totals: [Int]

  /// An empty state. The settings left alone are those that papers report.
  /// - Throws: `MetricError` for an order below 1 or a smoothing value that is not above 0.
  public init(
    tokenizer: TextTokenizer = .v13a, lowercased: Bool = false, smoothing: Smoothing = .exponential, order: Int = 4,
    leavesOutLongOrders: Bool = false
  ) throws(MetricError) {
    guard order >= 1 else { throw MetricError(.badArgument, "BLEU of order \(order)", expected: "1 or more") }
    switch smoothing {
    case .floor(let value), .add(let value):
      guard value > 0, value.isFinite else { throw MetricError(.badArgument, "a smoothing value of \(value)", expected: "above 0") }
    default: break
    }
    self.tokenizer = tokenizer
    self.lowercased = lowercased
    self.smoothing = smoothing
    self.order = order
    self.leavesOutLongOrders = leavesOutLongOrders
    matches = Array(repeating: 0, count: order)
    totals = matches
  }

  /// Adds a text.
  /// - Parameters:
  ///   - hypothesis: what the model says.
  ///   - references: what people say; one or more.
  /// - Throws: `MetricError` without a reference.
  public mutating func add(hypothesis: String, references: [String]) throws(MetricError) {
    guard !references.isEmpty else {
      throw MetricError(.empty, row: texts, "text \(texts) has no reference", expected: "one or more")
    }
    let said = tokenizer.tokens(of: hypothesis, lowercased: lowercased)
    let known = references.map { tokenizer.tokens(of: $0, lowercased: lowercased) }
    let nearest = known.map(\.count).min { (abs($0 - said.count), $0) < (abs($1 - said.count), $1) }
    texts += 1
    hypothesisLength += said.count
    referenceLength += nearest ?? 0
    for length in 1...order {
      let own = runCounts(length, of: said)
      guard !own.isEmpty else { break }
      totals[length - 1] += said.count - length + 1
      let others = known.map { runCounts(length, of: $0) }
      for (run, count) in own { matches[length - 1] += min(count, others.reduce(0) { max($0, $1[run] ?? 0) }) }
    }
  }

  /// Adds the state of other texts.
  /// - Throws: `MetricError` if the settings differ.
  public mutating func merge(_ other: BLEU) throws(MetricError) {
    guard other.tokenizer == tokenizer, other.lowercased == lowercased, other.order == order else {
      throw MetricError(.badArgument, "two BLEU states with different settings", expected: "the same tokenizer, case and order")
    }
    texts += other.texts
    hypothesisLength += other.hypothesisLength
    referenceLength += other.referenceLength
    for index in 0..<order {
      matches[index] += other.matches[index]
      totals[index] += other.totals[index]
    }
  }

  /// 1, or less where the hypotheses are shorter than the references.
  public var brevityPenalty: Double {
    guard hypothesisLength < referenceLength else { return 1 }
    return hypothesisLength > 0 ? exp(1 - Double(referenceLength) / Double(hypothesisLength)) : 0
  }

  /// The share of runs that a reference has, by their length from 1 on, smoothed: 0 … 100.
  public var precisions: [Double] { smoothed.precisions }

  /// The score: 0 … 100. 0 without any match, and without any text.
  public var score: Double {
    let (precisions, orders) = smoothed
    guard orders > 0, precisions.prefix(orders).allSatisfy({ $0 > 0 }) else { return 0 }
    return brevityPenalty * exp(precisions.prefix(orders).reduce(0) { $0 + log($1) } / Double(orders))
  }

  private var smoothed: (precisions: [Double], orders: Int) {
    var precisions = [Double](repeating: 0, count: order)
    guard matches.contains(where: { $0 > 0 }) else { return (precisions, 0) }
    var halves = 1.0, orders = order
    for index in 0..<order {
      var (right, total) = (Double(matches[index]), Double(totals[index]))
      if case .add(let value) = smoothing, index > 0 {
        right += value
        total += value
      }
      if total == 0 { break }
      if leavesOutLongOrders { orders = index + 1 }
      if right > 0 {
        precisions[index] = 100 * right / total
      } else if case .exponential = smoothing {
        halves *= 2
        precisions[index] = 100 / (halves * total)
      } else if case .floor(let value) = smoothing {
        precisions[index] = 100 * value / total
      }
    }
    return (precisions, orders)
  }
}

extension Metrics {
  /// BLEU of a corpus with the settings that papers report: 0 … 100. For others see ``BLEU``.
  /// - Parameter references: of each hypothesis, one or more.
  /// - Throws: `MetricError` on no texts, different lengths, and a text without a reference.
  public static func bleu(hypotheses: [String], references: [[String]]) throws(MetricError) -> Double {
    try Check.rows(references.count, hypotheses.count, "hypotheses")
    var bleu = try BLEU()
    for (hypothesis, references) in zip(hypotheses, references) { try bleu.add(hypothesis: hypothesis, references: references) }
    return bleu.score
  }
}
