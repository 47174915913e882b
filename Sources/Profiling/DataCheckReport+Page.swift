public import Charts
public import Tables

extension DataCheckReport {
  /// What does not fit, a row each.
  public var table: TextTable {
    TextTable(
      columns: [.init("severity"), .init("column"), .init("rule"), .init("expected"), .init("found"), .init("first rows")],
      rows: violations.map { violation in
        [
          violation.severity.rawValue, violation.column ?? "", violation.rule.rawValue, violation.expected, violation.found,
          Self.rowsText(violation),
        ]
      })
  }

  /// `7 'Atlantis', 9 'Atlantis'`.
  public static func rowsText(_ violation: DataViolation) -> String {
    violation.firstRows.enumerated().map { place, row in
      violation.values.indices.contains(place) ? "\(row): \(violation.values[place])" : "\(row)"
    }.joined(separator: ", ")
  }

  /// `12 errors and 1 warning in 300 rows`.
  public var summary: String {
    func count(_ number: Int, _ noun: String) -> String { "\(NumberText.grouped(number)) \(noun)\(number == 1 ? "" : "s")" }
    let place = "\(count(rows, "row")) of \(count(columns, "column"))"
    return violations.isEmpty ? "nothing wrong in \(place)" : "\(count(errors, "error")) and \(count(warnings, "warning")) in \(place)"
  }

  /// The report as a page.
  /// - Parameter title: usually the file's name.
  public func page(title: String, footer: String = "") -> HTMLReport {
    var report = HTMLReport(title: title, kind: "Data check", subtitle: summary, footer: footer)
    var blocks: [ReportBlock] = [
      .cards([
        ReportCard("Verdict", passed ? "Fits" : "Does not fit", detail: summary, isHeadline: true),
        ReportCard("Errors", NumberText.grouped(errors)), ReportCard("Warnings", NumberText.grouped(warnings)),
        ReportCard("Rows", NumberText.grouped(rows)), ReportCard("Columns", NumberText.grouped(columns)),
      ])
    ]
    if !violations.isEmpty { blocks.append(.table(table, caption: "What does not fit")) }
    if firstRow > 1 { blocks.append(.text("Rows are numbered as a spreadsheet does: the first row of data is row \(firstRow).")) }
    blocks += notes.map { .notice($0) }
    report.sections = [.init("Result", blocks)]
    return report
  }
}
