/// Spans of words with a class, written as tags: `B-PER I-PER O` (BIO). A span begins at `B-`, and also where `I-` follows another class or
/// `O`, as conlleval and seqeval read them.
public enum TagSpans {
  /// A class and the words that it covers.
  public struct Span: Sendable, Hashable {
    public let label: String
    public let words: Range<Int>
  }

  /// The spans of a sentence's tags.
  public static func spans(of tags: [String]) -> [Span] {
    var result: [Span] = [], start = 0, open: String?
    func parts(_ tag: String) -> (isBeginning: Bool, label: String)? {
      if tag.hasPrefix("B-") { return (true, String(tag.dropFirst(2))) }
      if tag.hasPrefix("I-") { return (false, String(tag.dropFirst(2))) }
      return nil
    }
    for (place, tag) in (tags + ["O"]).enumerated() {
      let found = parts(tag)
      if let label = open, found == nil || found?.isBeginning == true || found?.label != label {
        result.append(Span(label: label, words: start..<place))
        open = nil
      }
      if open == nil, let found { (open, start) = (found.label, place) }
    }
    return result
  }

  /// Precision, recall and F1 of whole spans, and the share of words with the right tag.
  /// - Returns: `span_precision`, `span_recall`, `span_f1`, `accuracy`, and `f1_LABEL` for each class.
  public static func scores(truth: [[String]], predicted: [[String]]) -> [String: TextScore] {
    var right: [String: Int] = [:], said: [String: Int] = [:], wanted: [String: Int] = [:]
    var words = 0, equal = 0
    for (truth, predicted) in zip(truth, predicted) {
      let first = Set(spans(of: truth)), second = Set(spans(of: predicted))
      for span in first { wanted[span.label, default: 0] += 1 }
      for span in second { said[span.label, default: 0] += 1 }
      for span in first.intersection(second) { right[span.label, default: 0] += 1 }
      words += truth.count
      equal += zip(truth, predicted).count { $0 == $1 }
    }
    func share(_ part: Int, _ whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
    func sum(_ counts: [String: Int]) -> Int { counts.values.reduce(0, +) }
    func f1(_ right: Int, _ said: Int, _ wanted: Int) -> Double { share(2 * right, said + wanted) }
    var result = [
      "span_precision": TextScore(share(sum(right), sum(said))), "span_recall": TextScore(share(sum(right), sum(wanted))),
      "span_f1": TextScore(f1(sum(right), sum(said), sum(wanted))), "accuracy": TextScore(share(equal, words)),
    ]
    for label in Set(wanted.keys).union(said.keys) {
      result["f1_\(label)"] = TextScore(f1(right[label] ?? 0, said[label] ?? 0, wanted[label] ?? 0))
    }
    return result
  }
}
