import Foundation
import Learners
import MartletCore
import Tables

/// Speeds of classic learners on the tables that `Benchmarks/learners.py` makes, too. Seconds, but for rows by themselves: microseconds.
enum LearnerBenchmark {
  static func run(_ arguments: [String]) throws -> [String: Double] {
    let wanted = arguments.isEmpty ? ["forest", "tree", "boosting", "knn", "clusters"] : arguments
    var results: [String: Double] = [:]
    for task in wanted {
      switch task {
      case "forest": try forest(&results)
      case "tree": try tree(&results)
      case "boosting": try boosting(&results)
      case "knn": try neighbours(&results)
      case "clusters": try clusters(&results)
      default: throw ArgumentError("there is no task '\(task)'", expected: "forest, tree, boosting, knn, clusters")
      }
    }
    return results
  }

  /// Points around two corners of a cube in a few of the dimensions, as `learners.py` draws them (the numbers differ, the shape does not).
  private static func table(_ rows: Int, _ columns: Int, informative: Int = 10) throws -> (FeatureMatrix, Target) {
    var values = [Double](repeating: 0, count: rows * columns), classes = [Int](repeating: 0, count: rows)
    for row in 0..<rows {
      var random = KeyedRandom(seed: 1, purpose: "benchmark", index: UInt64(row))
      var score = 0.0
      for column in 0..<columns {
        let value = (0..<4).reduce(0.0) { sum, _ in sum + random.uniform() } * 1.7 - 3.4
        values[row * columns + column] = value
        if column < informative { score += (column % 2 == 0 ? 1 : -1) * value + (column == 0 ? value * value / 2 : 0) }
      }
      classes[row] = score + 2 * random.uniform() > 1 ? 1 : 0
    }
    let names = (0..<columns).map { "f\($0)" }
    return (try FeatureMatrix(rows: rows, names: names, values: values), .classes(classes, labels: ["no", "yes"]))
  }

  private static func seconds(_ rounds: Int = 3, _ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<rounds {
      let start = ContinuousClock.now
      try body()
      best = min(best, start.duration(to: .now) / .seconds(1))
    }
    return best
  }

  private static func forest(_ results: inout [String: Double]) throws {
    let (x, target) = try table(10_000, 50)
    for threads in [1, 2] {
      results["forest-fit-\(threads)"] = try seconds(threads == 1 ? 2 : 3) {
        _ = try RandomForest().fit(x, target, weights: nil, context: FitContext(threads: threads))
      }
    }
    guard let fitted = try RandomForest().fit(x, target, weights: nil, context: FitContext()) as? any FittedClassifier else { return }
    results["forest-predict"] = try seconds { _ = try fitted.probabilities(x) }
    let row = x.taking([17])
    results["forest-row"] = try seconds { for _ in 0..<2000 { _ = try fitted.probabilities(row) } } / 2000 * 1e6
  }

  private static func tree(_ results: inout [String: Double]) throws {
    let (x, target) = try table(10_000, 50)
    results["tree-fit"] = try seconds { _ = try DecisionTree().fit(x, target, weights: nil, context: FitContext(threads: 1)) }
  }

  private static func boosting(_ results: inout [String: Double]) throws {
    let (x, target) = try table(40_000, 50)
    let learner = try LearnerCatalogue.learner("boosting", settings: ["rounds": 100])
    results["boosting-fit"] = try seconds { _ = try learner.fit(x, target, weights: nil, context: FitContext(threads: 2)) }
  }

  private static func neighbours(_ results: inout [String: Double]) throws {
    let (x, target) = try table(10_000, 50)
    let learner = try LearnerCatalogue.learner("neighbours", settings: ["neighbours": 5])
    guard let fitted = try learner.fit(x, target, weights: nil, context: FitContext()) as? any FittedClassifier else { return }
    results["knn"] = try seconds { _ = try fitted.probabilities(x) }
  }

  /// 40,000 rows around twelve corners, wide enough to run into each other.
  private static func clusters(_ results: inout [String: Double]) throws {
    let rows = 40_000, columns = 20
    var values = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      var random = KeyedRandom(seed: 2, purpose: "benchmark", index: UInt64(row))
      for column in 0..<columns {
        let noise = (0..<4).reduce(0.0) { sum, _ in sum + random.uniform() } * 1.7 - 3.4
        values[row * columns + column] = Double((row % 12) * (column + 3) % 7) * 0.5 + noise
      }
    }
    let x = try FeatureMatrix(rows: rows, names: (0..<columns).map { "f\($0)" }, values: values)
    let none = Target.values([Double](repeating: 0, count: rows))
    for threads in [1, 2] {
      let context = FitContext(threads: threads)
      results["kmeans-\(threads)"] = try seconds {
        _ = try KMeans(clusters: 12, starts: 1, iterations: 30, tolerance: 0).fit(x, none, weights: nil, context: context)
      }
      results["mixture-\(threads)"] = try seconds(2) {
        _ = try GaussianMixture(components: 12, iterations: 10, tolerance: 0).fit(x, none, weights: nil, context: context)
      }
    }
  }
}
