import MartletCore

/// An average of the weights over training, which often generalises better than the last ones.
public enum Averaging: Sendable, Hashable, Codable {
  /// An exponential moving average, updated after every step. It is what validation measures, what checkpoints keep as the model's weights,
  /// and what the model holds when the run ends; training goes on with the plain weights.
  /// - `decay`: the share of the old average.
  /// - `warmsUp`: let the decay begin at 0.1 and grow: `min(decay, (1 + updates) / (10 + updates))`, so that the first weights are forgotten.
  /// - `averagesBuffers`: average floating-point buffers (running statistics), too; otherwise they are copied.
  case exponential(decay: Double = 0.999, warmsUp: Bool = true, averagesBuffers: Bool = false)
  /// Stochastic weight averaging (Izmailov et al., UAI 2018, arXiv:1803.05407): the mean of the weights at the ends of the epochs from
  /// `epoch` (counted from zero) on. When the run ends, the model gets it, and batch norm's statistics are measured anew on the training
  /// data. Until then validation measures the plain weights.
  /// - `learningRate`: the rate of these epochs, reached over `annealing` epochs along a cosine; the schedule's where `nil`.
  case stochastic(from: Int, learningRate: Double? = nil, annealing: Int = 10)

  /// The exponential moving average with its usual settings.
  public static var exponential: Averaging { .exponential() }

  /// Refuses settings out of range.
  /// - Throws: `ArgumentError` naming the setting.
  public func validate() throws {
    switch self {
    case .exponential(let decay, _, _):
      guard (0..<1).contains(decay) else { throw ArgumentError("the average's decay is \(decay)", expected: "0 or more and below 1") }
    case .stochastic(let epoch, let rate, let annealing):
      guard epoch >= 0 else { throw ArgumentError("weight averaging from epoch \(epoch)", expected: "0 or later") }
      if let rate { try check("the averaging's learning rate", rate, isNonNegative: true) }
      guard annealing >= 0 else { throw ArgumentError("annealing over \(annealing) epochs", expected: "0 or more") }
    }
  }

  var rule: WeightAverage.Rule {
    switch self {
    case .exponential(let decay, let warmsUp, _): .exponential(decay: decay, warmsUp: warmsUp)
    case .stochastic: .equal
    }
  }

  var averagesBuffers: Bool { if case .exponential(_, _, let buffers) = self { buffers } else { false } }

  /// The average is what validation measures.
  var isValidated: Bool { if case .exponential = self { true } else { false } }
}
