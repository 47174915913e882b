import Foundation
import MartletCore
import Recipes
import Tables
import Testing

/// Cases that Tools/fixtures_recipes.py has written.
struct PreparationFixture: Decodable {
  struct ColumnValues: Decodable {
    let name: String
    let values: [JSONValue]
  }

  struct Matrix: Decodable {
    let shape: [Int]
    let at: [Int]?
    let whole: [Int]?
    let bytes: String?

    var values: [Double] {
      var given = whole?.map(Double.init) ?? []
      if let bytes, let data = Data(base64Encoded: bytes) {
        given = data.withUnsafeBytes { raw in
          (0..<data.count / 8).map { Double(bitPattern: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))) }
        }
      }
      guard let at else { return given }
      var all = [Double](repeating: 0, count: shape[0] * shape[1])
      for (place, value) in zip(at, given) { all[place] = value }
      return all
    }
  }

  struct Case: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let recipe: JSONValue
    let train: String
    let test: String
    let tolerance: Double
    let expectedTrain: Matrix?
    let expectedTest: Matrix?
    let target: String?
    let weights: String?
    let names: [String]?
    let scores: [Double?]?
    var testDescription: String { name }
  }

  let tables: [String: [ColumnValues]]
  let cases: [Case]

  static let shared: Result<PreparationFixture, any Error> = Result {
    guard let url = Bundle.module.url(forResource: "Fixtures/preparation", withExtension: "json") else { throw FixtureMissing() }
    return try JSONDecoder().decode(PreparationFixture.self, from: Data(contentsOf: url))
  }
  struct FixtureMissing: Error {}

  static var cases: [Case] { (try? shared.get().cases) ?? [] }

  func table(_ name: String) throws -> Table {
    guard let columns = tables[name] else { throw FixtureMissing() }
    return try Table(columns.map(Self.column))
  }

  static func column(_ given: ColumnValues) -> Column {
    if given.values.contains(where: { $0.stringValue != nil }) { return Column(given.name, given.values.map(\.stringValue)) }
    if given.values.contains(where: { $0.boolValue != nil }) { return Column(given.name, given.values.map(\.boolValue)) }
    return Column(given.name, given.values.map(\.doubleValue))
  }
}

extension PreparationFixture.Matrix: Sendable {}

/// The largest difference, relative where values are large; infinite where one side is missing and the other not.
func difference(_ got: [Double], _ wanted: [Double]) -> Double {
  guard got.count == wanted.count else { return .infinity }
  var largest = 0.0
  for (a, b) in zip(got, wanted) {
    if a.isNaN || b.isNaN {
      if a.isNaN != b.isNaN { return .infinity }
    } else if a != b {
      largest = max(largest, abs(a - b) / max(1, abs(b)))
    }
  }
  return largest
}

/// Absolute coefficients of a least squares fit with an intercept, by the normal equations.
let leastSquares: ImportanceFunction = { features, target, _ in
  guard case .values(let y) = target else { return [] }
  let x = try features.denseValues(), n = features.rows, p = features.columns
  let means = (0..<p).map { j in (0..<n).reduce(0) { $0 + x[$1 * p + j] } / Double(n) }
  let center = y.reduce(0, +) / Double(n)
  var a = [[Double]](repeating: [Double](repeating: 0, count: p + 1), count: p)
  for i in 0..<p {
    for j in 0..<p { a[i][j] = (0..<n).reduce(0) { $0 + (x[$1 * p + i] - means[i]) * (x[$1 * p + j] - means[j]) } }
    a[i][p] = (0..<n).reduce(0) { $0 + (x[$1 * p + i] - means[i]) * (y[$1] - center) }
  }
  for i in 0..<p {
    let pivot = (i..<p).max { abs(a[$0][i]) < abs(a[$1][i]) } ?? i
    a.swapAt(i, pivot)
    for j in 0..<p where j != i {
      let factor = a[j][i] / a[i][i]
      for k in i...p { a[j][k] -= factor * a[i][k] }
    }
  }
  return (0..<p).map { abs(a[$0][p] / a[$0][$0]) }
}
