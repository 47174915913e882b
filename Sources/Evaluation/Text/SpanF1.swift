/// A run of words with one label: a name, a place, an answer.
public struct TaggedSpan: Sendable, Hashable, Codable {
  public let label: String
  /// The first word.
  public let start: Int
  /// One more than the last word.
  public let end: Int

  /// A span by its parts.
  public init(label: String, start: Int, end: Int) {
    self.label = label
    self.start = start
    self.end = end
  }

  /// The spans of tags in IOB1, IOB2 or IOBES (`B-PER`, `I-PER`, `E-PER`, `S-PER`, `O`), as seqeval reads them where it is not strict: a span
  /// may begin without `B`, and ends where the label changes.
  public static func spans(of tags: [String]) -> [TaggedSpan] {
    var spans: [TaggedSpan] = [], start = 0
    var last = (sign: Character("O"), label: "")
    for (index, tag) in (tags + ["O"]).enumerated() {
      let sign = tag.first ?? "O", rest = tag.dropFirst()
      let split = rest.firstIndex(of: "-").map { rest[rest.index(after: $0)...] } ?? rest
      let label = split.isEmpty ? "_" : String(split)
      if ends(last.sign, sign, last.label != label) { spans.append(TaggedSpan(label: last.label, start: start, end: index)) }
      if begins(last.sign, sign, last.label != label) { start = index }
      last = (sign, label)
    }
    return spans
  }

  private static func ends(_ last: Character, _ sign: Character, _ isOther: Bool) -> Bool {
    switch last {
    case "E", "S": true
    case "B", "I": ["B", "S", "O"].contains(sign) || isOther
    case "O", ".": false
    default: isOther
    }
  }

  private static func begins(_ last: Character, _ sign: Character, _ isOther: Bool) -> Bool {
    switch sign {
    case "B", "S": true
    case "E", "I": ["E", "S", "O"].contains(last) || isOther
    case "O", ".": false
    default: isOther
    }
  }
}

/// Spans that are found and those that are there, by label, as a state that adds up. Equal to seqeval's scores without its strict mode.
public struct SpanScores: Sendable, Hashable, Codable {
  /// Counts of one label.
  public struct Counts: Sendable, Hashable, Codable {
    /// Spans that are found and there: first and last word and label are right.
    public var right = 0
    public var found = 0
    public var there = 0

    public var precision: Double { found > 0 ? Double(right) / Double(found) : 0 }
    public var recall: Double { there > 0 ? Double(right) / Double(there) : 0 }
    public var f1: Double { found + there > 0 ? 2 * Double(right) / Double(found + there) : 0 }
  }

  /// By label.
  public private(set) var labels: [String: Counts] = [:]

  /// An empty state.
  public init() {}

  /// Adds a text by its tags.
  /// - Throws: `MetricError` where there are not as many of both.
  public mutating func add(truth: [String], predicted: [String]) throws(MetricError) {
    guard truth.count == predicted.count else {
      throw MetricError(
        .lengthMismatch, "a text has \(truth.count) tags and \(predicted.count) predicted ones", expected: "as many of both")
    }
    let there = Set(TaggedSpan.spans(of: truth)), found = Set(TaggedSpan.spans(of: predicted))
    for span in there { labels[span.label, default: Counts()].there += 1 }
    for span in found { labels[span.label, default: Counts()].found += 1 }
    for span in found.intersection(there) { labels[span.label, default: Counts()].right += 1 }
  }

  /// Adds the state of other texts.
  public mutating func merge(_ other: SpanScores) {
    for (label, counts) in other.labels {
      labels[label, default: Counts()].right += counts.right
      labels[label, default: Counts()].found += counts.found
      labels[label, default: Counts()].there += counts.there
    }
  }

  /// All labels in one.
  public var micro: Counts {
    labels.values.reduce(into: Counts()) { sum, counts in
      sum.right += counts.right
      sum.found += counts.found
      sum.there += counts.there
    }
  }

  /// The mean F1 of the labels, each as much as another; 0 without any.
  public var macroF1: Double { labels.isEmpty ? 0 : labels.values.reduce(0) { $0 + $1.f1 } / Double(labels.count) }

  /// The mean F1 of the labels by how often they are there; 0 where none is.
  public var weightedF1: Double {
    let total = labels.values.reduce(0) { $0 + $1.there }
    return total > 0 ? labels.values.reduce(0) { $0 + $1.f1 * Double($1.there) } / Double(total) : 0
  }
}
