import MartletCore
public import Tables

/// Several learners that vote: classes by mean probabilities (soft) or by decisions (hard), numbers by their mean.
public struct Voting: Learner {
  public static let kind = "voting"

  public enum Vote: String, Sendable, Codable { case soft, hard }

  public var learners: [NamedLearner]
  public var vote: Vote
  /// One a learner; the same for all if `nil`.
  public var weights: [Double]?

  public init(_ learners: [any Learner], vote: Vote = .soft, weights: [Double]? = nil) {
    self.learners = learners.map(NamedLearner.init)
    self.vote = vote
    self.weights = weights
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights rowWeights: [Double]?, context: FitContext) throws -> any FittedLearner {
    guard !learners.isEmpty else {
      throw LearnerError("voting has no learner", expected: "one or more in 'learners'")
    }
    let shares = weights ?? [Double](repeating: 1, count: learners.count)
    guard shares.count == learners.count, shares.allSatisfy({ $0 >= 0 && $0.isFinite }), shares.contains(where: { $0 > 0 }) else {
      throw LearnerError("voting has the weights \(shares)", expected: "\(learners.count) numbers of 0 or more, not all 0")
    }
    let fit = try MemberFit(Self.kind, x, target, rowWeights)
    let members = try learners.map { try fit.fit($0.learner, context) }
    if let labels = fit.labels {
      return EnsembleClassifier(
        kind: Self.kind, featureNames: x.names, labels: labels, rule: vote == .soft ? .mean : .votes,
        members: members.compactMap { $0 as? any FittedClassifier }, memberWeights: shares)
    }
    return EnsembleRegressor(
      kind: Self.kind, featureNames: x.names, rule: .mean, members: members.compactMap { $0 as? any FittedRegressor },
      memberWeights: shares)
  }
}
