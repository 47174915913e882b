import Learners
import MartletCore
import Tables
import Testing

@Suite struct RankingTests {
  /// Sixty questions with eight answers each: what matters is lost in an offset of its own for every question.
  private static func questions(_ seed: UInt64) throws -> (x: FeatureMatrix, relevance: [Double], groups: [Int]) {
    var values: [Double] = [], relevance: [Double] = []
    var random = KeyedRandom(seed: seed, purpose: "ranking")
    for _ in 0..<60 {
      let offset = 20 * random.uniform()
      var strengths: [Double] = []
      for _ in 0..<8 {
        let row = (0..<3).map { _ in random.uniform() }
        strengths.append(row[0] - 0.7 * row[1] + 0.05 * random.uniform())
        values += row + [offset]
      }
      relevance += strengths.map { own in Double(min(strengths.filter { $0 < own }.count, 4)) }
    }
    return (try FeatureMatrix(rows: 480, names: ["a", "b", "c", "question"], values: values), relevance, [Int](repeating: 8, count: 60))
  }

  /// The share of pairs within a group whose order is right.
  private static func ordered(_ scores: [Double], _ relevance: [Double]) -> Double {
    var right = 0, all = 0
    for start in stride(from: 0, to: scores.count, by: 8) {
      for a in start..<start + 8 {
        for b in start..<start + 8 where relevance[a] > relevance[b] {
          all += 1
          if scores[a] > scores[b] { right += 1 }
        }
      }
    }
    return Double(right) / Double(all)
  }

  @Test(arguments: [RankingBoosting.Objective.pairwise, .ndcg]) func newQuestionsAreAnsweredInOrder(
    _ objective: RankingBoosting.Objective
  ) throws {
    let (x, relevance, groups) = try Self.questions(1), (other, truth, _) = try Self.questions(2)
    let learner = RankingBoosting(objective, trees: GradientBoosting(rounds: 60, maxDepth: 3))
    let model = try learner.fit(x, relevance: relevance, groups: groups, context: FitContext(seed: 1, threads: 2))
    let share = Self.ordered(try model.predict(other), truth)
    #expect(share > 0.85, "\(objective): \(share)")
    let again = try learner.fit(x, relevance: relevance, groups: groups, context: FitContext(seed: 1, threads: 1))
    #expect(try again.predict(other) == model.predict(other))
    let restored = try BoostedRegressor(archive: model.archive())
    #expect(try restored.predict(other) == model.predict(other))
  }

  /// Pairs compare rows of one group: what is added to all of a group's relevances changes nothing.
  @Test func onlyTheOrderWithinAGroupCounts() throws {
    let (x, relevance, groups) = try Self.questions(1)
    let learner = RankingBoosting(.pairwise, trees: GradientBoosting(rounds: 10, maxDepth: 3))
    let plain = try learner.fit(x, relevance: relevance, groups: groups, context: FitContext())
    let shifted = relevance.enumerated().map { $1 + Double($0 / 8 % 5) }
    let other = try learner.fit(x, relevance: shifted, groups: groups, context: FitContext())
    #expect(try plain.predict(x) == other.predict(x))
    let joined = try learner.fit(x, relevance: shifted, groups: [480], context: FitContext())
    #expect(try plain.predict(x) != joined.predict(x))
  }

  @Test func whatMakesNoSenseIsRefused() throws {
    let (x, relevance, groups) = try Self.questions(1)
    func refused(_ objective: RankingBoosting.Objective, _ relevance: [Double], _ groups: [Int], _ weights: [Double]? = nil) {
      #expect(throws: LearnerError.self) {
        try RankingBoosting(objective).fit(x, relevance: relevance, groups: groups, weights: weights, context: FitContext())
      }
    }
    refused(.ndcg, relevance, [8])
    refused(.ndcg, relevance, groups + [0])
    refused(.ndcg, relevance.map { $0 + 0.5 }, groups)
    refused(.meanAveragePrecision, relevance, groups)
    refused(.pairwise, Array(relevance.dropLast()), groups)
    refused(.pairwise, relevance, groups, [1])
  }
}
