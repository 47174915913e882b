extension Margins {
  var accuracy: Double { right.reduce(0, +) / total }

  /// The mean recall of the classes that truly occur.
  var balancedAccuracy: Double {
    var sum = 0.0, count = 0.0
    for index in right.indices where truth[index] > 0 {
      sum += right[index] / truth[index]
      count += 1
    }
    return sum / count
  }

  var matthewsCorrelation: Double {
    var both = 0.0, trueSquares = 0.0, predictedSquares = 0.0
    for index in truth.indices {
      both += truth[index] * predicted[index]
      trueSquares += truth[index] * truth[index]
      predictedSquares += predicted[index] * predicted[index]
    }
    let spread = (total * total - predictedSquares) * (total * total - trueSquares)
    return spread > 0 ? (right.reduce(0, +) * total - both) / spread.squareRoot() : 0
  }

  var kappa: Double {
    var chance = 0.0
    for index in truth.indices { chance += truth[index] * predicted[index] }
    chance /= total * total
    return 1 - (1 - accuracy) / (1 - chance)
  }
}

extension ConfusionMatrix {
  /// The share of rows that is right. NaN for a matrix of zeros, as everywhere here.
  public var accuracy: Double { Margins(self).accuracy }

  /// The mean of the recalls of the classes that truly occur (Brodersen et al., "The balanced accuracy and its
  /// posterior distribution", 2010).
  /// - Parameter adjusted: scales it so that chance is 0 and perfection 1.
  public func balancedAccuracy(adjusted: Bool = false) -> Double {
    let margins = Margins(self)
    let score = margins.balancedAccuracy
    guard adjusted else { return score }
    let chance = 1 / Double(margins.truth.filter { $0 > 0 }.count)
    return (score - chance) / (1 - chance)
  }

  /// Matthews's correlation coefficient for any number of classes (Gorodkin, 2004): -1 … 1; 0 where truth or prediction is constant.
  public var matthewsCorrelation: Double { Margins(self).matthewsCorrelation }

  /// How far apart two labels are for `cohenKappa`.
  public enum KappaWeights: Sendable, Hashable {
    /// Any two different labels disagree wholly.
    case none
    /// By the distance of the labels.
    case linear
    /// By its square.
    case quadratic
  }

  /// Cohen's kappa: agreement beyond chance. NaN where chance agreement is total: one class only.
  public func cohenKappa(weights: KappaWeights = .none) -> Double {
    let margins = Margins(self)
    if weights == .none { return margins.kappa }
    // Distances count among the classes that occur, as they are numbered in scikit-learn.
    let present = presentClasses
    var seen = 0.0, chance = 0.0
    for (i, t) in present.enumerated() {
      for (j, p) in present.enumerated() {
        let distance = Double(abs(i - j))
        let weight = weights == .linear ? distance : distance * distance
        seen += weight * self[truth: t, predicted: p]
        chance += weight * margins.truth[t] * margins.predicted[p] / margins.total
      }
    }
    return 1 - seen / chance
  }
}
