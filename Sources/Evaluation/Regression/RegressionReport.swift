public import Charts

/// An evaluation of a model of numbers as a page: verdict first, then where it errs, then everything else.
public struct RegressionReport: Sendable {
  /// The model's name, with its version where it has one.
  public let title: String
  /// A sentence under it; may be empty.
  public let subtitle: String
  /// The numbers.
  public let evaluation: RegressionEvaluation
  /// Where the model comes from, in the order to show it.
  public let lineage: [ReportFact]
  /// A line at the end of the page; may be empty.
  public let footer: String

  /// A report of an evaluation; everything else may be left out.
  public init(title: String, subtitle: String = "", evaluation: RegressionEvaluation, lineage: [ReportFact] = [], footer: String = "") {
    self.title = title
    self.subtitle = subtitle
    self.evaluation = evaluation
    self.lineage = lineage
    self.footer = footer
  }

  /// The report, to be written with `html()` or `write(to:)`, or to be added to.
  public var report: HTMLReport {
    var report = HTMLReport(title: title, kind: "Evaluation report", subtitle: subtitle, footer: footer)
    report.sections = sections
    if !lineage.isEmpty { report.sections.append(.init("Where it comes from", note: "Enough to build it again.", [.facts(lineage)])) }
    return report
  }

  /// The sections without title and lineage: for reports that hold more than one evaluation.
  public var sections: [HTMLReport.Section] {
    var sections = [HTMLReport.Section("Result", [.cards(cards)] + evaluation.notes.map { .notice($0) })]
    sections.append(
      .init(
        "Where it errs", note: "Points on the dashed line are met exactly.",
        [.charts([evaluation.predictionChart, evaluation.residualChart, evaluation.residualHistogram, calibrationChart])]))
    sections.append(
      .init(
        "Does it keep what it promises?", note: "Rows by rising prediction, in parts of equal size.", [.table(evaluation.binTable)]))
    if !evaluation.worstRows.isEmpty {
      sections.append(
        .init(
          "Largest errors", note: "Wrong entries in the data show up here first.", [.table(evaluation.worstTable(24))]))
    }
    let level = NumberText.significant(evaluation.intervals.level * 100, digits: 2)
    sections.append(
      .init(
        "All metrics", note: "Every number with its \(level) % interval: what to expect on other data of the same kind.",
        [.table(evaluation.metricTable)]))
    return sections
  }

  private var calibrationChart: any Chart {
    LineChart(
      title: "Mean truth by mean prediction", xTitle: "mean prediction", yTitle: "mean truth",
      series: [
        .init("truth", points: evaluation.bins.map { Point(x: $0.predicted, y: $0.truth.value) }),
        .init("as promised", points: evaluation.bins.map { Point(x: $0.predicted, y: $0.predicted) }),
      ])
  }

  private var cards: [ReportCard] {
    func card(_ name: String, isHeadline: Bool = false) -> ReportCard? {
      guard let estimate = evaluation.metrics[name], let info = MetricInfo.named(name) else { return nil }
      func text(_ value: Double) -> String { info.isShare ? NumberText.percent(value) : NumberText.significant(value) }
      let bar = info.higherIsBetter && (0...1).contains(estimate.value)
      return ReportCard(
        info.title, text(estimate.value), detail: "\(text(estimate.lower)) to \(text(estimate.upper))",
        bar: bar ? .init(value: estimate.value, lower: estimate.lower, upper: estimate.upper) : nil, isHeadline: isHeadline)
    }
    var shown = [card("rmse", isHeadline: true), card("r2"), card("mae"), card("median_absolute_error"), card("mape")].compactMap { $0 }
    shown.append(
      ReportCard(
        "Truth", NumberText.significant(evaluation.truthMean),
        detail: "mean; standard deviation \(NumberText.significant(evaluation.truthDeviation))"))
    if let time = evaluation.costs.millisecondsPerItemMedian {
      shown.append(ReportCard("Time per item", NumberText.duration(milliseconds: time)))
    }
    if let bytes = evaluation.costs.modelBytes { shown.append(ReportCard("Model size", NumberText.bytes(bytes))) }
    shown.append(ReportCard("Evaluated on", NumberText.grouped(evaluation.rows), detail: "rows"))
    return shown
  }
}
