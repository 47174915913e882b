import Foundation
import MartletCore
import Tables

extension ResampledRows {
  private func additions(_ strategy: SamplingStrategy) throws -> [(label: Int, count: Int)] {
    try strategy.additions(sizes, labels: labels, step: step).sorted { $0.key < $1.key }.filter { $0.value > 0 }.map { ($0.key, $0.value) }
  }

  func smote(_ strategy: SamplingStrategy, _ neighbours: Int) throws -> TrainingMatrix {
    let values = try dense()
    var made: [Made] = []
    for (label, count) in try additions(strategy) {
      let own = try requireRows(label, neighbours + 1)
      let points = gather(values, own, width: width)
      let near = try NearestRows(points, width: width).search(points, own: Array(own.indices), k: neighbours, threads: threads).rows
      var random = random(label)
      for _ in 0..<count {
        let base = Int.random(in: 0..<own.count, using: &random), other = Int.random(in: 0..<neighbours, using: &random)
        made.append(Made(label: label, base: own[base], other: own[near[base][other]], step: random.uniform()))
      }
    }
    return try adding(made, to: values)
  }

  func borderline(_ strategy: SamplingStrategy, _ neighbours: Int, _ judges: Int, anyClass: Bool) throws -> TrainingMatrix {
    let values = try dense()
    guard training.rows > judges else { throw RecipeError("there are \(training.rows) rows", expected: "more than \(judges)", step: step) }
    let everything = NearestRows(values, width: width)
    var made: [Made] = []
    for (label, count) in try additions(strategy) {
      let own = try requireRows(label, neighbours + 1)
      let points = gather(values, own, width: width)
      let around = try everything.search(points, own: own, k: judges, threads: threads).rows
      // In danger: at least half of the neighbours are of other classes, but not all.
      let danger = own.indices.filter { place in
        let others = around[place].count { classes[$0] != label }
        return 2 * others >= judges && others < judges
      }
      if danger.isEmpty { continue }
      let border = gather(points, danger, width: width)
      let near: [[Int]]
      if anyClass {
        near = try everything.search(border, own: danger.map { own[$0] }, k: neighbours, threads: threads).rows
      } else {
        near = try NearestRows(points, width: width).search(border, own: danger, k: neighbours, threads: threads).rows
          .map { $0.map { own[$0] } }
      }
      var random = random(label)
      for _ in 0..<count {
        let base = Int.random(in: 0..<danger.count, using: &random), other = near[base][Int.random(in: 0..<neighbours, using: &random)]
        var step = random.uniform()
        // Towards another class only half of the way.
        if classes[other] != label { step *= random.uniform(in: 0...0.5) }
        made.append(Made(label: label, base: own[danger[base]], other: other, step: step))
      }
    }
    return try adding(made, to: values)
  }

  func adasyn(_ strategy: SamplingStrategy, _ neighbours: Int) throws -> TrainingMatrix {
    let values = try dense()
    guard training.rows > neighbours else {
      throw RecipeError("there are \(training.rows) rows", expected: "more than \(neighbours)", step: step)
    }
    let everything = NearestRows(values, width: width)
    var made: [Made] = []
    for (label, count) in try additions(strategy) {
      let own = try requireRows(label, neighbours + 1)
      let points = gather(values, own, width: width)
      let around = try everything.search(points, own: own, k: neighbours, threads: threads).rows
      let shares = around.map { near in Double(near.count { classes[$0] != label }) / Double(neighbours) }
      let total = shares.reduce(0, +)
      guard total > 0 else {
        throw RecipeError(
          "no row of class '\(labels[label])' has a neighbour of another class", remedy: "use smote", step: step, value: labels[label])
      }
      let counts = shares.map { Int(($0 / total * Double(count)).rounded(.toNearestOrEven)) }
      guard counts.contains(where: { $0 > 0 }) else {
        throw RecipeError("no row would be made for class '\(labels[label])'", remedy: "use smote", step: step, value: labels[label])
      }
      let near = try NearestRows(points, width: width).search(points, own: Array(own.indices), k: neighbours, threads: threads).rows
      var random = random(label)
      for (place, number) in counts.enumerated() {
        for _ in 0..<number {
          let other = near[place][Int.random(in: 0..<neighbours, using: &random)]
          made.append(Made(label: label, base: own[place], other: own[other], step: random.uniform()))
        }
      }
    }
    return try adding(made, to: values)
  }

  func smoteNC(_ strategy: SamplingStrategy, _ neighbours: Int) throws -> TrainingMatrix {
    let categorical = training.features.levels.keys.sorted(), numeric = (0..<width).filter { training.features.levels[$0] == nil }
    guard !categorical.isEmpty, !numeric.isEmpty else {
      throw RecipeError(
        "there are \(categorical.count) columns of categories and \(numeric.count) of numbers", expected: "1 or more of both",
        remedy: categorical.isEmpty ? "encode categories by ordinal, which marks them, or use smote" : "use random-over", step: step)
    }
    let values = try dense(allowingLevels: true)
    var made: [Made] = [], chosen: [Int: [Double]] = Dictionary(uniqueKeysWithValues: categorical.map { ($0, []) })
    for (label, count) in try additions(strategy) {
      let own = try requireRows(label, neighbours + 1)
      let points = neighbourSpace(values, own, numeric, categorical)
      let space = points.count / own.count
      let near = try NearestRows(points, width: space).search(points, own: Array(own.indices), k: neighbours, threads: threads).rows
      var random = random(label)
      for _ in 0..<count {
        let base = Int.random(in: 0..<own.count, using: &random), other = Int.random(in: 0..<neighbours, using: &random)
        made.append(Made(label: label, base: own[base], other: own[near[base][other]], step: random.uniform()))
        for column in categorical {
          // The neighbours' most frequent category; of several one by chance.
          var counts: [UInt64: Int] = [:]
          for neighbour in near[base] { counts[values[own[neighbour] * width + column].bitPattern, default: 0] += 1 }
          let most = counts.values.max() ?? 0
          let candidates = counts.filter { $0.value == most }.keys.sorted()
          let pick = candidates.count == 1 ? 0 : Int.random(in: 0..<candidates.count, using: &random)
          chosen[column]?.append(Double(bitPattern: candidates[pick]))
        }
      }
    }
    return try adding(
      made, to: values, categories: chosen.mapValues { values in { values[$0] } })
  }

  /// Numbers, and for each category a column: two different categories are as far apart as the median deviation of the numbers.
  private func neighbourSpace(_ values: [Double], _ own: [Int], _ numeric: [Int], _ categorical: [Int]) -> [Double] {
    let deviations = numeric.map { column -> Double in
      let cells = own.map { values[$0 * width + column] }
      return Numbers.variance(cells, mean: Numbers.mean(cells)).squareRoot()
    }
    let far = Numbers.median(deviations) / 2.0.squareRoot()
    // Missing is a category of its own.
    let places = categorical.map { column in
      Dictionary(
        uniqueKeysWithValues: Set(own.map { values[$0 * width + column].bitPattern }).sorted().enumerated().map { ($1, $0) })
    }
    let space = numeric.count + places.reduce(0) { $0 + $1.count }
    var points = [Double](repeating: 0, count: own.count * space)
    for (place, row) in own.enumerated() {
      for (offset, column) in numeric.enumerated() { points[place * space + offset] = values[row * width + column] }
      var start = numeric.count
      for (number, column) in categorical.enumerated() {
        if let code = places[number][values[row * width + column].bitPattern] { points[place * space + start + code] = far }
        start += places[number].count
      }
    }
    return points
  }
}
