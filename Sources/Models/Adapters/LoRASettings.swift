/// How low-rank adapters are made; names in files as PEFT writes them.
public struct LoRASettings: Sendable, Hashable {
  /// The width of the narrow middle.
  public var rank: Int
  /// The adapter's share is multiplied with this over the rank.
  public var alpha: Double
  /// The probability of a zero in the adapter's input, in training.
  public var dropout: Double
  /// Which linear layers get an adapter: ends of paths (`query`, `self_attn.q_proj`) or whole paths in which `*` stands for anything;
  /// `all-linear` for all but the head's.
  public var targets: [String]
  /// Paths of what is trained beside the adapters and saved with them, such as a new head.
  public var trained: [String]
  /// Whether the share is multiplied with alpha over the square root of the rank (Kalajdzievski 2023, arXiv:2312.03732).
  public var isRankStabilized: Bool
  /// How the resting weights are kept: as they are, or rounded (QLoRA, Dettmers et al. 2023, arXiv:2305.14314).
  public var quantization: WeightQuantization?

  /// Adapters of rank 8 at queries and values, whatever they are called, unless told otherwise.
  public init(
    rank: Int = 8, alpha: Double = 16, dropout: Double = 0, targets: [String] = LoRASettings.queriesAndValues,
    trained: [String] = [], isRankStabilized: Bool = false, quantization: WeightQuantization? = nil
  ) {
    self.rank = rank
    self.alpha = alpha
    self.dropout = dropout
    self.targets = targets
    self.trained = trained
    self.isRankStabilized = isRankStabilized
    self.quantization = quantization
  }

  /// The maps to queries and values under the names of all architectures that are known here.
  public static let queriesAndValues = [
    "query", "value", "q_lin", "v_lin", "q_proj", "v_proj", "c_attn", "SelfAttention.q", "SelfAttention.v",
  ]

  /// What the adapter's share is multiplied with.
  var scale: Double { isRankStabilized ? alpha / Double(rank).squareRoot() : alpha / Double(rank) }

  func validate() throws(ModelError) {
    guard rank >= 1 else { throw ModelError("adapters of rank \(rank)", expected: "1 or more") }
    guard (0..<1).contains(dropout) else { throw ModelError("adapters with dropout \(dropout)", expected: "0 or more and below 1") }
    guard alpha.isFinite else { throw ModelError("adapters with alpha \(alpha)", expected: "a number") }
    guard !targets.isEmpty else { throw ModelError("adapters for no layers", expected: "names of layers, or 'all-linear'") }
  }

  /// Whether the layer at a path gets an adapter.
  func covers(_ path: String) -> Bool {
    targets.contains { target in
      target.contains("*") ? Self.matches(path[...], target[...]) : path == target || path.hasSuffix("." + target)
    }
  }

  /// Whether a text fits a pattern in which `*` stands for anything.
  private static func matches(_ text: Substring, _ pattern: Substring) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard let first = parts.first, let last = parts.last, text.hasPrefix(first) else { return false }
    var rest = text.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}

/// How resting weights are rounded to save memory.
public enum WeightQuantization: String, Sendable, Hashable, CaseIterable {
  /// Whole numbers from -127 to 127, a scale for each 64 of a row.
  case int8
  /// Sixteen levels at the quantiles of a normal distribution, a scale for each 64 of a row (NF4).
  case nf4
}
