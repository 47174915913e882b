public import Charts
public import Foundation

/// An evaluation as a page to read and to show: verdict first, then why, then everything else.
public struct ClassificationReport: Sendable {
  /// The model's name, with its version where it has one: the page's heading.
  public let title: String
  /// A sentence under it: what data, when; may be empty.
  public let subtitle: String
  /// The numbers.
  public let evaluation: ClassificationEvaluation
  /// Training curves by name, one value an epoch: `train/loss`, `validation/accuracy` …; names with the same end share a picture.
  public let history: [String: [Double]]
  /// Where the model comes from: data digest, configuration, seed, code version, machine …, in the order to show them.
  public let lineage: [ReportFact]
  /// PNG files by row, for the rows of `evaluation.worstMistakes`.
  public let thumbnails: [Int: Data]
  /// A line at the end of the page; may be empty.
  public let footer: String

  /// A report of an evaluation; everything else may be left out.
  public init(
    title: String, subtitle: String = "", evaluation: ClassificationEvaluation, history: [String: [Double]] = [:],
    lineage: [ReportFact] = [],
    thumbnails: [Int: Data] = [:], footer: String = ""
  ) {
    self.title = title
    self.subtitle = subtitle
    self.evaluation = evaluation
    self.history = history
    self.lineage = lineage
    self.thumbnails = thumbnails
    self.footer = footer
  }

  /// The report, to be written with `html()` or `write(to:)`, or to be added to.
  public var report: HTMLReport {
    var report = HTMLReport(title: title, kind: "Evaluation report", subtitle: subtitle, footer: footer)
    report.sections.append(summary)
    if !history.isEmpty { report.sections.append(training) }
    report.sections.append(confusions)
    report.sections.append(contentsOf: [classes, probabilities].compactMap { $0 })
    if !evaluation.worstMistakes.isEmpty { report.sections.append(mistakes) }
    let level = NumberText.significant(evaluation.intervals.level * 100, digits: 2)
    report.sections.append(
      .init(
        "All metrics", note: "Every number with its \(level) % interval: what to expect on other data of the same kind.",
        [.table(evaluation.metricTable)]))
    if !lineage.isEmpty { report.sections.append(.init("Where it comes from", note: "Enough to build it again.", [.facts(lineage)])) }
    return report
  }

  private func card(_ name: String, isHeadline: Bool = false) -> ReportCard? {
    guard let estimate = evaluation.metrics[name], let info = MetricInfo.named(name) else { return nil }
    func text(_ value: Double) -> String { info.isShare ? NumberText.percent(value) : NumberText.significant(value) }
    let bar = info.higherIsBetter && (0...1).contains(estimate.value)
    let level = isHeadline ? "\(NumberText.significant(estimate.level * 100, digits: 2)) % interval: " : ""
    // Cards are narrow; the table of all metrics has the full titles.
    let short = ["auc_ovr_macro": "ROC AUC", "ece": "Calibration error"]
    return ReportCard(
      short[name] ?? info.title, text(estimate.value), detail: "\(level)\(text(estimate.lower)) – \(text(estimate.upper))",
      bar: bar ? .init(value: estimate.value, lower: estimate.lower, upper: estimate.upper) : nil, isHeadline: isHeadline)
  }

  private var summary: HTMLReport.Section {
    var cards = [card("accuracy", isHeadline: true)]
    let binary = evaluation.labels.count == 2
    cards += (binary ? ["f1", "auc", "precision", "recall"] : ["f1_macro", "auc_ovr_macro", "balanced_accuracy", "top_3"]).map { card($0) }
    cards += ["log_loss", "ece"].map { card($0) }
    var shown = cards.compactMap { $0 }
    let costs = evaluation.costs
    if let time = costs.millisecondsPerItemMedian {
      let p99 = costs.millisecondsPerItem99.map { "p99 " + NumberText.duration(milliseconds: $0) } ?? ""
      shown.append(ReportCard("Time per item", NumberText.duration(milliseconds: time), detail: p99))
    }
    if let bytes = costs.modelBytes {
      let parameters = costs.parameterCount.map { NumberText.grouped($0) + " parameters" } ?? ""
      shown.append(ReportCard("Model size", NumberText.bytes(bytes), detail: parameters))
    } else if let count = costs.parameterCount {
      shown.append(ReportCard("Parameters", NumberText.grouped(count)))
    }
    if let bytes = costs.peakMemoryBytes {
      shown.append(ReportCard("Peak memory", NumberText.bytes(bytes), detail: "of the whole process"))
    }
    shown.append(
      ReportCard(
        "Evaluated on", NumberText.grouped(evaluation.rows), detail: "rows in \(NumberText.grouped(evaluation.labels.count)) classes"))
    return .init("Result", [.cards(shown)] + evaluation.notes.map { .notice($0) })
  }

  /// One picture for all series whose names end alike.
  private var training: HTMLReport.Section {
    let names = history.keys.sorted()
    func end(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
    func start(_ name: String) -> String {
      let parts = name.split(separator: "/")
      return parts.count > 1 ? parts.dropLast().joined(separator: "/") : name
    }
    let ends = Set(names.map(end)).sorted { ($0 == "loss" ? 0 : 1, $0) < ($1 == "loss" ? 0 : 1, $1) }
    let charts = ends.map { ending -> LineChart in
      let series = names.filter { end($0) == ending }.map { LineChart.Series(start($0), values: history[$0] ?? []) }
      let title = ending.replacingOccurrences(of: "_", with: " ")
      return LineChart(title: title.prefix(1).uppercased() + title.dropFirst(), xTitle: "epoch", yTitle: title, series: series)
    }
    let epochs = history.values.map(\.count).max() ?? 0
    return .init("How it learned", note: "\(NumberText.grouped(epochs)) epoch\(epochs == 1 ? "" : "s").", [.charts(charts)])
  }

  private var confusions: HTMLReport.Section {
    let map = HeatMap(
      title: "Confusion matrix: counts, coloured by share of the true class", labels: evaluation.labels, counts: evaluation.confusion.rows)
    let table = evaluation.confusionTable()
    let blocks: [ReportBlock] =
      [.charts([map], isWide: true)] + (table.rows.isEmpty ? [] : [.table(table, caption: "Most frequent confusions")])
    return .init("What it confuses", note: "Rows are what is true, columns what the model said.", blocks)
  }

  private var classes: HTMLReport.Section {
    var blocks: [ReportBlock] = []
    if evaluation.perClass.count <= 40 {
      let bars = evaluation.perClass.map { result -> BarChart.Bar in
        let interval = result.f1.lower <= result.f1.upper ? result.f1.lower...result.f1.upper : nil
        return BarChart.Bar(result.label, result.f1.value, interval: interval)
      }
      blocks.append(.charts([BarChart(title: "F1 of each class", valueTitle: "F1", bars: bars, range: 0...1)], isWide: true))
    }
    blocks.append(.table(evaluation.classTable))
    return .init("Class by class", blocks)
  }

  private var probabilities: HTMLReport.Section? {
    var charts: [any Chart] = []
    let curves = evaluation.rocCurves.prefix(20).map { roc in
      ROCChart.Curve(
        roc.label, area: roc.area, points: zip(roc.curve.falsePositiveRates, roc.curve.truePositiveRates).map { Point(x: $0, y: $1) })
    }
    if !curves.isEmpty { charts.append(ROCChart(title: "ROC curves, each class against the rest", curves: Array(curves))) }
    let bins = evaluation.calibration.bins
    charts.append(
      ReliabilityDiagram(
        title: "Reliability: does 90 % mean 90 %?",
        bins: bins.map { .init(confidence: $0.confidence, accuracy: $0.accuracy, count: $0.count) }))
    let edges = bins.map(\.lower) + [bins.last?.upper ?? 1]
    charts.append(
      Histogram(
        title: "How sure it is", valueTitle: "confidence of the prediction", countTitle: "rows", edges: edges, counts: bins.map(\.count)))
    return .init("What its probabilities are worth", [.charts(charts)])
  }

  private var mistakes: HTMLReport.Section {
    let labels = evaluation.labels
    if thumbnails.isEmpty {
      let table = TextTable(
        columns: [.number("row"), .init("true class"), .init("taken for"), .number("confidence"), .number("given to the truth")],
        rows: evaluation.worstMistakes.map {
          [
            NumberText.grouped($0.row), labels[$0.truth], labels[$0.predicted], NumberText.percent($0.confidence, digits: 3),
            NumberText.percent($0.truthProbability, digits: 3),
          ]
        })
      return .init("Worst mistakes", note: "The rows that were wrong with the most confidence.", [.table(table)])
    }
    let images = evaluation.worstMistakes.map { mistake in
      ReportImage(
        png: thumbnails[mistake.row], title: labels[mistake.predicted],
        detail:
          "truly \(labels[mistake.truth])\n\(NumberText.percent(mistake.confidence, digits: 3)) sure\nrow \(NumberText.grouped(mistake.row))"
      )
    }
    return .init(
      "Worst mistakes", note: "The rows that were wrong with the most confidence: mislabelled data shows up here first.", [.images(images)])
  }
}
