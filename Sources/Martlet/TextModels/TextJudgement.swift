import Bundles
import Charts
import Commands
import Evaluation
import Foundation
import MartletCore
import Project
import Tables
import TextTasks
import Torch

/// Judges a model of texts on a project's test part, and writes the report.
struct TextJudgement: TextJudge {
  let training: TextTraining
  let model: TextModel

  init(_ training: TextTraining, _ model: TextModel) {
    self.training = training
    self.model = model
  }

  /// What was found.
  struct Verdict: Sendable {
    var metrics: [String: MetricSummary]
    /// Sections of the report, between the numbers and where the model comes from.
    var sections: [HTMLReport.Section] = []
    /// Of models that tell one of several classes.
    var classes: ClassificationEvaluation?
    /// The same of several heads, by their names.
    var heads: [String: ClassificationEvaluation] = [:]
  }

  private var project: TextProject { training.project }
  private var examples: TextExamples { training.examples }
  private var table: Table { training.parts.test }

  func judge() async throws -> Verdict {
    let threads = training.threads
    return try await TorchThread.main.run { try TorchThreads.with(threads) { try verdict() } }
  }

  private func verdict() throws -> Verdict {
    switch model.settings.task {
    case .causal: try written()
    case .masked: try hidden()
    case .classification: try classified()
    case .tags: try tagged()
    case .embedding: try embedded()
    case .translation: try translated()
    }
  }

  private static func summaries(_ scores: [String: TextScore]) -> [String: MetricSummary] {
    scores.mapValues { MetricSummary($0.value, lower: $0.lower, upper: $0.upper, higherIsBetter: $0.higherIsBetter) }
  }

  private func shown(_ columns: [String], caption: String = "", _ row: (Int) -> [String]) -> [ReportBlock] {
    let count = min(project.evaluation.examples, table.rowCount)
    guard count > 0 else { return [] }
    return [.table(TextTable(columns: columns.map { .init($0) }, rows: (0..<count).map(row)), caption: caption)]
  }

  // A text each ---------------------------------------------------------------------------------------------------------------------------

  private func written() throws -> Verdict {
    let texts = try examples.texts(table)
    var verdict = Verdict(metrics: Self.summaries(try model.perplexities(of: texts)))
    let prompts =
      project.evaluation.prompts.isEmpty
      ? texts.prefix(project.evaluation.examples).map { String($0.prefix(16)) } : project.evaluation.prompts
    let samples = try prompts.enumerated().map { index, prompt in
      [prompt, try model.sample(prompt, tokens: 120, seed: project.training.seed &+ UInt64(index))]
    }
    if !samples.isEmpty {
      verdict.sections.append(
        .init(
          "What it writes", note: "Drawn token by token at temperature 0.8.",
          [.table(TextTable(columns: [.init("beginning"), .init("text")], rows: samples))]))
    }
    return verdict
  }

  private func hidden() throws -> Verdict {
    let (loss, share) = try TextLesson.hiddenTokens(training, model, table)
    return Verdict(
      metrics: Self.summaries([
        "loss": TextScore(loss, higherIsBetter: false), "perplexity": TextScore(exp(loss), higherIsBetter: false),
        "masked_accuracy": TextScore(share),
      ]))
  }

  // Classes -------------------------------------------------------------------------------------------------------------------------------

  private func classified() throws -> Verdict {
    let texts = try examples.texts(table), truth = try examples.classes(table)
    let probabilities = try model.probabilities(of: texts)
    if model.settings.hasSeveral {
      let scores = try TextModel.severalScores(truth: truth, probabilities: probabilities, classes: model.settings.labels.count)
      var verdict = Verdict(metrics: Self.summaries(scores))
      func names(_ classes: [Int]) -> String { classes.map { model.settings.labels[$0] }.joined(separator: ", ") }
      verdict.sections.append(
        .init(
          "Some texts",
          shown(["text", "truth", "said"]) { row in
            [Self.short(texts[row]), names(truth[row]), names(probabilities[row].indices.filter { probabilities[row][$0] >= 0.5 })]
          }))
      return verdict
    }
    var accumulator = try ClassificationAccumulator(labels: model.settings.labels)
    try accumulator.add(probabilities: probabilities.joined().map(Float.init), truth: truth.map { $0[0] })
    let evaluation = try accumulator.evaluation(
      intervals: IntervalOptions(seed: project.training.seed), mistakes: project.evaluation.examples)
    let metrics = evaluation.metrics.reduce(into: [String: MetricSummary]()) { result, item in
      result[item.key] = MetricSummary(
        item.value.value, lower: item.value.lower, upper: item.value.upper, level: item.value.level,
        higherIsBetter: MetricInfo.named(item.key)?.higherIsBetter)
    }
    var verdict = Verdict(metrics: metrics, classes: evaluation)
    let worst = evaluation.worstMistakes.map { mistake in
      [
        Self.short(texts[mistake.row]), evaluation.labels[mistake.truth], evaluation.labels[mistake.predicted],
        NumberText.significant(mistake.confidence),
      ]
    }
    if !worst.isEmpty {
      verdict.sections.append(
        .init(
          "The worst mistakes", note: "The texts that it was wrong about with the most confidence.",
          [.table(TextTable(columns: [.init("text"), .init("truth"), .init("said"), .number("confidence")], rows: worst))]))
    }
    return verdict
  }

  private func tagged() throws -> Verdict {
    let words = try examples.words(table), truth = try examples.tagNames(table)
    let said = try model.tags(of: words)
    var verdict = Verdict(metrics: Self.summaries(try TextModel.spanScores(truth: truth, predicted: said)))
    verdict.sections.append(
      .init(
        "Some texts",
        shown(["text", "truth", "said"]) { row in
          [
            Self.short(words[row].joined(separator: " ")), TextModel.named(truth[row], words[row]), TextModel.named(said[row], words[row]),
          ]
        }))
    return verdict
  }

  // Pairs ---------------------------------------------------------------------------------------------------------------------------------

  private func embedded() throws -> Verdict {
    let data = project.data
    let anchors = try model.vectors(of: table.texts(of: data.anchor ?? "")),
      partners = try model.vectors(of: table.texts(of: data.positive ?? ""))
    var scores: [String: TextScore] = [:]
    if let truth = try examples.scores(table) {
      let cosines = zip(anchors, partners).map { Double(zip($0, $1).reduce(0) { $0 + $1.0 * $1.1 }) }
      // A column that does not vary tells nothing.
      let found = truth.count > 1 ? try Metrics.spearman(cosines, truth) : 0
      scores["spearman"] = TextScore(found.isNaN ? 0 : found)
    }
    if project.loss?.name != "cosine" {
      scores.merge(RetrievalScores.pairs(anchors: anchors, partners: partners)) { first, _ in first }
    }
    return Verdict(metrics: Self.summaries(scores))
  }

  private func translated() throws -> Verdict {
    let sources = try table.texts(of: project.data.source ?? ""), truth = try table.texts(of: project.data.translation ?? "")
    let said = try model.translator()(sources)
    var bleu = try BLEU(), chrF = try CHRF()
    for (hypothesis, reference) in zip(said, truth) {
      try bleu.add(hypothesis: hypothesis, references: [reference])
      try chrF.add(hypothesis: hypothesis, references: [reference])
    }
    var verdict = Verdict(
      metrics: Self.summaries([
        "bleu": TextScore(bleu.score), "chrf": TextScore(chrF.score),
        "exact_match": TextScore(Double(zip(said, truth).count { $0 == $1 }) / Double(said.count)),
      ]))
    verdict.sections.append(
      .init("Some texts", shown(["text", "truth", "said"]) { [Self.short(sources[$0]), Self.short(truth[$0]), Self.short(said[$0])] }))
    return verdict
  }

  private static func short(_ text: String) -> String { text.count > 200 ? String(text.prefix(199)) + "…" : text }
}
