import Evaluation
import Foundation
import Learners
import MartletCore
import Tables

/// Fits models on the sample to find rows that are unusual as a whole, and labels that are probably wrong.
struct ModelSearch {
  let table: Table
  /// Where the rows stood in the stream.
  let places: [Int]
  let summary: TableSummary
  let options: ProfileOptions

  /// Rows and columns that models are fitted on.
  private static let rowLimit = 5000, columnLimit = 100

  func run(_ profile: inout DataProfile) {
    let leaks = Set((profile.target?.leaks ?? []).filter { $0.confidence == .likely }.map(\.column))
    let usable = table.columns.filter { column in
      guard let known = summary.column(column.name), !known.isConstant, known.present > 0, column.type.kind != .list else { return false }
      guard !DataSchema.looksLikeKey(known) else { return false }
      // Free text says nothing as a category.
      return column.type.kind != .text && column.type.kind != .categorical || known.distinct <= max(20, 0.1 * Double(known.present))
    }
    let step = max(1, (table.rowCount + Self.rowLimit - 1) / Self.rowLimit)
    let rows = Array(stride(from: 0, to: table.rowCount, by: step))
    let features = usable.filter { $0.name != options.target }.prefix(Self.columnLimit)
    guard rows.count >= 20, !features.isEmpty else { return }
    do {
      profile.outliers = try outliers(features.compactMap(SampledColumn.init), rows)
    } catch {
      profile.notes.append("Unusual rows were not looked for: \(error)")
    }
    guard let name = options.target, profile.target?.isClasses == true, let column = try? table.column(name) else { return }
    do {
      // A column that knows the answer would find every label right.
      let honest = features.filter { !leaks.contains($0.name) }.compactMap(SampledColumn.init)
      guard let found = try noise(column, honest, rows) else { return }
      if found.area >= Self.areaNeeded {
        profile.labelNoise = found.noise
      } else {
        profile.notes.append(
          "Wrong labels were not estimated: the columns tell the classes apart too badly (an AUC of "
            + "\(String(format: "%.2f", found.area))), so that rows which are merely hard would look wrong.")
      }
    } catch {
      profile.notes.append("Wrong labels were not looked for: \(error)")
    }
  }

  private func outliers(_ columns: [SampledColumn], _ rows: [Int]) throws -> RowOutliers? {
    var scaled: [[Double]] = []
    for column in columns { scaled.append(Self.scaled(column, rows)) }
    var values = [Double](repeating: 0, count: rows.count * columns.count)
    for (place, column) in scaled.enumerated() {
      for row in rows.indices { values[row * columns.count + place] = column[row] }
    }
    let x = try FeatureMatrix(rows: rows.count, names: columns.map(\.name), values: values)
    let context = FitContext(seed: options.seed, threads: options.threads)
    let nothing = Target.values([Double](repeating: 0, count: rows.count))
    let fitted = try IsolationForest(trees: 100).fit(x, nothing, weights: nil, context: context)
    guard let detector = fitted as? any FittedAnomalyDetector else { return nil }
    let scores = try detector.anomalyScores(x)
    let surroundings = try LocalOutlierFactor(neighbours: min(20, rows.count - 1)).fit(x, nothing, weights: nil, context: context)
    guard let factors = (surroundings as? LocalOutlierFactorModel)?.trainingScores else { return nil }
    // Unusual by the forest, or far less densely surrounded than its own neighbours.
    let order = rows.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    let byFactor = rows.indices.sorted { (factors[$1], $0) < (factors[$0], $1) }
    var shown: [Int] = Array(order.prefix(10))
    for row in byFactor.prefix(5) where factors[row] > 1.5 && !shown.contains(row) { shown.append(row) }
    let list = shown.map { row in
      RowOutliers.Row(
        row: places[rows[row]], isolation: scores[row], localFactor: factors[row], values: standing(out: row, rows[row], columns, scaled))
    }
    return RowOutliers(rows: list, count: scores.count { $0 > 0.6 }, examined: rows.count)
  }

  /// Robust z-scores of numbers, rareness of categories: what forests and distances can compare. Missing is the middle.
  private static func scaled(_ column: SampledColumn, _ rows: [Int]) -> [Double] {
    if let numbers = column.numbers {
      let values = rows.map { numbers[$0] }
      let sorted = values.filter(\.isFinite).sorted()
      guard let last = sorted.last else { return values.map { _ in 0 } }
      let middle = sorted[sorted.count / 2]
      let width = sorted[sorted.count * 3 / 4] - sorted[sorted.count / 4]
      let scale = width > 0 ? width / 1.349 : max(last - sorted[0], .leastNormalMagnitude) / 4
      return values.map { $0.isFinite ? max(-1e6, min(1e6, ($0 - middle) / scale)) : 0 }
    }
    guard case .codes(let codes, let count) = column.values else { return rows.map { _ in 0 } }
    var counts = [Double](repeating: 0, count: count)
    for row in rows where codes[row] >= 0 { counts[Int(codes[row])] += 1 }
    let most = counts.max() ?? 1
    return rows.map { codes[$0] < 0 ? 0 : log(most / max(counts[Int(codes[$0])], 1)) }
  }

  private func standing(out place: Int, _ row: Int, _ columns: [SampledColumn], _ scaled: [[Double]]) -> [String] {
    columns.indices.sorted { abs(scaled[$0][place]) > abs(scaled[$1][place]) }.prefix(3).filter { abs(scaled[$0][place]) > 2 }
      .map { "\(columns[$0].name) = \((try? table.column(columns[$0].name))?.value(row).text(limit: 30) ?? "")" }
  }

  /// Confident learning takes what a model is unsure of for what is wrong; below this area under the ROC curve that says nothing.
  private static let areaNeeded = 0.9

  private func noise(_ target: Column, _ columns: [SampledColumn], _ rows: [Int]) throws -> (noise: LabelNoise, area: Double)? {
    guard !columns.isEmpty else { return nil }
    let codes = try target.codes()
    var counts = [Int](repeating: 0, count: codes.categories.count)
    for row in rows where codes.codes[row] >= 0 { counts[Int(codes.codes[row])] += 1 }
    // A class of a handful of rows cannot be told from noise.
    let kept = counts.indices.filter { counts[$0] >= 20 }
    guard kept.count >= 2, kept.count <= 50 else { return nil }
    let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    let used = rows.filter { codes.codes[$0] >= 0 && places[Int(codes.codes[$0])] != nil }
    let labels = kept.map { codes.categories[$0] }
    let given = used.map { places[Int(codes.codes[$0])] ?? 0 }
    var values = [Double](repeating: 0, count: used.count * columns.count)
    for (place, column) in columns.enumerated() {
      let numbers: [Double] = column.numbers ?? (column.codes(limit: 200) ?? []).map { $0 < 0 ? .nan : Double($0) }
      for (row, source) in used.enumerated() { values[row * columns.count + place] = numbers[source].isFinite ? numbers[source] : .nan }
    }
    let x = try FeatureMatrix(rows: used.count, names: columns.map(\.name), values: values)
    let folds = 4
    var seen = [Int](repeating: 0, count: labels.count)
    // Every class is spread evenly over the folds.
    let fold = given.map { label -> Int in
      seen[label] += 1
      return seen[label] % folds
    }
    var probabilities = [Double](repeating: 0, count: used.count * labels.count)
    for held in 0..<folds {
      let train = used.indices.filter { fold[$0] != held }, judge = used.indices.filter { fold[$0] == held }
      let target = Target.classes(train.map { given[$0] }, labels: labels)
      let context = FitContext(seed: options.seed &+ UInt64(held), threads: options.threads)
      let fitted = try RandomForest(trees: 60, minLeaf: 5).fit(x.taking(train), target, weights: nil, context: context)
      guard let classifier = fitted as? any FittedClassifier else { return nil }
      let answers = try classifier.probabilities(x.taking(judge))
      for (place, row) in judge.enumerated() {
        for label in labels.indices { probabilities[row * labels.count + label] = answers[place * labels.count + label] }
      }
    }
    let noise = try LabelNoise.estimate(given, probabilities: probabilities, labels: labels)
    let area = try Metrics.auc(truth: given, probabilities: probabilities, classes: labels.count, average: .oneVersusRestMacro)
    return (noise.numbering { self.places[used[$0]] }, area)
  }
}
