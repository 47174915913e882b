import Foundation
import Tables

/// Turns numbers into the bin that they fall into. As `KBinsDiscretizer`; missing stays missing (one-hot: no bin).
public struct Bins: RecipeStep {
  public enum Strategy: String, Hashable, Sendable, Codable, CaseIterable { case uniform, quantile, kMeans = "k-means" }
  public enum Encoding: String, Hashable, Sendable, Codable, CaseIterable { case ordinal, oneHot = "one-hot" }
  public enum QuantileMethod: String, Hashable, Sendable, Codable, CaseIterable {
    case linear
    case averaged = "averaged-inverted-cdf"
  }
  public static let name = "bins"
  public var columns: ColumnSelection
  public var count: Int
  public var strategy: Strategy
  public var encoding: Encoding
  public var quantileMethod: QuantileMethod

  public init() { self.init(columns: .automatic) }
  public init(
    columns: ColumnSelection, count: Int = 5, strategy: Strategy = .quantile, encoding: Encoding = .ordinal,
    quantileMethod: QuantileMethod = .averaged
  ) {
    self.columns = columns
    self.count = count
    self.strategy = strategy
    self.encoding = encoding
    self.quantileMethod = quantileMethod
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard count >= 2 else { throw input.settingError("count", count, expected: "2 or more") }
    if strategy == .quantile, input.weights != nil, quantileMethod == .linear {
      throw RecipeError("linear quantiles know no weights", remedy: "use averaged-inverted-cdf")
    }
    let edges = try input.presentColumns().map { Doubles(inner($0.values, $0.weights)) }
    let outputs = zip(input.columns, edges).map { column, edges in
      encoding == .ordinal
        ? [column.replaced(levels: edges.count + 1)] : (0...edges.count).map { column.derived("\(column.name)_bin\($0)") }
    }
    return StepFit(FittedBins(edges: edges, isOneHot: encoding == .oneHot), outputs: outputs)
  }

  /// The borders between bins, without the outer two.
  private func inner(_ values: [Double], _ weights: [Double]?) -> [Double] {
    guard let smallest = values.min(), let largest = values.max(), smallest < largest else { return [] }
    var edges: [Double]
    switch strategy {
    case .uniform: edges = Numbers.spaced(smallest, largest, count + 1)
    case .quantile:
      let order = values.indices.sorted { values[$0] < values[$1] }
      let sorted = order.map { values[$0] }
      let shares = Numbers.spaced(0, 100, count + 1).map { $0 / 100 }
      if let weights {
        edges = Self.weightedQuantiles(sorted, order.map { weights[$0] }, shares)
      } else if quantileMethod == .linear {
        edges = shares.map { Numbers.percentile(sorted: sorted, $0) }
      } else {
        edges = shares.map { Self.averagedQuantile(sorted, $0) }
      }
    case .kMeans:
      let centers = Self.centers(values, weights, Numbers.spaced(smallest, largest, count + 1))
      edges = [smallest] + zip(centers, centers.dropFirst()).map { ($0 + $1) * 0.5 } + [largest]
    }
    if strategy != .uniform {
      // Bins without width hold nothing.
      let all = edges
      edges = [all[0]] + all.indices.dropFirst().filter { all[$0] - all[$0 - 1] > 1e-8 }.map { all[$0] }
    }
    return Array(edges.dropFirst().dropLast())
  }

  private static func averagedQuantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = Double(sorted.count) * share - 1
    if place < 0 { return sorted[0] }
    let below = Int(place.rounded(.down))
    if below >= sorted.count - 1 { return sorted[sorted.count - 1] }
    return place == Double(below) ? sorted[below] + (sorted[below + 1] - sorted[below]) * 0.5 : sorted[below + 1]
  }

  private static func weightedQuantiles(_ sorted: [Double], _ weights: [Double], _ shares: [Double]) -> [Double] {
    var running = 0.0
    let totals = weights.map { weight -> Double in
      running += weight
      return running
    }
    return shares.map { share in
      let wanted = share * running
      let place = min(
        totals.firstIndex { $0 >= (wanted == 0 ? Double.leastNonzeroMagnitude : wanted) } ?? sorted.count - 1, sorted.count - 1)
      if wanted > 0, abs(totals[place] - wanted) <= Double.ulpOfOne, place + 1 < sorted.count {
        return (sorted[place] + sorted[place + 1]) / 2
      }
      return sorted[place]
    }
  }

  /// Lloyd's algorithm in one dimension from evenly spaced centres.
  private static func centers(_ values: [Double], _ weights: [Double]?, _ edges: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    let mean = Numbers.mean(values)
    let sorted = order.map { values[$0] - mean }
    let weight = weights.map { w in order.map { w[$0] } } ?? [Double](repeating: 1, count: sorted.count)
    let tolerance = Numbers.variance(values, mean: mean) * 1e-4
    var centers = zip(edges, edges.dropFirst()).map { ($0 + $1) * 0.5 - mean }
    var before: [Int] = []
    for _ in 0..<300 {
      var sums = [Double](repeating: 0, count: centers.count), totals = sums
      var assigned: [Int] = [], center = 0
      for (value, weight) in zip(sorted, weight) {
        while center + 1 < centers.count, abs(centers[center + 1] - value) < abs(centers[center] - value) { center += 1 }
        sums[center] += value * weight
        totals[center] += weight
        assigned.append(center)
      }
      // A bin without rows moves to the row that is farthest from its own centre.
      for empty in centers.indices where totals[empty] == 0 {
        let far = sorted.indices.max { abs(sorted[$0] - centers[assigned[$0]]) < abs(sorted[$1] - centers[assigned[$1]]) } ?? 0
        sums[assigned[far]] -= sorted[far] * weight[far]
        totals[assigned[far]] -= weight[far]
        sums[empty] = sorted[far] * weight[far]
        totals[empty] = weight[far]
        assigned[far] = empty
      }
      let moved = centers.indices.map { totals[$0] > 0 ? sums[$0] / totals[$0] : centers[$0] }
      let shift = zip(moved, centers).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      centers = moved.sorted()
      if assigned == before || shift <= tolerance { break }
      before = assigned
    }
    return centers.map { $0 + mean }
  }
}

struct FittedBins: FittedStep {
  static let name = "bin-edges"
  let edges: [Doubles]
  let isOneHot: Bool
  var takesSingleRows: Bool { true }

  private func bin(_ value: Double, _ edges: [Double]) -> Int {
    var low = 0, high = edges.count
    while low < high {
      let middle = (low + high) / 2
      if edges[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    try zip(inputs, edges).flatMap { input, edges -> [RecipeValues] in
      let values = try input.doubles()
      guard isOneHot else { return [.numbers(values.map { $0.isNaN ? .nan : Double(bin($0, edges.values)) })] }
      var columns = [[Double]](repeating: [Double](repeating: 0, count: rows), count: edges.count + 1)
      for (row, value) in values.enumerated() where !value.isNaN { columns[bin(value, edges.values)][row] = 1 }
      return columns.map { .numbers($0) }
    }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    var next = 0
    for (place, input) in inputs.enumerated() {
      let value = row.numbers[input]
      if isOneHot {
        for output in next...next + edges[place].count { row.numbers[outputs[output]] = 0 }
        if !value.isNaN { row.numbers[outputs[next + bin(value, edges[place].values)]] = 1 }
        next += edges[place].count + 1
      } else {
        row.numbers[outputs[place]] = value.isNaN ? .nan : Double(bin(value, edges[place].values))
      }
    }
  }
}
