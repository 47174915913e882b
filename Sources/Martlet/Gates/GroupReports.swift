import Evaluation
import MartletCore

/// What gates on `slices` and `fairness` read: `report/slices.json` and `report/fairness.json`.
enum GroupReports {
  /// `{"slices": [{"name": "plan = basic", "rows": 120, "metrics": {"accuracy": {"value": …, "lower": …, "upper": …}}}]}`
  static func document(_ slices: SliceMetrics) -> JSONValue {
    // All rows together are no slice.
    let entries = slices.rows.filter { !$0.conditions.isEmpty }.map { row -> JSONValue in
      ["name": .string(row.name), "rows": .int(row.rows), "metrics": metrics(row.metrics)]
    }
    return ["slices": .array(entries)]
  }

  /// `{"groups": [{"name": "equalized_odds_difference", "metrics": {"equalized_odds_difference": …, "gap": …}}]}`. Every difference is a
  /// `gap`, too, of which a gate judges the largest; every ratio a `ratio`, of which it judges the least.
  static func document(_ fairness: FairnessEvaluation) -> JSONValue {
    let entries = fairness.criteria.map { criterion -> JSONValue in
      [
        "name": .string(criterion.name), "meaning": .string(criterion.meaning),
        "metrics": metrics([criterion.name: criterion.value, criterion.isRatio ? "ratio" : "gap": criterion.value]),
      ]
    }
    return ["groups": .array(entries)]
  }

  private static func metrics(_ estimates: [String: Estimate]) -> JSONValue {
    // What is no number was not measured: it keeps its name without a value, so that a gate sees that it is missing.
    .object(
      estimates.mapValues { estimate in
        guard estimate.value.isFinite else { return .object([:]) }
        var members: [String: JSONValue] = ["value": .double(estimate.value), "level": .double(estimate.level)]
        if estimate.lower.isFinite { members["lower"] = .double(estimate.lower) }
        if estimate.upper.isFinite { members["upper"] = .double(estimate.upper) }
        return .object(members)
      })
  }
}
