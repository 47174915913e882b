import MartletCore
public import Tables

extension FeatureMatrix {
  /// Some of the columns, in the given order.
  func selecting(_ columns: [Int]) throws -> FeatureMatrix {
    let names = columns.map { self.names[$0] }
    var levels: [Int: Int] = [:]
    for (place, column) in columns.enumerated() { levels[place] = self.levels[column] }
    switch storage {
    case .dense(let values):
      let width = self.columns
      let taken = [Double](unsafeUninitializedCapacity: rows * columns.count) { target, written in
        values.withUnsafeBufferPointer { values in
          for row in 0..<rows {
            for (place, column) in columns.enumerated() { target[row * columns.count + place] = values[row * width + column] }
          }
        }
        written = rows * columns.count
      }
      return try FeatureMatrix(rows: rows, names: names, values: taken, levels: levels)
    case .sparse(let sparse):
      var places = [Int32](repeating: -1, count: self.columns)
      for (place, column) in columns.enumerated() { places[column] = Int32(place) }
      var starts = [0], indices: [Int32] = [], values: [Double] = []
      for row in 0..<rows {
        let entries = (sparse.starts[row]..<sparse.starts[row + 1]).filter { places[Int(sparse.indices[$0])] >= 0 }
          .map { (places[Int(sparse.indices[$0])], sparse.values[$0]) }.sorted { $0.0 < $1.0 }
        indices += entries.map(\.0)
        values += entries.map(\.1)
        starts.append(indices.count)
      }
      return try FeatureMatrix(
        names: names, sparse: SparseRows(columns: columns.count, starts: starts, indices: indices, values: values), levels: levels)
    }
  }

  /// These columns and others beside them, spread out.
  func appending(_ names: [String], _ values: [Double]) throws -> FeatureMatrix {
    let own = try denseValues(), more = names.count
    var all: [Double] = []
    all.reserveCapacity(rows * (columns + more))
    for row in 0..<rows {
      all += own[row * columns..<(row + 1) * columns]
      all += values[row * more..<(row + 1) * more]
    }
    return try FeatureMatrix(rows: rows, names: self.names + names, values: all, levels: levels)
  }
}

extension FittedClassifier {
  /// The class of each row as a place in `labels`: the most probable one, the first of equals; or, of a ``FittedDecider``, its own.
  /// - Throws: `LearnerError` if the features are not those of the fit.
  public func classes(_ x: FeatureMatrix) throws -> [Int] {
    if let decider = self as? any FittedDecider { return try decider.decide(x) }
    let shares = try probabilities(x), k = labels.count
    return (0..<x.rows).map { row in (0..<k).reduce(0) { shares[row * k + $1] > shares[row * k + $0] ? $1 : $0 } }
  }
}

/// A classifier whose decisions are not just the most probable classes: they follow a threshold or costs.
public protocol FittedDecider: FittedClassifier {
  /// - Returns: a place in `labels` for each row.
  func decide(_ x: FeatureMatrix) throws -> [Int]
}

/// What learners made of learners demand of their rows: nothing but shapes, as the members look at the values themselves.
extension TrainingRows.Demands {
  static let anything: Self = [.missing, .sparse, .categories]
}

/// Fits of members on parts of the rows.
struct MemberFit {
  let rows: TrainingRows
  /// Whether weights were given; learners without weights see none.
  let isWeighted: Bool
  let kind: String

  init(_ kind: String, _ x: FeatureMatrix, _ target: Target, _ weights: [Double]?) throws {
    rows = try TrainingRows(kind, x, target, weights: weights, .anything)
    isWeighted = weights != nil
    self.kind = kind
    if case .classes = target { _ = try rows.classes() }
  }

  var labels: [String]? { if case .classes(_, let labels) = rows.target { labels } else { nil } }

  func fit(
    _ learner: any Learner, rows chosen: [Int]? = nil, columns: [Int]? = nil, weights: [Double]? = nil, _ context: FitContext
  ) throws -> any FittedLearner {
    var x = rows.features
    if let chosen { x = x.taking(chosen) }
    if let columns { x = try x.selecting(columns) }
    let own = isWeighted ? (chosen.map { $0.map { rows.weights[$0] } } ?? rows.weights) : nil
    let fitted = try learner.fit(
      x, chosen.map { rows.target.taking($0) } ?? rows.target, weights: weights ?? own, context: context)
    if labels != nil, !(fitted is any FittedClassifier) {
      throw LearnerError("\(kind) needs classifiers, and \(learner.kind) gives no probabilities")
    }
    if labels == nil, !(fitted is any FittedRegressor) {
      throw LearnerError("\(kind) needs regressors, and \(learner.kind) gives no numbers")
    }
    return fitted
  }
}

/// What members of an ensemble have to say about their fits.
enum MemberWarnings {
  /// Each sentence once, with how many members say it.
  static func of(_ members: [any FittedLearner]) -> [String] {
    var counts: [(text: String, count: Int)] = []
    for member in members {
      for warning in (member as? any FittedWithWarnings)?.warnings ?? [] {
        if let place = counts.firstIndex(where: { $0.text == warning }) {
          counts[place].count += 1
        } else {
          counts.append((warning, 1))
        }
      }
    }
    return counts.map { $0.count == 1 ? $0.text : "\($0.count) of \(members.count) members: \($0.text)" }
  }
}
