/// What a metric of texts is, for tables.
public struct TextMetric: Sendable, Hashable {
  public let name: String
  public let title: String
  /// Larger values are better.
  public let isScore: Bool

  /// Every metric that a task may give, those of one kind together, the most telling first. Labels of spans have their own: `f1_PER`.
  public static let all: [TextMetric] = [
    TextMetric(name: "acc", title: "accuracy", isScore: true),
    TextMetric(name: "acc_norm", title: "accuracy, for each character", isScore: true),
    TextMetric(name: "acc_bytes", title: "accuracy, for each byte", isScore: true),
    TextMetric(name: "ece", title: "calibration error", isScore: false), TextMetric(name: "brier", title: "Brier score", isScore: false),
    TextMetric(name: "exact_match", title: "exact match", isScore: true), TextMetric(name: "f1", title: "F1", isScore: true),
    TextMetric(name: "precision", title: "precision", isScore: true), TextMetric(name: "recall", title: "recall", isScore: true),
    TextMetric(name: "macro_f1", title: "F1, mean of labels", isScore: true), TextMetric(name: "chrf", title: "chrF", isScore: true),
    TextMetric(name: "perplexity", title: "perplexity of a token", isScore: false),
    TextMetric(name: "word_perplexity", title: "perplexity of a word", isScore: false),
    TextMetric(name: "bits_per_byte", title: "bits per byte", isScore: false),
    TextMetric(name: "bits_per_character", title: "bits per character", isScore: false),
    TextMetric(name: "recall_at_1", title: "recall at 1", isScore: true),
    TextMetric(name: "recall_at_5", title: "recall at 5", isScore: true),
    TextMetric(name: "recall_at_10", title: "recall at 10", isScore: true),
    TextMetric(name: "mrr", title: "mean reciprocal rank", isScore: true),
    TextMetric(name: "ndcg_at_10", title: "nDCG at 10", isScore: true),
    TextMetric(name: "spearman", title: "rank correlation", isScore: true),
    TextMetric(name: "pearson", title: "correlation", isScore: true),
  ]

  /// The metric of a name; of one that is not listed, its name alone.
  public static func named(_ name: String) -> TextMetric {
    all.first { $0.name == name } ?? TextMetric(name: name, title: name.replacing("_", with: " "), isScore: true)
  }

  /// Names in the order of ``all``, others after them by name.
  public static func sorted(_ names: some Sequence<String>) -> [String] {
    names.sorted { first, second in
      let places = [first, second].map { name in all.firstIndex { $0.name == name } ?? all.count }
      return (places[0], first) < (places[1], second)
    }
  }
}
