import Foundation
import Martlet

/// The speed rows of preparation, in seconds (one row: microseconds). `RecipeBenchmark.run(["2"])` uses two threads.
enum RecipeBenchmark {
  static func run(_ arguments: [String]) throws -> [String: Double] {
    let threads = arguments.first.flatMap { Int($0) } ?? 1
    var results: [String: Double] = [:]
    let imbalanced = try imbalancedRows()
    for (name, method) in [("smote", Resampling.Method.smote), ("borderline", .borderline1)] {
      results[name] = try best(3) { _ = try Resampling(method).resample(imbalanced, seed: 1, threads: threads) }
    }
    let gaps = try tableWithGaps()
    let context = RecipeContext(seed: 0, threads: threads)
    results["knn-imputer"] = try best(3) { _ = try Recipe([NeighbourImputer()]).fit(TrainingPart(all: gaps), context: context) }
    results["iterative-imputer"] = try best(3) {
      _ = try Recipe([IterativeImputer(columns: .automatic, rounds: 3, tolerance: 0)]).fit(TrainingPart(all: gaps), context: context)
    }
    results["row"] = try oneRow()
    return results
  }

  private static func best(_ repeats: Int, _ body: () throws -> Void) rethrows -> Double {
    var least = Double.infinity
    for _ in 0..<repeats {
      let start = DispatchTime.now().uptimeNanoseconds
      try body()
      least = min(least, Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
    }
    return least
  }

  private static func normal(_ random: inout KeyedRandom) -> Double {
    (-2 * log(max(random.uniform(), 1e-300))).squareRoot() * cos(2 * Double.pi * random.uniform())
  }

  /// 100,000 rows of 30 numbers, 5 % of them of the second class, a little apart from the first.
  private static func imbalancedRows() throws -> TrainingMatrix {
    var random = KeyedRandom(seed: 1, purpose: "benchmark")
    let rows = 100_000, width = 30
    let classes = (0..<rows).map { $0 % 20 == 0 ? 1 : 0 }
    var values = [Double](repeating: 0, count: rows * width)
    for row in 0..<rows {
      for column in 0..<width { values[row * width + column] = normal(&random) + (classes[row] == 1 && column < 5 ? 0.8 : 0) }
    }
    let features = try FeatureMatrix(rows: rows, names: (0..<width).map { "x\($0)" }, values: values)
    return try TrainingMatrix(trainingRowsOnly: features, target: .classes(classes, labels: ["common", "rare"]))
  }

  /// 5,000 rows of 50 correlated numbers, a tenth of them missing.
  private static func tableWithGaps() throws -> Table {
    var random = KeyedRandom(seed: 2, purpose: "benchmark")
    let rows = 5000, width = 50, inner = 10
    let mixing = (0..<inner * width).map { _ in normal(&random) }
    var columns = [[Double?]](repeating: [], count: width)
    for _ in 0..<rows {
      let latent = (0..<inner).map { _ in normal(&random) }
      for column in 0..<width {
        var value = 0.3 * normal(&random)
        for place in 0..<inner { value += latent[place] * mixing[place * width + column] }
        columns[column].append(random.uniform() < 0.1 ? nil : value)
      }
    }
    return try Table(columns.enumerated().map { Column("x\($0)", $1) })
  }

  /// Ten numbers and five categories: imputed, scaled, one-hot. Microseconds a row.
  private static func oneRow() throws -> Double {
    var random = KeyedRandom(seed: 3, purpose: "benchmark")
    let rows = 2000
    var columns = (0..<10).map { column in
      Column("n\(column)", (0..<rows).map { _ in random.uniform() < 0.1 ? nil : normal(&random) } as [Double?])
    }
    for column in 0..<5 {
      columns.append(Column("c\(column)", (0..<rows).map { _ in "level \(Int(random.uniform() * 8))" as String? }))
    }
    let table = try Table(columns)
    let recipe = Recipe([SimpleImputer(columns: .numeric, strategy: .median), StandardScale(), OneHot(columns: .text)])
    guard var encoder = try recipe.fit(TrainingPart(all: table)).recipe.rowEncoder() else { return .infinity }
    let inputs = encoder.inputs.map(\.name)
    let given = try (0..<rows).map { row in try inputs.map { try table.column($0).value(row) } }
    return try best(5) { for row in given { _ = try encoder.encode(row) } } * 1e6 / Double(rows)
  }
}
