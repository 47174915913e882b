public import Charts
import Foundation
import Tables

extension DataProfile {
  /// The profile as a page: what to do first, then the target, each column, and how they belong together.
  /// - Parameters:
  ///   - title: usually the file's name.
  ///   - firstRow: the number of the first row of data in the file.
  public func report(title: String, footer: String = "", firstRow: Int = 1) -> HTMLReport {
    var report = HTMLReport(
      title: title, kind: "Data profile",
      subtitle: "\(NumberText.grouped(rows)) rows, \(NumberText.grouped(columns.count)) columns"
        + (target.map { ", to predict \($0.name)" } ?? ""), footer: footer)
    report.sections = [overview, advice]
    if let target { report.sections.append(section(for: target)) }
    report.sections.append(contentsOf: columnSections)
    report.sections.append(contentsOf: [gaps, relations].compactMap { $0 })
    report.sections.append(contentsOf: [unusual(firstRow), noise(firstRow), repeats(firstRow)].compactMap { $0 })
    if !notes.isEmpty { report.sections.append(.init("What was not looked at", notes.map { .text($0) })) }
    return report
  }

  private var overview: HTMLReport.Section {
    let cells = Double(rows) * Double(columns.count)
    let missing = columns.reduce(0.0) { $0 + Double($1.missing) }
    let kinds = Dictionary(grouping: columns, by: \.kind).mapValues(\.count)
    let list = ColumnType.Kind.allCases.compactMap { kind in kinds[kind].map { "\($0) \(kind.rawValue)" } }.joined(separator: ", ")
    let important = warnings.count { $0.severity == .important }
    return .init(
      "Overview",
      [
        .cards([
          ReportCard("Rows", NumberText.grouped(rows), isHeadline: true),
          ReportCard("Columns", NumberText.grouped(columns.count), detail: list),
          ReportCard("Missing cells", cells > 0 ? NumberText.percent(missing / cells, digits: 3) : "–", detail: NumberText.count(missing)),
          ReportCard(
            "Repeated rows", NumberText.grouped(duplicates.rows),
            detail: rows > 0 ? NumberText.percent(Double(duplicates.rows) / Double(rows), digits: 2) : ""),
          ReportCard("To look at", NumberText.grouped(warnings.count), detail: "\(important) important"),
        ])
      ])
  }

  private var advice: HTMLReport.Section {
    let shown = warnings.prefix(60)
    let table = TextTable(
      columns: [.init("importance"), .init("finding"), .init("what to do")], rows: shown.map { [$0.severity.rawValue, $0.text, $0.advice] })
    var blocks: [ReportBlock] = warnings.isEmpty ? [.text("Nothing stands out.")] : [.table(table)]
    if warnings.count > shown.count { blocks.append(.text("\(warnings.count - shown.count) further notes are in the JSON document.")) }
    return .init("What to know before building a model", blocks)
  }

  private func section(for target: TargetProfile) -> HTMLReport.Section {
    var charts: [any Chart] = []
    if !target.classes.isEmpty {
      charts.append(
        BarChart(
          title: "Classes of \(target.name)", valueTitle: "rows",
          bars: target.classes.prefix(25).map { .init(Self.label($0.value), Double($0.count)) }))
    } else if let column = columns.first(where: { $0.name == target.name }), let chart = column.chart {
      charts.append(chart)
    }
    let measure = target.isClasses ? "AUC" : "R²"
    if !target.scores.isEmpty {
      charts.append(
        BarChart(
          title: "What each column says alone", valueTitle: "\(measure) on rows it was not learned from",
          bars: target.scores.prefix(20).map { .init($0.column, max($0.score, 0)) }, range: target.isClasses ? 0.4...1 : 0...1))
    }
    var blocks: [ReportBlock] =
      target.leaks.isEmpty ? [] : [.notice("\(target.leaks.count) column\(target.leaks.count == 1 ? "" : "s") may know the answer.")]
    blocks.append(.charts(charts))
    if !target.leaks.isEmpty {
      blocks.append(
        .table(
          TextTable(
            // Numbers do not wrap, and the names of columns should not, either.
            columns: [.number("column"), .number(measure), .init("why")],
            rows: target.leaks.map {
              [
                $0.column, $0.score.map { NumberText.fixed($0, places: 3) } ?? "",
                ($0.confidence == .likely ? "Probably: " : "Possibly: ") + $0.reasons.joined(separator: "; "),
              ]
            }), caption: "Columns that may know the answer"))
    }
    return .init("The target: \(target.name)", blocks)
  }

  /// A picture a column is enough for the first hundred; all are in the table.
  private var columnSections: [HTMLReport.Section] {
    let table = columnTable(limit: 1000)
    let charts = columns.filter { $0.name != target?.name && !$0.isConstant }.prefix(100).compactMap(\.chart)
    var blocks: [ReportBlock] = [.table(table)]
    if columns.count > 1000 { blocks.append(.text("The table shows the first 1,000 columns.")) }
    var sections = [HTMLReport.Section("Columns", blocks)]
    if !charts.isEmpty {
      sections.append(
        .init("Distributions", note: "The outermost parts of long tails are left out of the pictures.", [.charts(charts)]))
    }
    return sections
  }

  private var gaps: HTMLReport.Section? {
    let bars = columns.filter { $0.missing > 0 }.sorted { $0.missing > $1.missing }.prefix(30)
    guard !bars.isEmpty else { return nil }
    var blocks: [ReportBlock] = [
      .charts(
        [
          BarChart(
            title: "Share of rows without a value", valueTitle: "share", bars: bars.map { .init($0.name, $0.missingRate) })
        ],
        isWide: true)
    ]
    let table = TextTable(
      columns: [.init("missing together"), .number("rows")],
      rows: missingPatterns.prefix(12).map {
        [
          $0.columns.prefix(12).joined(separator: ", ") + ($0.columns.count > 12 ? " and \($0.columns.count - 12) others" : ""),
          NumberText.grouped($0.rows),
        ]
      })
    if !missingPatterns.isEmpty { blocks.append(.table(table)) }
    return .init("Missing values", blocks)
  }

  private var relations: HTMLReport.Section? {
    guard !associations.isEmpty else { return nil }
    var names: [String] = []
    // The columns of the strongest pairs, in the order of the table.
    for pair in associations where abs(pair.value) < 0.999_999 || names.count < 30 {
      for name in [pair.first, pair.second] where !names.contains(name) && names.count < 30 { names.append(name) }
      if names.count >= 30 { break }
    }
    let order = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.name, $0) })
    names.sort { (order[$0] ?? 0) < (order[$1] ?? 0) }
    let map = AssociationMap(title: "Strength of relations between columns", names: names, pairs: associations)
    return .init(
      "How columns belong together",
      note: "Rank correlation between numbers, Cramér's V between categories, correlation ratio between the two.",
      [
        .charts([map], isWide: true),
        .table(AssociationMap(title: "", names: columns.map(\.name), pairs: Array(associations.prefix(20))).table),
      ])
  }

  private func unusual(_ firstRow: Int) -> HTMLReport.Section? {
    guard let outliers, !outliers.rows.isEmpty else { return nil }
    let table = TextTable(
      columns: [.number("row"), .number("isolation"), .number("local factor"), .init("what stands out")],
      rows: outliers.rows.map {
        [
          NumberText.grouped($0.row + firstRow), NumberText.fixed($0.isolation, places: 3),
          $0.localFactor.map { NumberText.fixed($0, places: 2) } ?? "", $0.values.joined(separator: ", "),
        ]
      })
    return .init(
      "Unusual rows",
      note: "Of \(NumberText.grouped(outliers.examined)) rows. Isolation forest: above 0.6 is unusual; local outlier factor: well above 1.",
      [.table(table)])
  }

  private func noise(_ firstRow: Int) -> HTMLReport.Section? {
    guard let labelNoise, !labelNoise.issues.isEmpty else { return nil }
    let names = labelNoise.labels
    let table = TextTable(
      columns: [.number("row"), .init("label"), .init("looks like"), .number("given to the label"), .number("given to the other")],
      rows: labelNoise.issues.prefix(20).map {
        [
          NumberText.grouped($0.row + firstRow), Self.label(names[$0.label]), Self.label(names[$0.suggested]),
          NumberText.percent($0.selfConfidence, digits: 3), NumberText.percent($0.suggestedProbability, digits: 3),
        ]
      })
    return .init(
      "Labels that may be wrong",
      note:
        "Confident learning puts the share of wrong labels at \(NumberText.percent(labelNoise.rate, digits: 2)), "
        + "from probabilities of a forest for rows it had not seen.",
      [.table(table)])
  }

  private func repeats(_ firstRow: Int) -> HTMLReport.Section? {
    guard !duplicates.first.isEmpty else { return nil }
    let table = TextTable(
      columns: [.number("row"), .number("repeats row")],
      rows: duplicates.first.map { $0.map { NumberText.grouped($0 + firstRow) } })
    return .init("Repeated rows", note: "\(NumberText.grouped(duplicates.rows)) in all; the first of them.", [.table(table)])
  }

  static func label(_ text: String) -> String {
    let line = text.replacingOccurrences(of: "\n", with: " ")
    return line.isEmpty ? "(empty)" : line.count > 40 ? String(line.prefix(40)) + "…" : line
  }

  /// The columns as rows of text.
  public func columnTable(limit: Int = .max) -> TextTable {
    TextTable(
      columns: [.init("column"), .init("type"), .number("missing"), .number("different"), .init("values")],
      rows: columns.prefix(limit).map { column in
        [
          column.name, column.type, column.missing == 0 ? "" : NumberText.percent(column.missingRate, digits: 2),
          (column.distinctIsExact ? "" : "~") + NumberText.count(column.distinct), column.valueText,
        ]
      })
  }
}

extension ColumnProfile {
  /// What the values are, in a line.
  public var valueText: String {
    if let numbers {
      if kind == .timestamp {
        return "\(TimeWords.text(numbers.minimum)) to \(TimeWords.text(numbers.maximum))"
      }
      func text(_ value: Double) -> String { numbers.whole ? NumberText.count(value) : NumberText.significant(value) }
      return "\(text(numbers.minimum)) to \(text(numbers.maximum)), median \(text(numbers.quantiles[3]))"
    }
    if let text, isLikelyIdentifier || (top.first?.count ?? 0) <= 1 { return "texts of \(text.shortest) to \(text.longest) characters" }
    let shown = top.prefix(3).map { "\(DataProfile.label($0.value)) \(NumberText.grouped($0.count))" }.joined(separator: ", ")
    return shown + (distinct > 3 ? ", …" : "")
  }

  /// A histogram of numbers and times, bars of categories; `nil` where a picture says nothing.
  var chart: (any Chart)? {
    if let numbers {
      guard numbers.counts.count > 1, !isLikelyIdentifier else { return nil }
      if kind == .timestamp {
        let days = numbers.edges.map { ($0 - numbers.edges[0]) / 86_400e6 }
        let start = TimeWords.text(numbers.edges[0])
        return Histogram(title: name, valueTitle: "days since \(start)", countTitle: "rows", edges: days, counts: numbers.counts)
      }
      return Histogram(title: name, valueTitle: name, countTitle: "rows", edges: numbers.edges, counts: numbers.counts)
    }
    guard kind != .list, !isLikelyIdentifier, let most = top.first, most.count > 1 else { return nil }
    return BarChart(
      title: distinct > 10 ? "\(name): the 10 most frequent of \(NumberText.count(distinct))" : name, valueTitle: "rows",
      bars: top.prefix(10).map { .init(DataProfile.label($0.value), Double($0.count)) })
  }
}

/// Points in time for people.
private enum TimeWords {
  static func text(_ microseconds: Double) -> String {
    TableValue.timestamp(Int64(max(-9.2e18, min(9.2e18, microseconds)))).text()
  }
}
