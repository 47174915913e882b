public import Charts
import Foundation

extension FairnessFrame {
  /// The groups as rows: how many, and each metric.
  public func table(measures shown: [String]? = nil) -> TextTable {
    let names = shown ?? measures
    func row(_ group: Group, _ title: [String]) -> [String] {
      title + [NumberText.grouped(group.rows)]
        + names.map { name in group.metrics[name].map { $0.value.isNaN ? "–" : ClassificationEvaluation.text($0.value) } ?? "" }
    }
    let dashes = [String](repeating: "all", count: features.count)
    return TextTable(
      columns: (controls + features).map { .init($0) } + [.number("rows")]
        + names.map { .number($0.replacingOccurrences(of: "_", with: " ")) },
      rows: overall.map { row($0, $0.control + dashes) } + groups.filter { $0.rows > 0 }.map { row($0, $0.control + $0.values) })
  }

  /// Bars of one metric with intervals, group by group.
  public func chart(_ measure: String) -> any Chart {
    let bars = groups.filter { $0.rows > 0 }.compactMap { group -> BarChart.Bar? in
      guard let estimate = group.metrics[measure], !estimate.value.isNaN else { return nil }
      return BarChart.Bar(
        (group.control + group.values).joined(separator: ", "), estimate.value,
        interval: estimate.lower <= estimate.upper ? estimate.lower...estimate.upper : nil)
    }
    let title = measure.replacingOccurrences(of: "_", with: " ")
    return BarChart(title: "\(title) by group", valueTitle: title, bars: bars)
  }
}

extension FairnessEvaluation {
  /// The criteria as rows: value, interval, limit, verdict.
  public var criteriaTable: TextTable {
    TextTable(
      columns: [
        .init("criterion"), .number("value"), .number("from"), .number("to"), .number("limit"), .init("is"), .init("demands that"),
      ],
      rows: criteria.map { criterion in
        let numbers = [criterion.value.value, criterion.value.lower, criterion.value.upper].map {
          $0.isNaN ? "–" : ClassificationEvaluation.text($0)
        }
        let limit = (criterion.isRatio ? "≥ " : "≤ ") + NumberText.significant(criterion.limit)
        return [criterion.name.replacingOccurrences(of: "_", with: " ")] + numbers + [limit, criterion.verdict.rawValue, criterion.meaning]
      })
  }

  /// The sections of a report: criteria, groups, calibration.
  public var sections: [HTMLReport.Section] {
    var blocks: [ReportBlock] = [.table(criteriaTable)]
    blocks += frame.notes.map { .notice($0) }
    let shown = ["selection_rate", "true_positive_rate", "false_positive_rate", "accuracy"].filter { frame.measures.contains($0) }
    blocks.append(.charts(shown.map { frame.chart($0) }))
    blocks.append(.table(frame.table(), caption: "Metrics of every group"))
    if !calibration.isEmpty {
      blocks.append(
        .table(
          TextTable(
            columns: [
              .init("group"), .number("rows"), .number("mean probability"), .number("truly positive"), .number("calibration error"),
            ],
            rows: calibration.map {
              [
                $0.values.joined(separator: ", "), NumberText.grouped($0.rows), ClassificationEvaluation.text($0.meanProbability),
                ClassificationEvaluation.text($0.baseRate), ClassificationEvaluation.text($0.error.value),
              ]
            }), caption: "Calibration within groups"))
    }
    let names = (frame.controls + frame.features).joined(separator: ", ")
    return [.init("Fairness by \(names)", note: "A criterion is met or missed only where its whole interval is.", blocks)]
  }
}
