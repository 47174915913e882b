import Bundles
import Charts
import Commands
import Evaluation
import Foundation
import MartletCore
import Project
import Selection
import Tables

extension TableJudgement {
  /// Writes `index.html` and the numbers beside it into a folder.
  /// - Returns: the page's path.
  func write(_ verdict: Verdict, _ outcome: TableTrainer.Outcome?, title: String, lineage: Lineage, to folder: String) throws -> String {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let subtitle =
      training.project.description
      ?? "judged on \(NumberText.grouped(verdict.rows)) rows" + (training.parts.test == nil ? "" : " that it never saw")
    let footer = "Written by Martlet \(MartletVersion.current). The numbers of this page lie beside it as JSON, too."
    var report: HTMLReport
    switch verdict.kind {
    case .classes(let evaluation):
      report =
        ClassificationReport(title: title, subtitle: subtitle, evaluation: evaluation, lineage: facts(lineage), footer: footer).report
      try AtomicFile.write(JSON.encode(evaluation), to: folder + "/evaluation.json")
    case .numbers(let evaluation):
      report = RegressionReport(title: title, subtitle: subtitle, evaluation: evaluation, lineage: facts(lineage), footer: footer).report
      try AtomicFile.write(JSON.encode(evaluation), to: folder + "/regression.json")
    case .groups(let evaluation):
      report = HTMLReport(title: title, kind: "Evaluation report", subtitle: subtitle, footer: footer)
      report.sections = evaluation.sections + [.init("Where it comes from", [.facts(facts(lineage))])]
      try AtomicFile.write(JSON.encode(evaluation), to: folder + "/clusters.json")
    case .anomalies(let evaluation):
      report = HTMLReport(title: title, kind: "Evaluation report", subtitle: subtitle, footer: footer)
      report.sections = evaluation.sections + [.init("Where it comes from", [.facts(facts(lineage))])]
      try AtomicFile.write(JSON.encode(evaluation), to: folder + "/anomalies.json")
    }
    if let slices = verdict.slices { try AtomicFile.write(JSON.encode(GroupReports.document(slices)), to: folder + "/slices.json") }
    if let fairness = verdict.fairness { try AtomicFile.write(JSON.encode(GroupReports.document(fairness)), to: folder + "/fairness.json") }
    // After the verdict, before the details.
    report.sections.insert(contentsOf: try sections(verdict, outcome), at: min(1, report.sections.count))
    try outcome?.review.write(to: folder, title: title)
    let page = folder + "/index.html"
    try report.write(to: page)
    return page
  }

  private func sections(_ verdict: Verdict, _ outcome: TableTrainer.Outcome?) throws -> [HTMLReport.Section] {
    var sections: [HTMLReport.Section] = []
    if let comparison = outcome?.comparison {
      sections.append(
        Self.section(
          comparison, outcome?.validation, tuned: (outcome?.candidates ?? []).map { $0.metrics[TableTrainer.tunedF1] }))
    }
    if let importance = verdict.importance {
      sections.append(
        .init(
          "What it looks at",
          note:
            "How much worse \(MetricInfo.named(importance.metric)?.title ?? importance.metric) gets when a column's values are shuffled among the rows.",
          [.charts([importance.chart(24)], isWide: true)]))
    }
    if let slices = verdict.slices {
      sections.append(.init("Slice by slice", note: "P-values are corrected for how many slices there are.", [.table(slices.table)]))
    }
    if let fairness = verdict.fairness { sections += fairness.sections }
    if let errors = verdict.errors { sections.append(errors.section) }
    if let worst = try worstRows(verdict) { sections.append(worst) }
    var notes = training.parts.notes + training.memoryNotes(outcome)
    if let check = training.parts.check {
      notes += check.violations.map { "\($0.column.map { "\($0): " } ?? "")\($0.found), expected \($0.expected)" }
    }
    if let review = outcome?.review {
      sections.append(review.section(notes: notes))
    } else if !notes.isEmpty {
      sections.append(.init("About the data", notes.map { .text($0) }))
    }
    return sections
  }

  /// - Parameter tuned: each candidate's F1 with a tuned threshold, where that was measured.
  private static func section(
    _ comparison: CandidateComparison, _ validation: CrossValidationSummary?, tuned: [Double?]
  ) -> HTMLReport.Section {
    let hasTuned = tuned.contains { $0 != nil }
    let title = MetricInfo.named(comparison.metric)?.title ?? comparison.metric
    let others = ["accuracy", "auc", "average_precision", "f1", "f1_macro", "log_loss", "rmse", "mae", "r2", "silhouette"].filter { name in
      // Of two classes the positive one's F1 is enough.
      name != comparison.metric && comparison.rows.contains { $0.metrics[name] != nil && (name != "f1_macro" || $0.metrics["f1"] == nil) }
    }
    let order = comparison.rows.indices.sorted { first, second in
      let a = comparison.rows[first].score?.value, b = comparison.rows[second].score?.value
      guard let a, let b else { return a != nil }
      return comparison.higherIsBetter ? a > b : a < b
    }
    let table = TextTable(
      columns: [.init("model"), .number(title), .number("from"), .number("to")]
        + others.map { .number(MetricInfo.named($0)?.title ?? $0) } + (hasTuned ? [.number("F1, threshold tuned")] : [])
        + [.number("p against the best"), .number("time")],
      rows: order.map { place in
        let row = comparison.rows[place]
        func text(_ value: Double?) -> String { value.map { NumberText.significant($0) } ?? "–" }
        let name = place == comparison.best ? "\(row.name) · the best" : row.problem.map { "\(row.name): \($0)" } ?? row.name
        let scores = [row.score?.value, row.score?.lower, row.score?.upper] + others.map { row.metrics[$0]?.value }
        return [name] + scores.map(text) + (hasTuned ? [text(tuned.indices.contains(place) ? tuned[place] : nil)] : [])
          + [
            row.adjustedPValue.map { NumberText.significant($0, digits: 2) } ?? "–", NumberText.duration(milliseconds: row.seconds * 1000),
          ]
      })
    let bars = order.compactMap { place -> BarChart.Bar? in
      let row = comparison.rows[place]
      return row.score.map { score in
        let hasInterval = score.lower.isFinite && score.upper.isFinite && score.lower <= score.upper
        return BarChart.Bar(row.name, score.value, interval: hasInterval ? score.lower...score.upper : nil)
      }
    }
    var blocks: [ReportBlock] = [.table(table)]
    if bars.count > 1 { blocks.append(.charts([BarChart(title: title, valueTitle: title, bars: bars)], isWide: true)) }
    if let validation, validation.folds.count <= 10 { blocks.append(.table(validation.table, caption: "The best one, fold by fold")) }
    return .init(
      "The models in comparison",
      note: "Cross-validated on the training rows: everything is fitted anew on each fold. "
        + "P-values: corrected resampled t test, corrected for the number of models (Holm)."
        + (hasTuned
          ? " F1 is at the usual threshold of a half; tuned, each fold's rows are decided by what is best for the other folds." : ""),
      blocks)
  }

  /// The rows that the model was most wrong about, with what it saw.
  private func worstRows(_ verdict: Verdict) throws -> HTMLReport.Section? {
    let found: [(row: Int, words: [String])]
    switch verdict.kind {
    case .classes(let evaluation):
      found = evaluation.worstMistakes.map {
        ($0.row, [evaluation.labels[$0.truth], evaluation.labels[$0.predicted], NumberText.significant($0.confidence)])
      }
    case .numbers(let evaluation):
      found = evaluation.worstRows.map { ($0.row, [NumberText.significant($0.truth), NumberText.significant($0.predicted), ""]) }
    case .anomalies(let evaluation):
      found = evaluation.highest.map { ($0.row, ["", NumberText.significant($0.score), ""]) }
    case .groups: found = []
    }
    guard !found.isEmpty else { return nil }
    var names = verdict.importance?.features.map(\.name) ?? model.configuration.inputs.map(\.name)
    names = Array(names.filter(table.contains).prefix(8))
    let columns = try names.map { try table.column($0) }
    func text(_ column: Column, _ row: Int) -> String {
      if case .number(let number) = column.value(row) { return NumberText.significant(number) }
      return column.value(row).text(limit: 24)
    }
    return .init(
      "The worst rows", note: "Rows are counted from 0 in the part that judges; beside them what the model looks at most.",
      [
        .table(
          TextTable(
            columns: [.number("row"), .init("truth"), .init("said"), .number("confidence")]
              + columns.map { $0.type.isNumeric ? .number($0.name) : .init($0.name) },
            rows: found.map { place in [String(place.row)] + place.words + columns.map { text($0, place.row) } }))
      ])
  }

  private func facts(_ lineage: Lineage) -> [ReportFact] {
    var facts: [ReportFact] = lineage.data.map {
      ReportFact("\($0.role) data", "\(NumberText.grouped($0.items)) rows, SHA-256 \($0.digest.prefix(16))…")
    }
    facts.append(ReportFact("Model", model.configuration.model))
    if let digest = lineage.configurationDigest { facts.append(ReportFact("Configuration", "SHA-256 \(digest.prefix(16))…")) }
    if let seed = lineage.seed { facts.append(ReportFact("Seed", "\(seed)")) }
    if let code = lineage.code {
      facts.append(ReportFact("Code", "Martlet \(code.martlet)" + (code.commit.map { ", commit \($0.prefix(12))" } ?? "")))
    }
    if let machine = lineage.machine {
      facts.append(ReportFact("Machine", "\(machine.processor), \(machine.cores) cores, \(machine.system)"))
    }
    return facts
  }
}
