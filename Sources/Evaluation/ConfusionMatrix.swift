/// How often each true class was given each predicted class: everything that precision, recall, F1, MCC and kappa need.
///
/// Matrices of parts of the data add up to that of the whole (`merge`).
public struct ConfusionMatrix: Sendable, Hashable, Codable {
  /// How many classes there are.
  public let classes: Int
  /// Weights of rows added up, `counts[truth * classes + predicted]`; whole numbers when rows have no weights.
  public private(set) var counts: [Double]
  /// Squared weights added up, cell by cell: what intervals of weighted data need. `nil` when every weight so far was one.
  public private(set) var squaredWeights: [Double]?
  /// Which classes occurred as truth or prediction, whatever their weight.
  public private(set) var isPresent: [Bool]

  /// A matrix of zeros.
  /// - Throws: `MetricError` if there is no class.
  public init(classes: Int) throws(MetricError) {
    guard classes > 0 else { throw MetricError(.badArgument, "\(classes) classes", expected: "at least one") }
    self.classes = classes
    counts = Array(repeating: 0, count: classes * classes)
    isPresent = Array(repeating: false, count: classes)
  }

  /// Counts the pairs of true and predicted labels.
  /// - Parameters:
  ///   - classes: labels are 0 ..< classes.
  ///   - weights: one a row, or `nil` for ones.
  /// - Throws: `MetricError` on different lengths, no rows, labels out of range (naming the row) and bad weights.
  public init(truth: [Int], predicted: [Int], classes: Int, weights: [Double]? = nil) throws(MetricError) {
    try self.init(classes: classes)
    try Check.rows(truth.count, predicted.count, weights: weights?.count)
    try Check.weights(weights)
    if let weights { try add(truth, predicted, weights) } else { try add(truth, predicted) }
  }

  /// A matrix of whole counts, cell by cell: as from rows without weights.
  init(truth: [Int], predicted: [Int], classes: Int, cellCounts: [Double]) throws(MetricError) {
    try self.init(classes: classes)
    for (index, count) in cellCounts.enumerated() {
      counts[truth[index] * classes + predicted[index]] += count
      isPresent[truth[index]] = true
      isPresent[predicted[index]] = true
    }
  }

  private mutating func add(_ truth: [Int], _ predicted: [Int]) throws(MetricError) {
    let classes = classes
    var cells = [Int](repeating: 0, count: classes * classes)
    let bad = cells.withUnsafeMutableBufferPointer { cells in
      truth.withUnsafeBufferPointer { truth in
        predicted.withUnsafeBufferPointer { predicted -> Int? in
          let limit = UInt(bitPattern: classes)
          for row in 0..<truth.count {
            let t = truth[row], p = predicted[row]
            if UInt(bitPattern: t) >= limit || UInt(bitPattern: p) >= limit { return row }
            cells[t &* classes &+ p] &+= 1
          }
          return nil
        }
      }
    }
    if let bad {
      try Check.label(truth[bad], row: bad, classes: classes, "true label")
      try Check.label(predicted[bad], row: bad, classes: classes, "predicted label")
    }
    for (cell, count) in cells.enumerated() where count > 0 {
      counts[cell] += Double(count)
      squaredWeights?[cell] += Double(count)
      isPresent[cell / classes] = true
      isPresent[cell % classes] = true
    }
  }

  private mutating func add(_ truth: [Int], _ predicted: [Int], _ weights: [Double]) throws(MetricError) {
    if squaredWeights == nil { squaredWeights = counts }
    var squares = squaredWeights ?? []
    squaredWeights = nil
    for row in truth.indices {
      let t = truth[row], p = predicted[row]
      try Check.label(t, row: row, classes: classes, "true label")
      try Check.label(p, row: row, classes: classes, "predicted label")
      counts[t * classes + p] += weights[row]
      squares[t * classes + p] += weights[row] * weights[row]
      isPresent[t] = true
      isPresent[p] = true
    }
    squaredWeights = squares
  }

  /// Adds the counts of other rows.
  /// - Throws: `MetricError` if the other matrix has other classes.
  public mutating func merge(_ other: ConfusionMatrix) throws(MetricError) {
    guard other.classes == classes else {
      throw MetricError(.badArgument, "a confusion matrix of \(other.classes) classes cannot be added to one of \(classes)")
    }
    if squaredWeights != nil || other.squaredWeights != nil {
      let mine = squaredWeights ?? counts, theirs = other.squaredWeights ?? other.counts
      squaredWeights = zip(mine, theirs).map(+)
    }
    for cell in counts.indices { counts[cell] += other.counts[cell] }
    for index in isPresent.indices where other.isPresent[index] { isPresent[index] = true }
  }

  /// The weight of rows of class `truth` that were predicted as `predicted`.
  public subscript(truth truth: Int, predicted predicted: Int) -> Double { counts[truth * classes + predicted] }

  /// The rows of the matrix, one a true class.
  public var rows: [[Double]] { (0..<classes).map { Array(counts[($0 * classes)..<(($0 + 1) * classes)]) } }

  /// The weight of all rows.
  public var total: Double { counts.reduce(0, +) }

  /// What the cells are divided by.
  public enum Normalisation: Sendable, Hashable {
    /// The total of the true class: shares of rows.
    case truth
    /// The total of the predicted class: shares of columns.
    case predicted
    /// The total of everything.
    case all
  }

  /// The matrix as shares; a row or column without weight is all zeros.
  public func normalised(by normalisation: Normalisation) -> [[Double]] {
    let margins = Margins(self)
    return (0..<classes).map { t in
      (0..<classes).map { p in
        let whole =
          switch normalisation {
          case .truth: margins.truth[t]
          case .predicted: margins.predicted[p]
          case .all: margins.total
          }
        return whole > 0 ? self[truth: t, predicted: p] / whole : 0
      }
    }
  }

  /// Classes that occurred, in order: what averages go over unless they are told.
  public var presentClasses: [Int] { isPresent.indices.filter { isPresent[$0] } }
}

/// The sums of a confusion matrix: diagonal, rows, columns.
struct Margins {
  /// The diagonal: what was right, by class.
  var right: [Double]
  /// The rows: how much of each class there truly is.
  var truth: [Double]
  /// The columns: how often each class was predicted.
  var predicted: [Double]
  var total: Double

  init(classes: Int) {
    right = Array(repeating: 0, count: classes)
    truth = right
    predicted = right
    total = 0
  }

  init(_ matrix: ConfusionMatrix) {
    self.init(classes: matrix.classes)
    for (cell, count) in matrix.counts.enumerated() where count != 0 {
      add(count, truth: cell / matrix.classes, predicted: cell % matrix.classes)
    }
  }

  mutating func add(_ count: Double, truth t: Int, predicted p: Int) {
    truth[t] += count
    predicted[p] += count
    if t == p { right[t] += count }
    total += count
  }

  mutating func clear() {
    for index in right.indices {
      right[index] = 0
      truth[index] = 0
      predicted[index] = 0
    }
    total = 0
  }
}
