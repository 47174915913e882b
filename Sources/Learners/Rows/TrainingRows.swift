import MartletCore
import Tables

/// What a learner fits, looked at once: finite numbers, weights that are 0 or more, and rows of weight 0 left out.
struct TrainingRows: Sendable {
  /// What a learner can take.
  struct Demands: OptionSet, Sendable {
    let rawValue: Int
    /// NaN in features.
    static let missing = Demands(rawValue: 1)
    /// Sparse rows as they are; they are spread out otherwise.
    static let sparse = Demands(rawValue: 2)
    /// Codes of more than two categories.
    static let categories = Demands(rawValue: 4)
  }

  let kind: String
  let features: FeatureMatrix
  let x: RowMatrix
  let target: Target
  let weights: [Double]
  /// The rows' places in what was given.
  let places: [Int]?

  var rows: Int { x.rows }
  var columns: Int { x.columns }
  var names: [String] { features.names }
  var totalWeight: Double { weights.reduce(0, +) }

  /// - Parameter target: `nil` for learners without one.
  /// - Throws: `LearnerError` naming the feature, row or weight that does not fit.
  init(_ kind: String, _ x: FeatureMatrix, _ target: Target?, weights: [Double]?, _ demands: Demands = []) throws {
    self.kind = kind
    guard x.columns > 0 else { throw LearnerError("\(kind) was given no feature", expected: "at least one column") }
    if let target, target.count != x.rows {
      throw LearnerError("\(kind) was given \(x.rows) rows and \(target.count) targets", expected: "a target a row")
    }
    var kept: [Int]?
    if let weights {
      guard weights.count == x.rows else {
        throw LearnerError("\(kind) was given \(weights.count) weights for \(x.rows) rows", expected: "a weight a row")
      }
      if let row = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
        throw LearnerError("the weight of row \(row) is \(weights[row])", expected: "0 or more")
      }
      if weights.contains(0) { kept = weights.indices.filter { weights[$0] > 0 } }
    }
    var rows = kept.map { x.taking($0) } ?? x
    guard rows.rows > 0 else {
      throw LearnerError(
        x.rows == 0 ? "\(kind) was given no row" : "all \(x.rows) rows have the weight 0", expected: "at least one row to learn from")
    }
    if !demands.contains(.sparse), case .sparse = rows.storage {
      rows = try FeatureMatrix(rows: rows.rows, names: rows.names, values: rows.denseValues(), levels: rows.levels)
    }
    try FeatureCheck.values(rows, kind, demands)
    features = rows
    self.x = RowMatrix(rows)
    places = kept
    let learnt = target ?? .values([])
    self.target = kept != nil && target != nil ? learnt.taking(kept ?? []) : learnt
    self.weights = kept.map { kept in kept.map { weights?[$0] ?? 1 } } ?? weights ?? [Double](repeating: 1, count: rows.rows)
    if case .values(let values) = self.target, let row = values.firstIndex(where: { !$0.isFinite }) {
      throw LearnerError("the target of row \(kept?[row] ?? row) is \(values[row])", expected: "a finite number")
    }
  }

  /// The numbers to learn.
  /// - Throws: `LearnerError` if the target holds classes.
  func values() throws -> [Double] {
    guard case .values(let values) = target else {
      throw LearnerError(
        "\(kind) learns numbers, and the target holds classes", expected: "a numeric target", remedy: "use a classifier for this target")
    }
    return values
  }

  /// The classes to learn: those that occur, and each row's place among them.
  /// - Throws: `LearnerError` if the target holds numbers, or fewer than two classes occur.
  func classes() throws -> RowClasses {
    guard case .classes(let classes, let labels) = target else {
      throw LearnerError(
        "\(kind) learns classes, and the target holds numbers", expected: "a target of classes",
        remedy: "use a regressor, or declare the target as categories")
    }
    if let row = classes.firstIndex(where: { $0 < 0 || $0 >= labels.count }) {
      throw LearnerError("the class of row \(places?[row] ?? row) is \(classes[row])", expected: "0 to \(labels.count - 1)")
    }
    let present = Set(classes).sorted()
    guard present.count > 1 else {
      throw LearnerError(
        "the target has only the class '\(present.first.map { labels[$0] } ?? "")' in \(rows) rows", expected: "two classes or more",
        remedy: "check the target column and the split")
    }
    var place = [Int](repeating: 0, count: labels.count)
    for (index, label) in present.enumerated() { place[label] = index }
    return RowClasses(labels: labels, present: present, codes: classes.map { place[$0] })
  }
}

/// Classes of training rows. Learners compute with those that occur; the others get the probability 0.
struct RowClasses: Sendable {
  let labels: [String]
  /// Ascending places in `labels`.
  let present: [Int]
  /// A row's place in `present`.
  let codes: [Int]

  var count: Int { present.count }
}

/// Looks at features before they are computed with.
enum FeatureCheck {
  static func values(_ x: FeatureMatrix, _ kind: String, _ demands: TrainingRows.Demands) throws {
    if !demands.contains(.categories), let column = x.levels.filter({ $0.value > 2 }).keys.min() {
      throw LearnerError(
        "feature '\(x.names[column])' holds codes of \(x.levels[column] ?? 0) categories, which \(kind) would take for numbers",
        remedy: "encode it (one-hot, target, ordinal) in the recipe, or use a learner of trees")
    }
    func complain(_ row: Int, _ column: Int, _ value: Double) -> LearnerError {
      LearnerError(
        "feature '\(x.names[column])' is \(value.isNaN ? "missing" : "\(value)") in row \(row)", expected: "a finite number for \(kind)",
        remedy: value.isNaN ? "impute it in the recipe, or use a learner that takes missing values (boosting, forests)" : nil)
    }
    let allowsMissing = demands.contains(.missing)
    switch x.storage {
    case .dense(let values):
      let wrong = values.withUnsafeBufferPointer { $0.firstIndex { !$0.isFinite && !(allowsMissing && $0.isNaN) } }
      if let wrong { throw complain(wrong / x.columns, wrong % x.columns, values[wrong]) }
    case .sparse(let sparse):
      if let wrong = sparse.values.firstIndex(where: { !$0.isFinite && !(allowsMissing && $0.isNaN) }) {
        throw complain((sparse.starts.firstIndex { $0 > wrong } ?? 1) - 1, Int(sparse.indices[wrong]), sparse.values[wrong])
      }
    }
  }

  /// Holds what is to be predicted against the features of the fit.
  /// - Throws: `LearnerError` naming the first feature that differs, or the value that is missing.
  static func prediction(_ x: FeatureMatrix, _ names: [String], _ kind: String, _ demands: TrainingRows.Demands = .sparse) throws {
    try FeatureNames.check(x.names, fitted: names, kind: kind)
    try values(x, kind, demands.union(.categories))
  }
}
