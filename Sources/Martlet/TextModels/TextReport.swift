import Bundles
import Charts
import Evaluation
import Foundation
import MartletCore
import Project
import TextTasks

extension TextJudgement {
  /// Writes `index.html` and `evaluation.json` into a folder.
  /// - Returns: the page's path.
  func write(
    _ verdict: Verdict, history: [String: [Double]], title: String, lineage: Lineage, to folder: String
  ) throws -> String {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let subtitle = training.project.description ?? "judged on \(NumberText.grouped(training.parts.test.rowCount)) texts that it never saw"
    let footer = "Written by Martlet \(MartletVersion.current). The numbers of this page lie beside it as JSON, too."
    var report: HTMLReport
    if let evaluation = verdict.classes {
      report =
        ClassificationReport(
          title: title, subtitle: subtitle, evaluation: evaluation, history: history, lineage: facts(lineage), footer: footer
        ).report
      report.sections.insert(contentsOf: verdict.sections, at: min(1, report.sections.count))
      try AtomicFile.write(JSON.encode(evaluation), to: folder + "/evaluation.json")
    } else {
      report = HTMLReport(title: title, kind: "Evaluation report", subtitle: subtitle, footer: footer)
      let cards = verdict.metrics.sorted { $0.key < $1.key }.map { name, metric in
        ReportCard(
          name.replacingOccurrences(of: "_", with: " "), NumberText.significant(metric.value),
          detail: metric.higherIsBetter == false ? "lower is better" : "higher is better")
      }
      report.sections = [.init("How good it is", [.cards(cards)])] + verdict.sections
      if let curve = curve(history) { report.sections.append(.init("How it learnt", [.charts([curve], isWide: true)])) }
      report.sections.append(.init("Where it comes from", [.facts(facts(lineage))]))
      try AtomicFile.write(JSON.encode(verdict.metrics), to: folder + "/evaluation.json")
    }
    let page = folder + "/index.html"
    try report.write(to: page)
    return page
  }

  private func curve(_ history: [String: [Double]]) -> LineChart? {
    let lines = ["train/loss", "validation/loss"].compactMap { name -> LineChart.Series? in
      guard let values = history[name], values.count > 1 else { return nil }
      return LineChart.Series(name, values: values)
    }
    return lines.isEmpty ? nil : LineChart(title: "Loss", xTitle: "epoch", yTitle: "loss", series: lines)
  }

  private func facts(_ lineage: Lineage) -> [ReportFact] {
    var facts: [ReportFact] = lineage.data.map {
      ReportFact("\($0.role) data", "\(NumberText.grouped($0.items)) texts, SHA-256 \($0.digest.prefix(16))…")
    }
    facts.append(ReportFact("Model", "\(model.network.architecture.rawValue), \(model.network.body.details)"))
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
