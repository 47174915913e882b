public import MartletCore

extension ClassWeights {
  /// The weight of each row, times the row's own: in place of more or fewer rows.
  /// - Throws: `RecipeError` if the target has no classes, a named class does not exist, or a factor is not above 0.
  public func weights(_ training: TrainingMatrix) throws -> [Double] {
    let (classes, labels) = try training.requireClasses("class-weights")
    var totals = [Double](repeating: 0, count: labels.count)
    for (row, label) in classes.enumerated() { totals[label] += training.weights?[row] ?? 1 }
    let factors: [Double]
    do throws(ArgumentError) {
      factors = try self.factors(labels: labels, totals: totals)
    } catch {
      throw RecipeError(error.problem, expected: error.expected, remedy: error.remedy, step: "class-weights")
    }
    return classes.enumerated().map { row, label in factors[label] * (training.weights?[row] ?? 1) }
  }

  /// The same rows with these weights.
  /// - Throws: as ``weights(_:)``.
  public func applied(to training: TrainingMatrix) throws -> TrainingMatrix {
    TrainingMatrix(
      features: training.features, target: training.target, weights: try weights(training), sources: training.sources)
  }
}
