import Foundation
import MartletCore

/// Maps values to their place among the training rows: uniform between 0 and 1, or normally distributed. As `QuantileTransformer`.
public struct QuantileScale: RecipeStep {
  public enum Distribution: String, Hashable, Sendable, Codable, CaseIterable { case uniform, normal }
  public static let name = "quantile-scale"
  public var columns: ColumnSelection
  public var quantiles: Int
  public var distribution: Distribution
  /// More rows than this are drawn from, by the seed.
  public var subsample: Int

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, quantiles: Int = 1000, distribution: Distribution = .uniform, subsample: Int = 100_000) {
    self.columns = columns
    self.quantiles = quantiles
    self.distribution = distribution
    self.subsample = subsample
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard quantiles >= 1 else { throw input.settingError("quantiles", quantiles, expected: "1 or more") }
    guard subsample >= quantiles else { throw input.settingError("subsample", subsample, expected: "at least quantiles (\(quantiles))") }
    let count = max(1, min(quantiles, input.rows))
    let references = Numbers.spaced(0, 1, count)
    var columns = try input.doubles()
    if input.rows > subsample {
      var random = KeyedRandom(seed: input.context.seed, purpose: "recipe.quantile")
      let rows = Array(0..<input.rows).shuffled(using: &random).prefix(subsample)
      columns = columns.map { column in rows.map { column[$0] } }
    }
    let edges = columns.map { column in
      let sorted = Numbers.present(column).sorted()
      return Doubles(references.map { Numbers.percentile(sorted: sorted, $0) })
    }
    return StepFit(replacing: input, by: FittedQuantiles(edges: edges, references: Doubles(references), isNormal: distribution == .normal))
  }
}

struct FittedQuantiles: Columnwise {
  static let name = "quantiles"
  let edges: [Doubles]
  let references: Doubles
  let isNormal: Bool

  private static let bound = 1e-7
  private static let lowest = Probability.normalQuantile(bound - 0x1p-52)
  // The upper limit is taken as scikit-learn takes it: 1 - (bound - spacing) rounds.
  private static let highest = Probability.normalQuantile(1 - (bound - 0x1p-52))

  func map(_ value: Double, column: Int) -> Double {
    let edges = self.edges[column].values
    guard !value.isNaN, let first = edges.first, let last = edges.last, !first.isNaN else { return .nan }
    var share: Double
    if isNormal ? value - Self.bound < first : value == first {
      share = 0
    } else if isNormal ? value + Self.bound > last : value == last {
      share = 1
    } else {
      // Equal quantiles have several places: the middle of the first and the last of them.
      share = 0.5 * (interpolate(value, edges, upper: true) + interpolate(value, edges, upper: false))
    }
    // Both ends at once: scikit-learn lets the lower one win.
    if !isNormal, value == first { share = 0 }
    guard isNormal else { return share }
    return min(max(Probability.normalQuantile(share), Self.lowest), Self.highest)
  }

  private func interpolate(_ value: Double, _ edges: [Double], upper: Bool) -> Double {
    let references = self.references.values
    let count = edges.count
    if value < edges[0] { return references[0] }
    if value > edges[count - 1] { return references[count - 1] }
    // The last edge at or below the value, or the first at or above it.
    var low = 0, high = count
    while low < high {
      let middle = (low + high) / 2
      if upper ? edges[middle] <= value : edges[middle] < value { low = middle + 1 } else { high = middle }
    }
    let place = upper ? low - 1 : low
    if edges[place] == value { return references[place] }
    let (a, b) = upper ? (place, place + 1) : (place - 1, place)
    let slope = (references[b] - references[a]) / (edges[b] - edges[a])
    return upper ? slope * (value - edges[a]) + references[a] : slope * (value - edges[b]) + references[b]
  }
}
