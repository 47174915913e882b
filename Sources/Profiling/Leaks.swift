import Foundation
import MartletCore

/// A column that may know the target's answer: it is recorded with it or after it, or is a copy of it.
public struct LeakSuspicion: Sendable, Hashable, Codable {
  public enum Confidence: String, Sendable, Hashable, Codable, Comparable {
    case possible, likely

    public static func < (one: Confidence, other: Confidence) -> Bool { one == .possible && other == .likely }
  }

  public let column: String
  public let confidence: Confidence
  /// What speaks for it, in sentences.
  public let reasons: [String]
  /// AUC or R² of the column alone on rows it was not learned from; `nil` where it could not be judged.
  public let score: Double?
}

/// Looks for columns that would not be known when a prediction is wanted.
struct LeakSearch {
  let columns: [SampledColumn]
  let target: SampledTarget
  let scores: [String: SingleFeature]
  let threads: Int

  /// Shares of two sets of missing rows that count as recorded together.
  private static let together = 0.5

  private var isClasses: Bool { if case .classes = target.kind { true } else { false } }

  /// AUCs above these are rare in honest data; R² of a single honest column may be higher.
  private var likely: Double { 0.98 }
  private var possible: Double { isClasses ? 0.85 : 0.98 }
  /// Of the best of hundreds of differences more is asked.
  private var possibleOfPairs: Double { isClasses ? 0.9 : 0.98 }

  private final class Evidence {
    var reasons: [String] = []
    var confidence = LeakSuspicion.Confidence.possible
    func add(_ reason: String, _ confidence: LeakSuspicion.Confidence) {
      reasons.append(reason)
      self.confidence = max(self.confidence, confidence)
    }
  }

  func run() -> [LeakSuspicion] {
    var found: [String: Evidence] = [:]
    func evidence(_ name: String) -> Evidence {
      if let known = found[name] { return known }
      let fresh = Evidence()
      found[name] = fresh
      return fresh
    }
    for column in columns {
      guard let score = scores[column.name]?.score, score >= possible else { continue }
      let measure = isClasses ? "an AUC" : "an R²"
      evidence(column.name).add(
        "alone it predicts '\(target.name)' with \(measure) of \(Self.number(score)) in rows it was not learned from",
        score >= likely ? .likely : .possible)
    }
    for column in columns where column.missing >= 5 && target.missing >= 5 {
      let both = zip(column.isMissing, target.isMissing).count { $0 && $1 }
      let either = column.missing + target.missing - both
      if Double(both) >= Self.together * Double(either), Double(both) >= 0.9 * Double(column.missing) {
        evidence(column.name).add(
          "it is missing where '\(target.name)' is missing (\(both) of \(column.missing) rows): it is recorded with the outcome", .likely)
      }
    }
    for (name, reason) in missingnessTells() { evidence(name).add(reason, .likely) }
    for (column, other, score) in pairs() {
      evidence(column).add(
        "its difference from '\(other)' predicts '\(target.name)' with \(isClasses ? "an AUC" : "an R²") of \(Self.number(score))",
        score >= likely ? .likely : .possible)
    }
    for (name, other) in companions(of: Set(found.keys)) {
      evidence(name).add("it is missing in the same rows as '\(other)', which seems to know the outcome", .possible)
    }
    for (name, evidence) in found where name.soundsLater {
      evidence.reasons.append("its name sounds like something that is known afterwards (only a hint)")
    }
    return columns.compactMap { column in
      found[column.name].map {
        LeakSuspicion(column: column.name, confidence: $0.confidence, reasons: $0.reasons, score: scores[column.name]?.score)
      }
    }
    .sorted { ($1.confidence, $1.score ?? 0) < ($0.confidence, $0.score ?? 0) }
  }

  /// Columns whose gaps give the target away: of the rows without a value nearly all have one class.
  private func missingnessTells() -> [(String, String)] {
    guard case .classes(let classes, let labels) = target.kind else { return [] }
    var totals = [Int](repeating: 0, count: labels.count)
    for code in classes where code >= 0 { totals[Int(code)] += 1 }
    let all = Double(totals.reduce(0, +))
    return columns.compactMap { column in
      var counts = [Int](repeating: 0, count: labels.count)
      for (row, code) in classes.enumerated() where code >= 0 && column.isMissing[row] { counts[Int(code)] += 1 }
      let gaps = counts.reduce(0, +)
      guard gaps >= 20, let place = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return nil }
      let share = Double(totals[place]) / all
      // So many rows of one class must be no accident, and the class not nearly everything anyway.
      guard Double(counts[place]) >= 0.99 * Double(gaps), share < 0.9 else { return nil }
      guard pow(share, Double(gaps)) * Double(columns.count) < 0.05 else { return nil }
      return (column.name, "where it is missing, '\(target.name)' is '\(labels[place])' in \(counts[place]) of \(gaps) rows")
    }
  }

  /// Differences of two columns that know the target, though neither does alone: planned and actual times, amounts before and after.
  private func pairs() -> [(String, String, Double)] {
    let numeric = Array(columns.filter { $0.numbers != nil }.prefix(30))
    guard numeric.count > 1 else { return [] }
    var work: [(Int, Int)] = []
    for i in numeric.indices {
      for j in numeric.indices where i < j && numeric[i].isTime == numeric[j].isTime {
        // A flagged column makes every difference good.
        let known = scores[numeric[i].name]?.score ?? 0, other = scores[numeric[j].name]?.score ?? 0
        if max(known, other) < possible - 0.02 { work.append((i, j)) }
      }
    }
    let pairs = work
    let step = max(1, target.isMissing.count / 4000)
    let sparse = target.every(step)
    let judged = try? Parallel.map(pairs.count, threads: threads) { place -> Double in
      let (i, j) = pairs[place]
      guard let a = numeric[i].numbers, let b = numeric[j].numbers else { return 0 }
      let difference = SampledColumn(name: "", numbers: stride(from: 0, to: a.count, by: step).map { a[$0] - b[$0] })
      return SingleFeature.judge(difference, sparse)?.score ?? 0
    }
    var found: [(String, String, Double)] = []
    for (pair, score) in zip(pairs, judged ?? []) {
      let (a, b) = (numeric[pair.0], numeric[pair.1])
      let alone = max(scores[a.name]?.score ?? 0, scores[b.name]?.score ?? 0)
      guard score >= possibleOfPairs, score >= alone + 0.05 else { continue }
      // The one with more gaps was written down later.
      found.append(a.missing >= b.missing ? (a.name, b.name, score) : (b.name, a.name, score))
    }
    return found
  }

  /// Columns with the gaps of a column that is suspected for what it predicts.
  private func companions(of flagged: Set<String>) -> [(String, String)] {
    let known = columns.filter { flagged.contains($0.name) && $0.missing >= 10 }
    return columns.compactMap { column in
      guard !flagged.contains(column.name), column.missing >= 10 else { return nil }
      let other = known.first { known in
        let both = zip(column.isMissing, known.isMissing).count { $0 && $1 }
        return Double(both) >= 0.7 * Double(column.missing + known.missing - both)
      }
      return other.map { (column.name, $0.name) }
    }
  }

  private static func number(_ value: Double) -> String { String(format: "%.3f", value) }
}

extension SampledTarget {
  /// Every so manieth row.
  func every(_ step: Int) -> SampledTarget {
    let rows = stride(from: 0, to: isMissing.count, by: step)
    switch kind {
    case .classes(let codes, let labels): return SampledTarget(name: name, kind: .classes(rows.map { codes[$0] }, labels: labels))
    case .numbers(let values): return SampledTarget(name: name, kind: .numbers(rows.map { values[$0] }))
    }
  }
}

extension String {
  /// Words in a column's name that often stand for something known afterwards.
  var soundsLater: Bool {
    let words = lowercased().split { !$0.isLetter }.map(String.init)
    let hints: Set<String> = [
      "actual", "outcome", "result", "final", "after", "end", "ended", "closed", "resolved", "paid", "refund", "refunded", "cancelled",
      "canceled", "cancellation", "discharge", "approved", "rejected", "delivered", "arrival", "arr", "score", "label", "target",
    ]
    return words.contains { hints.contains($0) }
  }
}
