import Foundation
import MartletCore
import Tables

/// Looks at pairs of columns, as many as there is time for.
struct PairSearch {
  let columns: [SampledColumn]
  let summary: TableSummary
  let options: ProfileOptions

  /// Rows that pairs are looked at in: an association that matters shows in as many.
  private static let rowLimit = 10_000

  func run(_ profile: inout DataProfile) {
    let useful = columns.filter { column in
      guard let known = summary.column(column.name), !known.isConstant, known.present > 0 else { return false }
      guard case .codes(_, let count) = column.values else { return true }
      // Texts that are nearly all different associate with everything.
      return count >= 2 && Double(count) <= max(20, 0.2 * Double(known.present))
    }
    let target = useful.filter { $0.name == options.target }
    let chosen = target + useful.filter { $0.name != options.target }.prefix(max(options.pairColumns - target.count, 0))
    if chosen.count < useful.count {
      profile.notes.append("Pairs were looked at among \(chosen.count) of \(useful.count) columns.")
    }
    let step = max(1, (profile.sampledRows + Self.rowLimit - 1) / Self.rowLimit)
    let views = chosen.map { View($0, step: step) }
    var pairs: [(Int, Int)] = []
    for i in views.indices { for j in views.indices where i < j { pairs.append((i, j)) } }
    let work = pairs
    let found = try? Parallel.map(work.count, threads: options.threads) { Self.associate(views[work[$0].0], views[work[$0].1]) }
    profile.associations = (found ?? []).compactMap { $0 }
      .sorted { (abs($1.value), $0.first, $0.second) < (abs($0.value), $1.first, $1.second) }
  }

  private struct View: Sendable {
    let name: String
    let numbers: [Double]?
    let codes: [Int32]?
    let ranks: [Double]
    let hasGaps: Bool

    init(_ column: SampledColumn, step: Int) {
      name = column.name
      func thin<Value>(_ values: [Value]) -> [Value] { step == 1 ? values : stride(from: 0, to: values.count, by: step).map { values[$0] } }
      numbers = column.numbers.map(thin)?.map { $0.isFinite ? $0 : .nan }
      codes = column.codes().map(thin)
      ranks = numbers.map(Association.ranks) ?? []
      hasGaps = numbers?.contains(where: \.isNaN) ?? false
    }
  }

  private static func associate(_ a: View, _ b: View) -> PairAssociation? {
    var result: PairAssociation
    switch (a.numbers, b.numbers) {
    case (let x?, let y?):
      let value = a.hasGaps || b.hasGaps ? Association.spearman(x, y) : Association.pearson(a.ranks, b.ranks)
      let pearson = Association.pearson(x, y)
      result = PairAssociation(
        first: a.name, second: b.name, measure: .spearman, value: value, pearson: pearson.isFinite ? pearson : nil)
    case (nil, nil):
      guard let x = a.codes, let y = b.codes else { return nil }
      result = PairAssociation(first: a.name, second: b.name, measure: .cramersV, value: Association.cramersV(x, y))
    case (let x?, nil):
      guard let codes = b.codes else { return nil }
      result = PairAssociation(
        first: b.name, second: a.name, measure: .correlationRatio, value: Association.correlationRatio(codes, x))
    case (nil, let y?):
      guard let codes = a.codes else { return nil }
      result = PairAssociation(
        first: a.name, second: b.name, measure: .correlationRatio, value: Association.correlationRatio(codes, y))
    }
    return result.value.isFinite ? result : nil
  }
}
