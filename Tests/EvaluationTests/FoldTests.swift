import Charts
import MartletCore
import Testing

@testable import Evaluation

struct FoldTests {
  /// Every division against scikit-learn 1.9.1, from `Tools/fixtures_evaluation_folds.py`.
  @Test func everyCase() throws {
    let document = try Fixture.read("folds")
    let data = try #require(document["data"]?.arrayValue)
    let cases = try #require(document["cases"]?.arrayValue)
    #expect(cases.count == 73)
    for one in cases {
      let set = data[try #require(one["data"]?.intValue)]
      let labels = set["labels"]?.ints ?? [], groups = set["groups"]?.ints ?? []
      let rows = labels.count
      let arguments = try #require(one["arguments"])
      let folds = arguments["folds"]?.intValue ?? 0, count = arguments["count"]?.intValue ?? 0
      let kind = try #require(one["kind"]?.stringValue)
      let splits: [FoldSplit]
      switch kind {
      case "kFold": splits = try FoldSplits.kFold(rows: rows, folds: folds)
      case "stratified": splits = try FoldSplits.stratified(labels: labels, folds: folds)
      case "grouped": splits = try FoldSplits.grouped(groups: groups, folds: folds)
      case "stratifiedGrouped": splits = try FoldSplits.stratifiedGrouped(labels: labels, groups: groups, folds: folds)
      case "leaveOneOut": splits = try FoldSplits.leaveOneOut(rows: rows)
      case "leaveRowsOut": splits = try FoldSplits.leaveRowsOut(rows: rows, count: count)
      case "leaveGroupsOut": splits = try FoldSplits.leaveGroupsOut(groups: groups, count: count)
      default:
        splits = try FoldSplits.timeOrdered(
          rows: rows, folds: folds, testSize: arguments["size"]?.intValue, gap: arguments["gap"]?.intValue ?? 0,
          maximumTraining: arguments["most"]?.intValue)
      }
      #expect(splits.map(\.test) == one["test"]?.list.map(\.ints), "\(kind) \(arguments)")
      if let training = one["training"]?.arrayValue {
        #expect(splits.map(\.training) == training.map(\.ints), "\(kind) \(arguments)")
      } else {
        for split in splits {
          #expect(Set(split.training).union(split.test).count == rows && split.training.count + split.test.count == rows)
        }
      }
    }
  }

  @Test func seedsRepeatAndDiffer() throws {
    let labels = (0..<60).map { $0 % 3 }
    for kind in FoldPlan.Kind.allCases where kind != .leaveOneOut && kind != .leaveOneGroupOut && kind != .timeOrdered {
      func splits(_ seed: UInt64) throws -> [FoldSplit] {
        try FoldPlan(kind, folds: 4, seed: seed).splits(rows: 60, labels: labels, groups: (0..<60).map { $0 / 3 })
      }
      #expect(try splits(1) == splits(1), "\(kind)")
      #expect(try splits(1) != splits(2), "\(kind)")
    }
    let repeated = try FoldPlan(.stratified, folds: 3, repeats: 4).splits(rows: 60, labels: labels)
    #expect(repeated.count == 12)
    #expect(Set(repeated).count == 12)
  }

  @Test func stratifiedPartsHaveEqualShares() throws {
    let labels = (0..<100).map { $0 < 10 ? 1 : 0 }
    for split in try FoldSplits.stratified(labels: labels, folds: 5, seed: 3) { #expect(split.test.count { labels[$0] == 1 } == 2) }
    for split in try FoldSplits.shuffled(rows: 100, times: 6, test: 0.3, labels: labels) {
      #expect(split.test.count { labels[$0] == 1 } == 3)
      #expect(Set(split.test).isDisjoint(with: split.training))
    }
  }

  @Test func groupsStayTogether() throws {
    let groups = (0..<90).map { $0 * 7 % 13 }
    let divisions =
      try FoldSplits.grouped(groups: groups, folds: 4, seed: 1) + FoldSplits.shuffledGroups(groups: groups, times: 5)
      + FoldSplits.stratifiedGrouped(labels: (0..<90).map { $0 % 2 }, groups: groups, folds: 3, seed: 9)
    for split in divisions { #expect(Set(split.training.map { groups[$0] }).isDisjoint(with: split.test.map { groups[$0] })) }
  }

  @Test func purgedRowsKnowNothingOfTheTest() throws {
    let starts = (0..<50).map { Double($0) }, ends = starts.map { $0 + 4 }
    for split in try FoldSplits.purged(starts: starts, ends: ends, folds: 5, embargo: 2) {
      let first = split.test.map { starts[$0] }.min() ?? 0, last = split.test.map { ends[$0] }.max() ?? 0
      for row in split.training { #expect(ends[row] < first || starts[row] > last + 2) }
      #expect(split.training.count >= 30)
    }
  }

  @Test func timesInAnyOrder() throws {
    let times = [5.0, 1, 4, 2, 3, 0]
    for split in try FoldSplits.timeOrdered(times: times, folds: 2) {
      #expect((split.training.map { times[$0] }.max() ?? 9) < (split.test.map { times[$0] }.min() ?? -1))
    }
    #expect { try FoldSplits.timeOrdered(times: [1, .nan, 2], folds: 1) } throws: { ($0 as? MetricError)?.row == 1 }
  }

  @Test func nestedInnerRowsAreOuterTrainingRows() throws {
    let nested = try NestedFoldSplit.nested(FoldSplits.kFold(rows: 20, folds: 4)) { rows throws(MetricError) in
      try FoldSplits.kFold(rows: rows.count, folds: 3)
    }
    #expect(nested.count == 4)
    for one in nested {
      #expect(one.inner.count == 3)
      for inner in one.inner { #expect(Set(inner.training + inner.test) == Set(one.outer.training)) }
    }
  }

  @Test func tooFewRowsAreNamed() {
    #expect { try FoldSplits.kFold(rows: 3, folds: 5) } throws: { "\($0)".contains("5 folds of 3 rows") }
    #expect { try FoldSplits.stratified(labels: [0, 0, 0, 7, 0], folds: 2) } throws: { "\($0)".contains("class 7 has 1 row") }
    #expect { try FoldSplits.timeOrdered(rows: 5, folds: 4, gap: 3) } throws: { "\($0)".contains("leave nothing of 5 rows") }
    #expect { try FoldPlan(.grouped).splits(rows: 10) } throws: { "\($0)".contains("needs the group of every row") }
    #expect { try FoldSplits.leaveRowsOut(rows: 100, count: 10) } throws: { ($0 as? MetricError)?.kind == .badArgument }
    #expect { try FoldSplits.shuffled(rows: 10, test: 1.2) } throws: { ($0 as? MetricError)?.kind == .badArgument }
  }

  @Test func plansAreReadWithTheirUsualValues() throws {
    let plan = try JSON.decode(FoldPlan.self, from: JSON.encode(["kind": "stratified"]), source: "memory")
    #expect(plan == FoldPlan(.stratified))
    #expect(try JSON.decode(FoldPlan.self, from: JSON.encode(plan), source: "memory") == plan)
  }

  @Test func summaryHasTheCorrectedInterval() throws {
    let values = [0.8, 0.9, 0.85, 0.75, 0.95]
    let summary = try CrossValidationSummary(values.map { .init(trainingRows: 80, testRows: 20, metrics: ["auc": $0]) })
    let estimate = try #require(summary.metrics["auc"])
    #expect(abs(estimate.value - 0.85) < 1e-15)
    // t(0.975, 4) · sd · √(1/5 + 1/4)
    #expect(abs(estimate.margin - 2.7764451051977987 * 0.07905694150420949 * 0.45.squareRoot()) < 1e-12)
    #expect(estimate.method == .correctedResampledT)
    let other = try CrossValidationSummary(values.map { .init(trainingRows: 80, testRows: 20, metrics: ["auc": $0 + 0.01]) })
    #expect(try summary.compared(with: other, metric: "auc").pValue < 1e-6)
    #expect {
      try CrossValidationSummary([
        .init(trainingRows: 1, testRows: 1, metrics: ["a": 1]), .init(trainingRows: 1, testRows: 1, metrics: [:]),
      ])
    } throws: { "\($0)".contains("fold 2") }
    #expect(summary.table.rows.count == 1)
  }

  @Test func intervalsStayWithinWhatAMetricCanBe() throws {
    let folds = [(1.0, 0.1), (0.7, -2), (1.0, 9), (0.9, 0.2)].map { auc, rmse in
      CrossValidationSummary.Fold(trainingRows: 3, testRows: 1, metrics: ["auc": auc, "bias": rmse, "rmse": abs(rmse), "own": rmse])
    }
    let metrics = try CrossValidationSummary(folds).metrics
    #expect(metrics["auc"]?.upper == 1)
    #expect(try #require(metrics["auc"]).lower < 0.8)
    #expect(metrics["rmse"]?.lower == 0)
    for name in ["bias", "own"] { #expect(try #require(metrics[name]).lower < 0) }
  }

  @Test func outOfFoldPredictionsAreGathered() throws {
    var predictions = OutOfFoldPredictions(rows: 4, width: 2)
    try predictions.add(rows: [2, 0], predictions: [0.1, 0.9, 0.6, 0.4])
    try predictions.add(rows: [2], predictions: [0.3, 0.7])
    #expect(predictions.rows == [0, 2])
    #expect(predictions.values == [0.6, 0.4, 0.2, 0.8])
    #expect { try predictions.add(rows: [9], predictions: [1, 0]) } throws: { ($0 as? MetricError)?.row == 9 }
  }
}
