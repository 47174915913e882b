/// What learners learn from: rows by features, missing values as NaN.
///
/// Preparation makes it from tables; categorical features may stay codes, which `levels` marks.
public struct FeatureMatrix: Sendable {
  public enum Storage: Sendable {
    /// Row-major, `[rows, columns]`.
    case dense([Double])
    /// Compressed rows; entries that are not there are zero.
    case sparse(SparseRows)
  }

  public let rows: Int
  public let columns: Int
  /// A name a column.
  public let names: [String]
  /// For each column that holds codes of categories: how many there are. Codes are 0, 1, …; missing or unknown is NaN.
  public let levels: [Int: Int]
  public let storage: Storage

  /// A dense matrix.
  /// - Parameters:
  ///   - values: row-major, `[rows, names.count]`; NaN where missing.
  ///   - levels: columns of category codes, and how many categories each has.
  /// - Throws: `TableError` if the values do not fill the rows exactly.
  public init(rows: Int, names: [String], values: [Double], levels: [Int: Int] = [:]) throws(TableError) {
    guard values.count == rows * names.count else {
      throw TableError("\(values.count) values do not fill \(rows) rows of \(names.count) features", expected: "\(rows * names.count)")
    }
    self.rows = rows
    columns = names.count
    self.names = names
    self.levels = levels
    storage = .dense(values)
  }

  /// A sparse matrix.
  /// - Throws: `TableError` if the parts do not fit each other.
  public init(names: [String], sparse: SparseRows, levels: [Int: Int] = [:]) throws(TableError) {
    guard sparse.columns == names.count else {
      throw TableError("a sparse matrix of \(sparse.columns) columns with \(names.count) names")
    }
    rows = sparse.rows
    columns = names.count
    self.names = names
    self.levels = levels
    storage = .sparse(sparse)
  }

  /// The values row-major, sparse ones spread out.
  /// - Throws: `TableError` if that would need more than `limit` bytes.
  public func denseValues(limit: Int = 8 << 30) throws(TableError) -> [Double] {
    switch storage {
    case .dense(let values): return values
    case .sparse(let sparse):
      guard rows.multipliedReportingOverflow(by: columns * 8).partialValue <= limit else {
        throw TableError(
          "\(rows) rows of \(columns) sparse features would take \(rows * columns * 8 >> 20) MiB when spread out",
          expected: "at most \(limit >> 20) MiB",
          remedy: "use a learner that takes sparse features (linear, logistic, naive Bayes), or fewer features")
      }
      var values = [Double](repeating: 0, count: rows * columns)
      for row in 0..<rows {
        for place in sparse.starts[row]..<sparse.starts[row + 1] {
          values[row * columns + Int(sparse.indices[place])] += sparse.values[place]
        }
      }
      return values
    }
  }

  /// The given rows in the given order.
  /// - Precondition: the rows exist.
  public func taking(_ taken: [Int]) -> FeatureMatrix {
    switch storage {
    case .dense(let values):
      let gathered = [Double](unsafeUninitializedCapacity: taken.count * columns) { target, written in
        values.withUnsafeBufferPointer { source in
          for (place, row) in taken.enumerated() {
            precondition(row >= 0 && row < rows, "row \(row) of a matrix of \(rows)")
            for column in 0..<columns { target[place * columns + column] = source[row * columns + column] }
          }
        }
        written = taken.count * columns
      }
      return FeatureMatrix(self, rows: taken.count, storage: .dense(gathered))
    case .sparse(let sparse): return FeatureMatrix(self, rows: taken.count, storage: .sparse(sparse.taking(taken)))
    }
  }

  private init(_ other: FeatureMatrix, rows: Int, storage: Storage) {
    self.rows = rows
    columns = other.columns
    names = other.names
    levels = other.levels
    self.storage = storage
  }
}

/// Compressed sparse rows: row `r` holds `indices[starts[r]..<starts[r + 1]]`, ascending and each once, with `values` beside them.
public struct SparseRows: Sendable {
  public let columns: Int
  public let starts: [Int]
  public let indices: [Int32]
  public let values: [Double]

  public var rows: Int { starts.count - 1 }

  /// - Throws: `TableError` if the parts do not fit each other or an index is no column.
  public init(columns: Int, starts: [Int], indices: [Int32], values: [Double]) throws(TableError) {
    guard starts.first == 0, starts.last == indices.count, indices.count == values.count, zip(starts, starts.dropFirst()).allSatisfy(<=)
    else {
      throw TableError("the parts of a sparse matrix do not fit: \(starts.count) starts, \(indices.count) indices, \(values.count) values")
    }
    if let wrong = indices.first(where: { $0 < 0 || $0 >= columns }) {
      throw TableError("a sparse matrix names column \(wrong)", expected: "0 to \(columns - 1)")
    }
    self.columns = columns
    self.starts = starts
    self.indices = indices
    self.values = values
  }

  private init(unchecked columns: Int, starts: [Int], indices: [Int32], values: [Double]) {
    self.columns = columns
    self.starts = starts
    self.indices = indices
    self.values = values
  }

  func taking(_ taken: [Int]) -> SparseRows {
    var starts = [0], indices: [Int32] = [], values: [Double] = []
    starts.reserveCapacity(taken.count + 1)
    for row in taken {
      indices.append(contentsOf: self.indices[self.starts[row]..<self.starts[row + 1]])
      values.append(contentsOf: self.values[self.starts[row]..<self.starts[row + 1]])
      starts.append(indices.count)
    }
    return SparseRows(unchecked: columns, starts: starts, indices: indices, values: values)
  }
}

/// What is to be learnt, a value a row.
public enum Target: Sendable, Hashable {
  /// A class a row, as a place in `labels`.
  case classes([Int], labels: [String])
  /// A number a row.
  case values([Double])

  public var count: Int {
    switch self {
    case .classes(let classes, _): classes.count
    case .values(let values): values.count
    }
  }

  /// The given rows in the given order.
  /// - Precondition: the rows exist.
  public func taking(_ rows: [Int]) -> Target {
    switch self {
    case .classes(let classes, let labels): .classes(rows.map { classes[$0] }, labels: labels)
    case .values(let values): .values(rows.map { values[$0] })
    }
  }
}
