import Foundation
import MartletCore
import Tables

extension GradientBoosting: StagedLearner {
  public var judgesRounds: Bool { earlyStopping != nil }

  public func partsRead(of count: Int) -> Int { min(count, rounds) }

  /// Stochastic gradient boosting (Friedman 2002) over parts of the rows: each part gives the next trees, so that all rows are learnt from,
  /// one part in memory at a time. With more parts than rounds every round has a part of its own, and the other parts are not read.
  ///
  /// Early stopping judges by the validation rows; without those it is left out.
  public func fit(_ rows: StagedRows, context: FitContext) throws -> any FittedLearner {
    let parts = partsRead(of: rows.counts.count)
    guard parts > 0 else { throw LearnerError("boosting was given no part of rows", expected: "one or more") }
    var booster: Booster?, history = BoostingHistory(metric: "none"), features: [String] = [], categorical = Set<Int>()
    var done = 0, judges: BoosterRows?
    stages: for part in 0..<parts {
      try Task.checkCancellation()
      let next = try rows.open(part)
      guard let own = try next(.max) else { continue }
      let plan = try BoostingPlan(stage: self, own, labels: rows.labels, validation: rows.validation, judges: judges, context: context)
      if booster == nil {
        booster = try plan.booster()
        history = BoostingHistory(metric: plan.metric)
        (features, categorical) = (own.x.names, plan.categorical)
      }
      judges = plan.validation
      guard let booster else { continue }
      // Rounds that the parts before had no rows for are made up for.
      for _ in 0..<(rounds * (part + 1) / parts - done) {
        let goesOn = try plan.step(booster, round: done, &history)
        done += 1
        if !goesOn { break stages }
      }
    }
    guard let booster else { throw LearnerError("boosting was given no row", expected: "at least one row to learn from") }
    let model = try booster.model("ubj", rounds: history.best.map { $0 + 1 })
    if let labels = rows.labels {
      return try BoostedClassifier(
        features: features, categorical: categorical, labels: labels, present: Array(labels.indices), model: model, history: history)
    }
    return try BoostedRegressor(features: features, categorical: categorical, model: model, history: history)
  }
}
