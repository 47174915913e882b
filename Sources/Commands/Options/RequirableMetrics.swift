import Evaluation
import Project

/// The metrics that a project may require: those that its task is judged by.
struct RequirableMetrics {
  /// All of them, those of classes that nobody knows before the texts are read left out.
  let names: [String]
  /// Beginnings of names that end with a class: `f1_PER`.
  private let beginnings: [String]

  init(_ project: AnyProject) {
    guard let texts = project.text else {
      names = MetricInfo.all.map(\.name)
      beginnings = []
      return
    }
    guard texts.task == .multiTask else {
      names = Self.names(texts.task)
      beginnings = texts.task == .tokenClassification ? ["f1_"] : []
      return
    }
    let heads = (texts.heads ?? [:]).compactMap { name, choice in ProjectTask(rawValue: choice.name).map { (name: name, task: $0) } }
    names = heads.flatMap { head in Self.names(head.task).map { "\(head.name)_\($0)" } }.sorted()
    beginnings = heads.filter { $0.task == .tokenClassification }.map { "\($0.name)_f1_" }
  }

  func contains(_ name: String) -> Bool {
    names.contains(name) || beginnings.contains { name.hasPrefix($0) && name.count > $0.count }
  }

  private static func names(_ task: ProjectTask) -> [String] {
    switch task {
    case .languageModel: ["perplexity", "perplexity_per_character", "bits_per_character", "loss", "masked_accuracy"]
    case .tokenClassification: ["span_f1", "span_precision", "span_recall", "accuracy"]
    case .embedding: ["recall_at_1", "recall_at_5", "recall_at_10", "mrr", "spearman"]
    case .translation: ["bleu", "chrf", "exact_match"]
    default: MetricInfo.all.map(\.name)
    }
  }
}
