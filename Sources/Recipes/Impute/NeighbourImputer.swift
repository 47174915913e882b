import Foundation
import MartletCore
import Tables
import Torch

/// Fills a missing value by the mean over the nearest training rows that have it. As `KNNImputer`: distances over the columns that both
/// rows have, scaled up to all columns.
public struct NeighbourImputer: RecipeStep {
  public enum Weighting: String, Hashable, Sendable, Codable, CaseIterable {
    case uniform
    /// By one over the distance.
    case distance
  }
  public static let name = "impute-neighbours"
  public var columns: ColumnSelection
  public var neighbours: Int
  public var weighting: Weighting
  public var indicator: Bool

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, neighbours: Int = 5, weighting: Weighting = .uniform, indicator: Bool = false) {
    self.columns = columns
    self.neighbours = neighbours
    self.weighting = weighting
    self.indicator = indicator
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard neighbours >= 1 else { throw input.settingError("neighbours", neighbours, expected: "1 or more") }
    let columns = try input.doubles()
    let kept = columns.map { column in column.contains { !$0.isNaN } }
    let flags = indicator ? columns.indices.filter { columns[$0].contains { $0.isNaN } } : []
    let used = columns.indices.filter { kept[$0] }
    guard !used.isEmpty else { throw RecipeError("no column has any value", expected: "1 or more with values") }
    var rows = [Double](repeating: 0, count: input.rows * used.count)
    for (place, column) in used.enumerated() { for row in 0..<input.rows { rows[row * used.count + place] = columns[column][row] } }
    return StepFit(
      FittedNeighbours(
        rows: Doubles(rows), used: used, flags: flags, neighbours: neighbours, byDistance: weighting == .distance),
      outputs: input.columns.indices.map { kept[$0] ? [input.columns[$0].replaced()] : [] }
        + flags.map { [input.columns[$0].derived("\(input.columns[$0].name)_missing")] })
  }
}

struct FittedNeighbours: FittedStep {
  static let name = "neighbour-rows"
  /// The training rows, row-major, the used columns only.
  let rows: Doubles
  let used: [Int]
  let flags: [Int]
  let neighbours: Int
  let byDistance: Bool

  func transform(_ inputs: [RecipeValues], rows count: Int, threads: Int) throws -> [RecipeValues] {
    let columns = try inputs.map { try $0.doubles() }
    let width = used.count
    var filled = used.map { columns[$0] }
    let receivers = (0..<count).filter { row in filled.contains { $0[row].isNaN } }
    let search = NeighbourFill(rows.values, width: width, neighbours: neighbours, byDistance: byDistance)
    let block = 64
    let parts = try Parallel.map((receivers.count + block - 1) / block, threads: threads) { [filled] part in
      let own = Array(receivers[part * block..<min((part + 1) * block, receivers.count)])
      var values = [Double](repeating: 0, count: own.count * width)
      for (place, row) in own.enumerated() { for column in 0..<width { values[place * width + column] = filled[column][row] } }
      return try search.fill(values, rows: own.count)
    }
    for (part, values) in parts.enumerated() {
      for place in 0..<values.count / width {
        let row = receivers[part * block + place]
        for column in 0..<width { filled[column][row] = values[place * width + column] }
      }
    }
    return filled.map { .numbers($0) } + flags.map { place in .numbers(columns[place].map { $0.isNaN ? 1 : 0 }) }
  }
}

/// Finds donors for missing values among training rows.
///
/// Distances to all rows come from two products of matrices; the nearest few are then measured exactly, so that neither rounding nor the
/// block that a row is in changes who the donors are.
struct NeighbourFill: Sendable {
  private let donors: [Double]
  private let width: Int
  private let count: Int
  private let neighbours: Int
  private let byDistance: Bool
  /// `[3 width, count]`: presence, squares, values; and presence alone.
  private let table: [Double]
  private let presence: [Float]
  private let means: [Double]
  private let centers: [Double]

  init(_ donors: [Double], width: Int, neighbours: Int, byDistance: Bool) {
    let count = donors.count / width
    var table = [Double](repeating: 0, count: 3 * width * count)
    var presence = [Float](repeating: 0, count: width * count)
    var means = [Double](repeating: 0, count: width)
    for column in 0..<width {
      var sum = 0.0, present = 0.0
      for row in 0..<count where !donors[row * width + column].isNaN {
        sum += donors[row * width + column]
        present += 1
      }
      means[column] = sum / present
      for row in 0..<count {
        let value = donors[row * width + column] - means[column]
        if value.isNaN { continue }
        table[column * count + row] = 1
        table[(width + column) * count + row] = value * value
        table[(2 * width + column) * count + row] = value
        presence[column * count + row] = 1
      }
    }
    self.donors = donors
    self.width = width
    self.count = count
    self.neighbours = neighbours
    self.byDistance = byDistance
    self.table = table
    self.presence = presence
    self.means = means
    centers = means
  }

  /// - Parameter rows: row-major, NaN where missing.
  /// - Returns: the rows with every value.
  func fill(_ values: [Double], rows: Int) throws -> [Double] {
    var left = [Double](repeating: 0, count: rows * 3 * width)
    var present = [Float](repeating: 0, count: rows * width)
    for row in 0..<rows {
      for column in 0..<width {
        let value = values[row * width + column] - centers[column]
        if value.isNaN { continue }
        left[row * 3 * width + column] = value * value
        left[row * 3 * width + width + column] = 1
        left[row * 3 * width + 2 * width + column] = -2 * value
        present[row * width + column] = 1
      }
    }
    let (sums, common) = try TorchThreads.with(1) {
      try inferenceMode {
        (
          try Tensor(left, shape: [rows, 3 * width]).mm(Tensor(table, shape: [3 * width, count])),
          try Tensor(present, shape: [rows, width]).mm(Tensor(presence, shape: [width, count]))
        )
      }
    }
    var made = values
    try sums.withUnsafeBytes { sumBytes in
      try common.withUnsafeBytes { commonBytes in
        let sums = sumBytes.bindMemory(to: Double.self), common = commonBytes.bindMemory(to: Float.self)
        for row in 0..<rows {
          let own = UnsafeBufferPointer(rebasing: sums[row * count..<(row + 1) * count])
          let shared = UnsafeBufferPointer(rebasing: common[row * count..<(row + 1) * count])
          fillRow(&made, values, row, own, shared)
        }
      }
    }
    return made
  }

  private func fillRow(
    _ made: inout [Double], _ values: [Double], _ row: Int, _ sums: UnsafeBufferPointer<Double>, _ common: UnsafeBufferPointer<Float>
  ) {
    let size = min(count, max(48, 6 * neighbours))
    // The nearest by the products, in ascending order.
    var best = [Double](repeating: .infinity, count: size), rows = [Int](repeating: -1, count: size)
    var limit = Double.infinity
    for donor in 0..<count {
      let shared = common[donor]
      if shared == 0 { continue }
      let distance = sums[donor] / Double(shared)
      if distance >= limit { continue }
      var place = size - 1
      while place > 0, best[place - 1] > distance {
        best[place] = best[place - 1]
        rows[place] = rows[place - 1]
        place -= 1
      }
      best[place] = distance
      rows[place] = donor
      limit = best[size - 1]
    }
    let isAll = rows[size - 1] < 0 || size == count
    let exact = rows.filter { $0 >= 0 }.map { (exactDistance(values, row, $0), $0) }.sorted { $0 < $1 }
    // Beyond this, a row that is not listed could be nearer: the products are off by their rounding.
    let magnitude = (0..<width).reduce(0.0) { sum, column in
      let value = values[row * width + column] - centers[column]
      return value.isNaN ? sum : sum + value * value
    }
    let safe = isAll ? Double.infinity : limit - 1e-12 * (limit + magnitude)
    for column in 0..<width where values[row * width + column].isNaN {
      var chosen: [(Double, Int)] = []
      for candidate in exact where candidate.0 < safe && !donors[candidate.1 * width + column].isNaN {
        chosen.append(candidate)
        if chosen.count == neighbours { break }
      }
      if chosen.count < neighbours, !isAll {
        chosen = Array(
          (0..<count).filter { common[$0] > 0 && !donors[$0 * width + column].isNaN }
            .map { (exactDistance(values, row, $0), $0) }.sorted { $0 < $1 }.prefix(neighbours))
      }
      made[row * width + column] = average(chosen, column)
    }
  }

  private func average(_ chosen: [(Double, Int)], _ column: Int) -> Double {
    guard !chosen.isEmpty else { return means[column] }
    let hasZero = chosen.contains { $0.0 == 0 }
    var sum = 0.0, total = 0.0
    for (distance, donor) in chosen {
      let weight = !byDistance ? 1 : hasZero ? (distance == 0 ? 1 : 0) : 1 / (distance * Double(width)).squareRoot()
      sum += weight * donors[donor * width + column]
      total += weight
    }
    return sum / total
  }

  /// The mean squared difference over the columns that both have.
  private func exactDistance(_ values: [Double], _ row: Int, _ donor: Int) -> Double {
    var sum = 0.0, shared = 0.0
    for column in 0..<width {
      let difference = values[row * width + column] - donors[donor * width + column]
      if difference.isNaN { continue }
      sum += difference * difference
      shared += 1
    }
    return sum / shared
  }
}
