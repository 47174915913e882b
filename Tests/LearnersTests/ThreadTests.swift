import Foundation
import Learners
import MartletCore
import Tables
import Testing

/// Tables large enough that several threads have something to do: the same model, bit for bit, at any number of them.
@Suite struct ThreadTests {
  static let rows = 60_000

  /// Four features that look like noise, and a target that follows them.
  private static let data = Result {
    var values: [Double] = [], classes: [Int] = [], numbers: [Double] = [], state: UInt64 = 7
    values.reserveCapacity(rows * 4)
    for _ in 0..<rows {
      var sum = 0.0
      for column in 0..<4 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let value = Double(state >> 40) / 16_777_216 + Double((state >> 20) % 3)
        values.append(value)
        sum += column % 2 == 0 ? value : -value * value
      }
      classes.append(sum > -2 ? 1 : 0)
      numbers.append(sum)
    }
    return (try FeatureMatrix(rows: rows, names: ["a", "b", "c", "d"], values: values), classes, numbers)
  }

  static let learners: [(any Learner, Bool)] = [
    (RandomForest(trees: 2, maxDepth: 6, bins: 32), true), (RandomForest(trees: 2, maxDepth: 6, bins: 32), false),
    (ExtraTrees(trees: 2, maxDepth: 6, bins: 32), true), (DecisionTree(maxDepth: 6), true), (IsolationForest(trees: 4), false),
    (GradientBoosting(rounds: 3), true), (GradientBoosting(rounds: 3), false),
    (KMeans(clusters: 5, starts: 2, iterations: 5), false), (GaussianMixture(components: 3, iterations: 2), false),
    (GaussianMixture(components: 3, covariance: .diag, iterations: 2), false),
  ]

  @Test(arguments: learners.indices) func oneModelAtAnyNumberOfThreads(_ index: Int) throws {
    let (learner, isClassifier) = Self.learners[index], (x, classes, numbers) = try Self.data.get()
    let target = isClassifier ? Target.classes(classes, labels: ["no", "yes"]) : .values(numbers)
    func fitted(_ threads: Int) throws -> LearnerArchive {
      try learner.fit(x, target, weights: nil, context: FitContext(seed: 9, threads: threads)).archive()
    }
    let alone = try fitted(1)
    for threads in [2, 3] {
      let other = try fitted(threads)
      #expect(alone.settings == other.settings, "\(learner.kind), \(threads) threads")
      for (name, array) in alone.arrays {
        #expect(array.bytes == other.arrays[name]?.bytes, "\(learner.kind), \(threads) threads: \(name)")
      }
    }
  }

  /// The search in single precision only proposes: what is nearest is what double precision says.
  @Test(arguments: [0.0, 1e6, 1e12]) func theNearestCentreIsTheNearest(_ shift: Double) throws {
    let (x, _, _) = try Self.data.get()
    let few = x.taking(Array(0..<5000))
    let moved = try few.denseValues().map { $0 + shift }
    let matrix = try FeatureMatrix(rows: 5000, names: few.names, values: moved)
    // Centres that are rows, one of them twice, and one a hair away.
    var centres = [3, 900, 3, 77, 4100, 12, 8].map { row in Array(moved[row * 4..<(row + 1) * 4]) }
    centres.append(centres[1].map { $0.nextUp })
    let model = try #require(
      KMeans(clusters: 8, iterations: 1, tolerance: 1e300, centres: centres)
        .fit(matrix, .values([]), weights: nil, context: FitContext(threads: 2)) as? KMeansModel)
    let own = try model.assign(matrix)
    for row in 0..<5000 {
      let distances = (0..<8).map { centre in
        (0..<4).reduce(0.0) { sum, column in
          let difference = moved[row * 4 + column] - model.centres[centre * 4 + column]
          return sum + difference * difference
        }
      }
      let least = distances.min() ?? 0
      #expect(distances[own[row]] <= least * (1 + 1e-12) + 1e-300)
    }
  }
}
