import CLearners
import MartletCore
import Tables

/// Training rows as places in ascending bins, column by column: what trees grow on.
///
/// `@unchecked Sendable`: written by `init` alone.
final class BinnedRows: @unchecked Sendable {
  let rows: Int
  let columns: Int
  private let codes: UnsafeMutablePointer<UInt16>
  private let bins: UnsafeMutablePointer<Int32>
  private let starts: UnsafeMutablePointer<Int64>
  private let low: UnsafeMutablePointer<Double>
  private let high: UnsafeMutablePointer<Double>
  private let categorical: UnsafeMutablePointer<UInt8>
  private let signs: UnsafeMutablePointer<Int8>?
  private let labels: UnsafeMutablePointer<UInt16>?
  private let targets: UnsafeMutablePointer<Double>?
  private let classes: Int

  /// What is learnt from the rows.
  enum Learnt {
    case classes([Int], count: Int)
    case numbers([Double])
  }

  /// - Parameter bins: at most so many a column.
  /// - Throws: `LearnerError` if a column of categories holds what is no code.
  init(_ x: FeatureMatrix, _ learnt: Learnt, weights: [Double], bins largest: Int, signs: [Int8]?, kind: String, threads: Int) throws {
    let values = try x.denseValues()
    rows = x.rows
    columns = x.columns
    let room = min(largest, max(rows, 1))
    codes = .allocate(capacity: max(rows * columns, 1))
    bins = .allocate(capacity: columns)
    starts = .allocate(capacity: columns)
    low = .allocate(capacity: room * columns)
    high = .allocate(capacity: room * columns)
    categorical = .allocate(capacity: columns)
    categorical.initialize(repeating: 0, count: columns)
    self.signs = signs.map { Self.copy($0) }
    switch learnt {
    case .classes(let codes, let count):
      labels = Self.copy(codes.map { UInt16(truncatingIfNeeded: $0) })
      targets = nil
      classes = count
    case .numbers(let numbers):
      labels = nil
      targets = Self.copy(numbers)
      classes = 0
    }
    for column in 0..<columns { starts[column] = Int64(column * room) }
    for (column, levels) in x.levels {
      guard levels <= Int(CL_LARGEST_BIN_COUNT) else {
        throw LearnerError(
          "feature '\(x.names[column])' has \(levels) categories", expected: "at most \(CL_LARGEST_BIN_COUNT)",
          remedy: "encode it by its target mean or by hashing")
      }
      categorical[column] = 1
      bins[column] = Int32(max(levels, 1))
      for row in 0..<rows {
        let value = values[row * columns + column]
        if value.isNaN {
          codes[column * rows + row] = UInt16(CL_CODE_MISSING)
        } else if value >= 0, value < Double(levels), value == value.rounded() {
          codes[column * rows + row] = UInt16(value)
        } else {
          throw LearnerError(
            "feature '\(x.names[column])' is \(value) in row \(row)", expected: "a code from 0 to \(levels - 1), or NaN for \(kind)")
        }
      }
    }
    let failed = values.withUnsafeBufferPointer { values in
      weights.withUnsafeBufferPointer { weights in
        let sources = SharedPointers(values: values, weights: weights)
        let failures =
          (try? Parallel.map(columns, threads: threads) { column in
            guard self.categorical[column] == 0, let base = sources.values.baseAddress else { return false }
            let count = cl_bin_column(
              base + column, Int64(self.columns), sources.weights.baseAddress, Int64(self.rows), Int32(room),
              self.codes + column * self.rows, self.low + column * room, self.high + column * room)
            self.bins[column] = max(count, 0)
            return count < 0
          }) ?? [true]
        return failures.contains(true)
      }
    }
    guard !failed else { throw LearnerError("\(kind): memory ran out while \(rows) rows of \(columns) features were put in bins") }
  }

  private struct SharedPointers: @unchecked Sendable {
    let values: UnsafeBufferPointer<Double>, weights: UnsafeBufferPointer<Double>
  }

  private static func copy<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
    let target = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
    values.withUnsafeBufferPointer { if let base = $0.baseAddress { target.initialize(from: base, count: values.count) } }
    return target
  }

  /// Grows a tree on the rows whose weight is above 0.
  /// - Throws: `LearnerError` where memory runs out.
  func grow(weights: [Double], settings: CLTreeSettings, kind: String) throws -> GrownTree {
    var data = CLTreeData(
      rows: Int64(rows), features: Int32(columns), codes: codes, bins: bins, bin_starts: starts, low: low, high: high,
      categorical: categorical, monotone: signs, classes: Int32(classes), labels: labels, targets: targets)
    var settings = settings
    var tree = CLTree()
    guard weights.withUnsafeBufferPointer({ cl_tree_grow(&data, $0.baseAddress, &settings, &tree) }) == 0 else {
      throw LearnerError("\(kind): memory ran out while a tree grew on \(rows) rows", remedy: "limit max-depth or max-leaves")
    }
    defer { cl_tree_free(&tree) }
    return GrownTree(tree, width: max(classes, 1))
  }

  deinit {
    codes.deallocate()
    bins.deallocate()
    starts.deallocate()
    low.deallocate()
    high.deallocate()
    categorical.deallocate()
    signs?.deallocate()
    labels?.deallocate()
    targets?.deallocate()
  }
}

extension TreeRules {
  /// The settings of one tree.
  func settings(criterion: Int32, columns: Int, totalWeight: Double, key: UInt64) -> CLTreeSettings {
    CLTreeSettings(
      criterion: criterion, random_thresholds: randomThresholds ? 1 : 0, largest_depth: Int32(clamping: maxDepth ?? Int(Int32.max)),
      smallest_split: Int64(minSplit), smallest_leaf: Int64(minLeaf), smallest_leaf_weight: minLeafShare * totalWeight,
      smallest_decrease: minDecrease, features_a_split: Int32(features.of(columns)), most_leaves: Int64(maxLeaves ?? 0), key: key)
  }
}
