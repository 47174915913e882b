import Foundation
import MartletCore
public import Tables

/// Fits of one learner in a row, each looking at what those before got wrong: SAMME for classes (Zhu and others 2009), R2 for numbers
/// (Drucker 1997, with weights in place of draws).
public struct AdaBoost: Learner {
  public static let kind = "adaboost"

  public enum Loss: String, Sendable, Codable { case linear, square, exponential }

  public var learner: NamedLearner
  public var members: Int
  /// Shrinks each member's say.
  public var learningRate: Double
  /// How errors of numbers count.
  public var loss: Loss
  /// Draws rows by their weights in place of giving the weights to the learner, for learners that take none.
  public var draws: Bool

  public init(_ learner: any Learner, members: Int = 50, learningRate: Double = 1, loss: Loss = .linear, draws: Bool = false) {
    self.learner = NamedLearner(learner)
    self.members = members
    self.learningRate = learningRate
    self.loss = loss
    self.draws = draws
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(members > 0, Self.kind, "members", members, "1 or more")
    try SettingRange.check(learningRate > 0 && learningRate.isFinite, Self.kind, "learningRate", learningRate, "above 0")
    let fit = try MemberFit(Self.kind, x, target, weights)
    if let labels = fit.labels { return try classifier(fit, labels, context) }
    return try regressor(fit, context)
  }

  private func member(_ fit: MemberFit, _ shares: [Double], _ index: Int, _ context: FitContext) throws -> any FittedLearner {
    guard draws else {
      // In units of rows, as learners with a penalty expect; rows that count nothing any more are left out by them.
      let total = fit.rows.totalWeight
      return try fit.fit(learner.learner, weights: shares.map { $0 * total }, context)
    }
    var random = KeyedRandom(seed: context.seed, purpose: "adaboost", index: UInt64(index))
    var sums = shares
    for row in 1..<max(sums.count, 1) { sums[row] += sums[row - 1] }
    let chosen = sums.indices.map { _ -> Int in
      let goal = random.uniform() * (sums.last ?? 1)
      return sums.firstIndex { $0 > goal } ?? sums.count - 1
    }
    return try fit.fit(learner.learner, rows: chosen.sorted(), weights: sums.map { _ in 1 }, context)
  }

  private func classifier(_ fit: MemberFit, _ labels: [String], _ context: FitContext) throws -> any FittedLearner {
    let classes = try fit.rows.classes()
    guard case .classes(let codes, _) = fit.rows.target else { throw LearnerError("adaboost lost its classes") }
    let total = fit.rows.totalWeight, k = Double(classes.count)
    var shares = fit.rows.weights.map { $0 / total }
    var fitted: [any FittedClassifier] = [], says: [Double] = [], warnings: [String] = []
    for index in 0..<members {
      try Task.checkCancellation()
      guard let model = try member(fit, shares, index, context) as? any FittedClassifier else { break }
      let decided = try model.classes(fit.rows.features)
      var error = 0.0
      for row in shares.indices where decided[row] != codes[row] { error += shares[row] }
      error /= shares.reduce(0, +)
      if error <= 0 {
        fitted.append(model)
        says.append(1)
        break
      }
      if error >= 1 - 1 / k {
        guard fitted.isEmpty else { break }
        warnings.append("adaboost's first member is no better than guessing: it stands alone")
        fitted.append(model)
        says.append(1)
        break
      }
      let say = learningRate * (log((1 - error) / error) + log(k - 1))
      fitted.append(model)
      says.append(say)
      for row in shares.indices where decided[row] != codes[row] { shares[row] *= exp(say) }
      let sum = shares.reduce(0, +)
      guard sum.isFinite, sum > 0 else { break }
      for row in shares.indices { shares[row] /= sum }
    }
    return EnsembleClassifier(
      kind: Self.kind, featureNames: fit.rows.names, labels: labels, rule: .boosting, members: fitted, memberWeights: says,
      seen: classes.count, warnings: warnings)
  }

  private func regressor(_ fit: MemberFit, _ context: FitContext) throws -> any FittedLearner {
    let y = try fit.rows.values()
    let total = fit.rows.totalWeight
    var shares = fit.rows.weights.map { $0 / total }
    var fitted: [any FittedRegressor] = [], says: [Double] = []
    for index in 0..<members {
      try Task.checkCancellation()
      guard let model = try member(fit, shares, index, context) as? any FittedRegressor else { break }
      var errors = zip(try model.predict(fit.rows.features), y).map { abs($0 - $1) }
      let largest = errors.max() ?? 0
      if largest > 0 { errors = errors.map { $0 / largest } }
      switch loss {
      case .linear: break
      case .square: errors = errors.map { $0 * $0 }
      case .exponential: errors = errors.map { 1 - exp(-$0) }
      }
      let error = zip(errors, shares).reduce(0) { $0 + $1.0 * $1.1 }
      if error <= 0 {
        fitted.append(model)
        says.append(1)
        break
      }
      if error >= 0.5 {
        if fitted.isEmpty {
          fitted.append(model)
          says.append(1)
        }
        break
      }
      let beta = error / (1 - error)
      fitted.append(model)
      says.append(learningRate * log(1 / beta))
      for row in shares.indices { shares[row] *= pow(beta, (1 - errors[row]) * learningRate) }
      let sum = shares.reduce(0, +)
      for row in shares.indices { shares[row] /= sum }
    }
    return EnsembleRegressor(kind: Self.kind, featureNames: fit.rows.names, rule: .median, members: fitted, memberWeights: says)
  }
}
