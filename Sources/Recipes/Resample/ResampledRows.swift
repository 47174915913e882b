import Foundation
import MartletCore
import Tables

/// Training rows by class, and what all ways of resampling share.
struct ResampledRows {
  let training: TrainingMatrix
  let step: String
  let seed: UInt64
  let threads: Int
  let classes: [Int]
  let labels: [String]
  let sizes: [Int]

  init(_ training: TrainingMatrix, step: String, seed: UInt64, threads: Int) throws {
    self.training = training
    self.step = step
    self.seed = seed
    self.threads = threads
    (classes, labels) = try training.requireClasses(step)
    var sizes = [Int](repeating: 0, count: labels.count)
    for label in classes { sizes[label] += 1 }
    self.sizes = sizes
    let present = sizes.count { $0 > 0 }
    guard present >= 2 else { throw RecipeError("the training rows have \(present) class", expected: "2 or more", step: step) }
  }

  var width: Int { training.features.columns }

  func rows(of label: Int) -> [Int] { classes.indices.filter { classes[$0] == label } }

  func random(_ label: Int) -> KeyedRandom { KeyedRandom(seed: seed, purpose: "resample." + step, index: UInt64(label)) }

  /// The features row-major.
  /// - Throws: `RecipeError` naming a feature that misses values, unless it holds categories.
  func dense(allowingLevels: Bool = false) throws -> [Double] {
    let values = try training.features.denseValues()
    let free = allowingLevels ? Set(training.features.levels.keys) : []
    if let place = values.indices.first(where: { values[$0].isNaN && !free.contains($0 % width) }) {
      let name = training.features.names[place % width]
      throw RecipeError(
        "feature '\(name)' is missing in row \(place / width)", expected: "no missing values, as distances need them",
        remedy: "impute in the recipe", step: step, column: name, row: place / width)
    }
    return values
  }

  func gather(_ values: [Double], _ rows: [Int], width: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: rows.count * width) { target, written in
      values.withUnsafeBufferPointer { source in
        for (place, row) in rows.enumerated() { for column in 0..<width { target[place * width + column] = source[row * width + column] } }
      }
      written = rows.count * width
    }
  }

  /// Rows that were there, and new ones between pairs of them.
  struct Made {
    var label: Int
    var base: Int
    var other: Int
    /// From the base, 0, to the other, 1.
    var step: Double
  }

  /// The rows that were there and the new ones.
  func adding(_ made: [Made], to values: [Double], categories: [Int: (Int) -> Double] = [:]) throws -> TrainingMatrix {
    let count = training.rows, width = self.width
    let all = [Double](unsafeUninitializedCapacity: (count + made.count) * width) { target, written in
      values.withUnsafeBufferPointer { source in
        for place in 0..<count * width { target[place] = source[place] }
        for (place, row) in made.enumerated() {
          let to = (count + place) * width, base = row.base * width, other = row.other * width
          for column in 0..<width {
            target[to + column] = source[base + column] + row.step * (source[other + column] - source[base + column])
          }
        }
      }
      for (column, value) in categories { for place in made.indices { target[(count + place) * width + column] = value(place) } }
      written = (count + made.count) * width
    }
    let features = try FeatureMatrix(
      rows: count + made.count, names: training.features.names, values: all, levels: training.features.levels)
    return TrainingMatrix(
      features: features, target: .classes(classes + made.map(\.label), labels: labels),
      weights: training.weights.map { w in w + made.map { w[$0.base] + $0.step * (w[$0.other] - w[$0.base]) } },
      sources: training.sources + made.map { _ in nil })
  }

  // By chance ---------------------------------------------------------------------------------------------------------------------------

  func randomOver(_ strategy: SamplingStrategy) throws -> TrainingMatrix {
    var taken = Array(0..<training.rows)
    for (label, count) in try strategy.additions(sizes, labels: labels, step: step).sorted(by: { $0.key < $1.key }) where count > 0 {
      let own = try requireRows(label, 1)
      var random = random(label)
      taken += (0..<count).map { _ in own[Int.random(in: 0..<own.count, using: &random)] }
    }
    return training.taking(taken)
  }

  func randomUnder(_ strategy: SamplingStrategy) throws -> TrainingMatrix {
    var stays = [Bool](repeating: true, count: training.rows)
    for (label, count) in try strategy.remainders(sizes, labels: labels, step: step) {
      var random = random(label)
      for row in rows(of: label).shuffled(using: &random).dropFirst(count) { stays[row] = false }
    }
    return training.taking(stays.indices.filter { stays[$0] })
  }

  func requireRows(_ label: Int, _ least: Int) throws -> [Int] {
    let own = rows(of: label)
    guard own.count >= least else {
      throw RecipeError(
        "class '\(labels[label])' has \(own.count) rows", expected: "\(least) or more", remedy: "use fewer neighbours, or random-over",
        step: step, value: labels[label])
    }
    return own
  }

  // By neighbours -----------------------------------------------------------------------------------------------------------------------

  func editedNeighbours(_ strategy: SamplingStrategy, _ judges: Int, _ vote: Resampling.Vote) throws -> TrainingMatrix {
    let values = try dense()
    let judged = try cleaned(strategy)
    let queries = classes.indices.filter { judged.contains(classes[$0]) }
    guard training.rows > judges else { throw RecipeError("there are \(training.rows) rows", expected: "more than \(judges)", step: step) }
    let found = try NearestRows(values, width: width).search(
      gather(values, queries, width: width), own: queries, k: judges, threads: threads)
    var stays = [Bool](repeating: true, count: training.rows)
    for (place, row) in queries.enumerated() {
      let near = found.rows[place].map { classes[$0] }
      switch vote {
      case .all: stays[row] = near.allSatisfy { $0 == classes[row] }
      case .mode:
        var counts = [Int](repeating: 0, count: labels.count)
        for label in near { counts[label] += 1 }
        // Of equal ones the first.
        stays[row] = counts.firstIndex(of: counts.max() ?? 0) == classes[row]
      }
    }
    return training.taking(stays.indices.filter { stays[$0] })
  }

  func tomekLinks(_ strategy: SamplingStrategy) throws -> TrainingMatrix {
    let values = try dense()
    let judged = try cleaned(strategy)
    let nearest = try NearestRows(values, width: width).search(values, own: Array(0..<training.rows), k: 1, threads: threads).rows.map {
      $0[0]
    }
    return training.taking(
      classes.indices.filter { row in
        let other = nearest[row]
        return !(judged.contains(classes[row]) && classes[other] != classes[row] && nearest[other] == row)
      })
  }

  private func cleaned(_ strategy: SamplingStrategy) throws -> Set<Int> {
    switch strategy {
    case .ratio, .counts:
      throw RecipeError("cleaning does not count rows", expected: "auto, minority, majority, not-minority, not-majority or all", step: step)
    default: return strategy.classes(sizes, automatic: .notMinority)
    }
  }

  func nearMiss(_ strategy: SamplingStrategy, _ judges: Int, _ version: Int) throws -> TrainingMatrix {
    guard version == 1 || version == 2 else { throw RecipeError("version is \(version)", expected: "1 or 2", step: step) }
    let values = try dense()
    let smallest = sizes.indices.filter { sizes[$0] > 0 }.min { sizes[$0] < sizes[$1] } ?? 0
    let own = rows(of: smallest)
    let search = NearestRows(gather(values, own, width: width), width: width)
    var stays = [Bool](repeating: true, count: training.rows)
    for (label, count) in try strategy.remainders(sizes, labels: labels, step: step) {
      let rows = rows(of: label)
      let found = try search.search(
        gather(values, rows, width: width), k: version == 1 ? judges : own.count, threads: threads)
      // The mean distance to the nearest rows of the smallest class (version 1), or to the farthest (version 2).
      let means = found.distances.map { distances in
        let used = version == 1 ? distances[...] : distances.suffix(judges)
        return used.reduce(0) { $0 + $1.squareRoot() } / Double(used.count)
      }
      let order = rows.indices.sorted { means[$0] == means[$1] ? $0 < $1 : means[$0] < means[$1] }
      for place in order.dropFirst(count) { stays[rows[place]] = false }
    }
    return training.taking(stays.indices.filter { stays[$0] })
  }
}
