import Charts
import Foundation
import MartletCore
import Profiling
import Tables

/// What somebody with experience would ask about the rows before a model learns from them: do columns know the answer, are rows to judge by
/// among those to learn from, what is missing.
struct TableReview: Sendable {
  /// The page beside the report that says everything about the rows.
  static let page = "data.html"

  let profile: DataProfile
  /// `nil` where nothing is set aside.
  let split: SplitCheck?

  /// Looks at the rows to learn from, and at whether those to judge by are really others.
  /// - Throws: `TableError` if a column is unknown.
  init(_ parts: TableParts, target: String?, seed: UInt64, threads: Int) throws {
    let names = parts.features + [target].compactMap { $0 }.filter { !parts.features.contains($0) }
    let training = try parts.training.selecting(names)
    profile = try DataProfile(training, options: ProfileOptions(target: target, fitsModels: false, seed: seed, threads: threads))
    split = try parts.test.flatMap { test -> SplitCheck? in
      let test = try test.selecting(names.filter(test.contains))
      // In a small table every column may look like an identifier.
      return (try? SplitCheck.compare(training: training, test: test, target: target))
        ?? (try? SplitCheck.compare(training: training, test: test, target: target, ignoring: []))
    }
  }

  /// What can make the model look better than it is, a sentence each.
  var warnings: [String] {
    let leaks = profile.target?.leaks ?? []
    var found = leaks.filter { $0.confidence == .likely }.map { leak in
      "'\(leak.column)' probably knows the answer: \(leak.reasons.joined(separator: "; ")). "
        + "If it is not known before a prediction is wanted, put it into data.drop."
    }
    if let split, split.exactCount + split.nearCount > 0 {
      let count = split.exactCount + split.nearCount
      found.append(
        "\(NumberText.grouped(count)) of the \(NumberText.grouped(split.testRows)) rows to judge by "
          + "(\(NumberText.percent(Double(count) / Double(max(1, split.testRows)), digits: 2))) "
          + (count == 1 ? "is" : "are") + " among those to learn from, too. If they are the same things, drop repeated rows, "
          + "or keep them together by data.test: {groups: …}.")
    }
    return found
  }

  /// The section of the report that says it in short.
  /// - Parameter notes: what reading and preparing the rows had to say.
  func section(notes: [String]) -> HTMLReport.Section {
    let cells = Double(profile.rows) * Double(profile.columns.count)
    let missing = profile.columns.reduce(0.0) { $0 + Double($1.missing) }
    let kinds = Dictionary(grouping: profile.columns, by: \.kind).mapValues(\.count)
    let list = ColumnType.Kind.allCases.compactMap { kind in kinds[kind].map { "\($0) \(kind.rawValue)" } }.joined(separator: ", ")
    var cards = [
      ReportCard("Rows to learn from", NumberText.grouped(profile.rows)),
      ReportCard("Columns", NumberText.grouped(profile.columns.count), detail: list),
      ReportCard("Missing cells", cells > 0 ? NumberText.percent(missing / cells, digits: 2) : "–", detail: NumberText.count(missing)),
      ReportCard("Columns that may know the answer", NumberText.grouped(profile.target?.leaks.count ?? 0)),
    ]
    if let split {
      cards.append(
        ReportCard(
          "Rows on both sides", NumberText.grouped(split.exactCount + split.nearCount),
          detail: "of \(NumberText.grouped(split.testRows)) to judge by"))
    }
    var blocks: [ReportBlock] = warnings.map(ReportBlock.notice)
    blocks.append(.cards(cards))
    let advice = profile.warnings.prefix(8)
    if !advice.isEmpty {
      blocks.append(
        .table(
          TextTable(
            columns: [.init("importance"), .init("finding"), .init("what to do")],
            rows: advice.map { [$0.severity.rawValue, $0.text, $0.advice] })))
    }
    if let split, split.conflictCount > 0 {
      blocks.append(
        .text(
          "\(NumberText.grouped(split.conflictCount)) rows to judge by look like a row to learn from and have another answer: "
            + "the columns do not tell them apart."))
    }
    blocks += notes.map(ReportBlock.text)
    blocks.append(
      .link(
        "All about the rows: \(NumberText.grouped(profile.warnings.count)) findings, every column, distributions, relations", to: Self.page)
    )
    return .init("About the data", blocks)
  }

  /// Writes the whole profile beside the report.
  func write(to folder: String, title: String) throws {
    try profile.report(title: "\(title): rows to learn from", footer: "Written by Martlet \(MartletVersion.current).")
      .write(to: folder + "/" + Self.page)
  }
}
