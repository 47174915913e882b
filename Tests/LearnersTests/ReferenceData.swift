import Foundation
import Learners
import MartletCore
import Tables

/// The small tables and results that `Tools/fixtures_learners_linear.py` wrote.
enum ReferenceData {
  static func read(_ name: String) throws -> JSONValue {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)")
    return try JSON.decode(JSONValue.self, from: Data(contentsOf: url), source: name)
  }

  private static let sets = Result { try read("learners_sets.json") }

  /// - Returns: the features, and the target as numbers.
  static func table(_ name: String) throws -> (x: FeatureMatrix, y: [Double]) {
    guard let set = try sets.get()[name], let rows = set["rows"]?.intValue, let columns = set["columns"]?.intValue else {
      throw LearnerError("no table '\(name)'")
    }
    let x = try FeatureMatrix(rows: rows, names: (0..<columns).map { "x\($0)" }, values: set.numbers("x"))
    return (x, try set.numbers("y"))
  }

  static func classes(_ name: String) throws -> (x: FeatureMatrix, target: Target, codes: [Int]) {
    let (x, y) = try table(name)
    let codes = y.map { Int($0) }
    return (x, .classes(codes, labels: (0...(codes.max() ?? 0)).map { "c\($0)" }), codes)
  }

  /// What the script's `weights_for` gives, read from where it was saved.
  static func weights(_ name: String) throws -> [Double] { try sets.get()[name]?.numbers("weights") ?? [] }

  static func sparse(_ x: FeatureMatrix) throws -> FeatureMatrix {
    let values = try x.denseValues()
    var starts = [0], indices: [Int32] = [], kept: [Double] = []
    for row in 0..<x.rows {
      for column in 0..<x.columns where values[row * x.columns + column] != 0 {
        indices.append(Int32(column))
        kept.append(values[row * x.columns + column])
      }
      starts.append(indices.count)
    }
    return try FeatureMatrix(
      names: x.names, sparse: SparseRows(columns: x.columns, starts: starts, indices: indices, values: kept))
  }
}

extension JSONValue {
  func numbers(_ key: String) throws -> [Double] {
    guard let values = self[key]?.arrayValue else { throw LearnerError("no array '\(key)'") }
    return values.flatMap { $0.arrayValue?.compactMap(\.doubleValue) ?? $0.doubleValue.map { [$0] } ?? [] }
  }
}

/// The largest difference, relative where numbers are large.
func distance(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
}
