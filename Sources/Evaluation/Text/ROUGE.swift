/// How much of a text by people is in a text by a model (Lin: "ROUGE", ACL workshop 2004). Equal to the package rouge-score without stemming.
///
/// Words are runs of the ASCII letters and digits, in lower case; everything else separates, so other scripts need words split and
/// transcribed before, or ``scores(hypothesis:reference:)`` over words of one's own.
public enum ROUGE: Sendable, Hashable, Codable {
  /// Runs of that many words in common: ROUGE-1, ROUGE-2.
  case runs(Int)
  /// The longest common subsequence of words: ROUGE-L.
  case longestSubsequence
  /// The same sentence by sentence (lines), the union of what each has: ROUGE-Lsum.
  case longestSubsequences

  /// ROUGE-1.
  public static let one = ROUGE.runs(1)
  /// ROUGE-2.
  public static let two = ROUGE.runs(2)

  /// What is found of each other, as shares.
  public struct Scores: Sendable, Hashable, Codable {
    /// The share of the hypothesis that is in the reference.
    public let precision: Double
    /// The share of the reference that is in the hypothesis.
    public let recall: Double
    /// The harmonic mean of both; 0 if both are.
    public var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }

    init(common: Int, hypothesis: Int, reference: Int) {
      precision = Double(common) / Double(max(hypothesis, 1))
      recall = Double(common) / Double(max(reference, 1))
    }
  }

  /// The words that rouge-score sees.
  public static func words(of text: String) -> [String] {
    text.lowercased().utf8.split { !(0x61...0x7A).contains($0) && !(0x30...0x39).contains($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The scores of a text.
  /// - Throws: `MetricError` for runs of less than one word.
  public func scores(hypothesis: String, reference: String) throws(MetricError) -> Scores {
    guard case .longestSubsequences = self else {
      return try scores(hypothesis: Self.words(of: hypothesis), reference: Self.words(of: reference))
    }
    func sentences(_ text: String) -> [[String]] {
      text.split(separator: "\n", omittingEmptySubsequences: true).map { Self.words(of: String($0)) }
    }
    return Self.union(sentences(hypothesis), sentences(reference))
  }

  /// The best scores over several references, by F1; the first of equals.
  /// - Throws: `MetricError` without a reference, and as ``scores(hypothesis:reference:)``.
  public func scores(hypothesis: String, references: [String]) throws(MetricError) -> Scores {
    guard let first = references.first else { throw MetricError(.empty, "there is no reference", expected: "one or more") }
    var best = try scores(hypothesis: hypothesis, reference: first)
    for reference in references.dropFirst() {
      let other = try scores(hypothesis: hypothesis, reference: reference)
      if other.f1 > best.f1 { best = other }
    }
    return best
  }

  /// The scores of words. Sentences are not told apart.
  /// - Throws: `MetricError` for runs of less than one word.
  public func scores(hypothesis: [String], reference: [String]) throws(MetricError) -> Scores {
    switch self {
    case .runs(let length):
      guard length >= 1 else { throw MetricError(.badArgument, "ROUGE-\(length)", expected: "ROUGE-1 or more") }
      let own = runCounts(length, of: hypothesis), others = runCounts(length, of: reference)
      let common = own.reduce(0) { $0 + min($1.value, others[$1.key] ?? 0) }
      return Scores(
        common: common, hypothesis: max(0, hypothesis.count - length + 1), reference: max(0, reference.count - length + 1))
    case .longestSubsequence:
      return Scores(common: Self.longest(reference, hypothesis), hypothesis: hypothesis.count, reference: reference.count)
    case .longestSubsequences: return Self.union([hypothesis], [reference])
    }
  }

  /// The length of the longest common subsequence, in the memory of one row.
  private static func longest(_ a: [String], _ b: [String]) -> Int {
    var row = [Int](repeating: 0, count: b.count + 1)
    for word in a {
      var diagonal = 0
      for (index, other) in b.enumerated() {
        let above = row[index + 1]
        row[index + 1] = word == other ? diagonal + 1 : max(above, row[index])
        diagonal = above
      }
    }
    return row[b.count]
  }

  /// The places in `a` of one longest common subsequence, the one that rouge-score takes.
  private static func places(_ a: [String], _ b: [String]) -> [Int] {
    var table = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for (i, word) in a.enumerated() {
      for (j, other) in b.enumerated() { table[i + 1][j + 1] = word == other ? table[i][j] + 1 : max(table[i][j + 1], table[i + 1][j]) }
    }
    var i = a.count, j = b.count, found: [Int] = []
    while i > 0, j > 0 {
      if a[i - 1] == b[j - 1] {
        found.append(i - 1)
        i -= 1
        j -= 1
      } else if table[i][j - 1] > table[i - 1][j] {
        j -= 1
      } else {
        i -= 1
      }
    }
    return found
  }

  private static func union(_ hypothesis: [[String]], _ reference: [[String]]) -> Scores {
    func counts(_ sentences: [[String]]) -> [String: Int] {
      sentences.joined().reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
    var left = (counts(hypothesis), counts(reference)), common = 0
    for sentence in reference {
      let found = Set(hypothesis.flatMap { places(sentence, $0) }).sorted()
      // No word counts more often than it is there.
      for word in found.map({ sentence[$0] }) where left.0[word, default: 0] > 0 && left.1[word, default: 0] > 0 {
        common += 1
        left.0[word, default: 0] -= 1
        left.1[word, default: 0] -= 1
      }
    }
    return Scores(
      common: common, hypothesis: hypothesis.reduce(0) { $0 + $1.count }, reference: reference.reduce(0) { $0 + $1.count })
  }
}
