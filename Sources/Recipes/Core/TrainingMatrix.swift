public import Tables

/// Training rows as a learner takes them. What resampling works on: only a recipe's fit makes it from a ``TrainingPart``, or somebody who
/// says so in words.
public struct TrainingMatrix: Sendable {
  public let features: FeatureMatrix
  public let target: Target?
  /// One a row, or `nil` for ones.
  public let weights: [Double]?
  /// Where each row came from in the table that was split; `nil` for rows that resampling has made up.
  public let sources: [Int?]

  init(features: FeatureMatrix, target: Target?, weights: [Double]?, sources: [Int?]) {
    self.features = features
    self.target = target
    self.weights = weights
    self.sources = sources
  }

  /// Rows that were prepared elsewhere. Whoever calls this vouches that no row of it judges the model.
  /// - Throws: `RecipeError` if the lengths differ.
  public init(trainingRowsOnly features: FeatureMatrix, target: Target?, weights: [Double]? = nil) throws {
    guard target.map({ $0.count == features.rows }) ?? true, weights.map({ $0.count == features.rows }) ?? true else {
      throw RecipeError(
        "\(features.rows) rows have \(target?.count ?? 0) targets and \(weights?.count ?? features.rows) weights", expected: "one each")
    }
    self.init(features: features, target: target, weights: weights, sources: (0..<features.rows).map { $0 })
  }

  public var rows: Int { features.rows }

  /// The given rows in the given order.
  /// - Precondition: the rows exist.
  public func taking(_ rows: [Int]) -> TrainingMatrix {
    TrainingMatrix(
      features: features.taking(rows), target: target?.taking(rows), weights: weights.map { w in rows.map { w[$0] } },
      sources: rows.map { sources[$0] })
  }

  func requireClasses(_ step: String) throws -> (classes: [Int], labels: [String]) {
    guard case .classes(let classes, let labels) = target else {
      throw RecipeError("the target has no classes", expected: "a classification target", step: step)
    }
    return (classes, labels)
  }
}
