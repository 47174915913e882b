import Foundation
import MartletCore

/// Subtracts the mean and divides by the standard deviation; missing stays missing. Weights of rows count. A constant column is only
/// shifted. As scikit-learn's `StandardScaler`.
public struct StandardScale: RecipeStep {
  public static let name = "standard-scale"
  public var columns: ColumnSelection
  public var withMean: Bool
  public var withDeviation: Bool

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, withMean: Bool = true, withDeviation: Bool = true) {
    self.columns = columns
    self.withMean = withMean
    self.withDeviation = withDeviation
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    var centers: [Double] = [], scales: [Double] = []
    for (values, weights) in try input.presentColumns() {
      let moments = Moments(values, weights)
      centers.append(withMean && !values.isEmpty ? moments.mean : 0)
      let isConstant = values.isEmpty || Numbers.isConstant(variance: moments.variance, mean: moments.mean, count: moments.weight)
      scales.append(withDeviation && !isConstant ? moments.variance.squareRoot() : 1)
    }
    return StepFit(replacing: input, by: FittedScale(centers: Doubles(centers), scales: Doubles(scales)))
  }
}

/// Mean and population variance, weighted.
struct Moments {
  let mean: Double
  let variance: Double
  let weight: Double

  init(_ values: [Double], _ weights: [Double]?) {
    guard let weights else {
      weight = Double(values.count)
      mean = Numbers.mean(values)
      variance = Numbers.variance(values, mean: mean)
      return
    }
    let total = Numbers.sum(weights)
    let center = Numbers.sum(zip(values, weights).lazy.map { $0 * $1 }) / total
    weight = total
    mean = center
    variance = Numbers.sum(zip(values, weights).lazy.map { ($0 - center) * ($0 - center) * $1 }) / total
  }
}

/// Subtracts the median and divides by the range between two quantiles, so that outliers do not count. As `RobustScaler`.
public struct RobustScale: RecipeStep {
  public static let name = "robust-scale"
  public var columns: ColumnSelection
  public var centering: Bool
  public var scaling: Bool
  /// In percent.
  public var quantiles: [Double]
  /// Whether normally distributed values get a variance of one.
  public var unitVariance: Bool

  public init() { self.init(columns: .automatic) }
  public init(
    columns: ColumnSelection, centering: Bool = true, scaling: Bool = true, quantiles: [Double] = [25, 75], unitVariance: Bool = false
  ) {
    self.columns = columns
    self.centering = centering
    self.scaling = scaling
    self.quantiles = quantiles
    self.unitVariance = unitVariance
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard quantiles.count == 2, quantiles[0] >= 0, quantiles[0] <= quantiles[1], quantiles[1] <= 100 else {
      throw input.settingError("quantiles", quantiles, expected: "two percentages in ascending order, as [25, 75]")
    }
    var centers: [Double] = [], scales: [Double] = []
    for (values, _) in try input.presentColumns() {
      let sorted = values.sorted()
      centers.append(centering && !sorted.isEmpty ? Numbers.median(sorted) : 0)
      guard scaling, !sorted.isEmpty else {
        scales.append(1)
        continue
      }
      var scale = Numbers.scale(
        Numbers.percentile(sorted: sorted, quantiles[1] / 100) - Numbers.percentile(sorted: sorted, quantiles[0] / 100))
      if unitVariance { scale /= Probability.normalQuantile(quantiles[1] / 100) - Probability.normalQuantile(quantiles[0] / 100) }
      scales.append(scale)
    }
    return StepFit(replacing: input, by: FittedScale(centers: Doubles(centers), scales: Doubles(scales)))
  }
}

/// Divides by the largest absolute value: the range -1 to 1, zero stays zero. As `MaxAbsScaler`.
public struct MaxAbsScale: RecipeStep {
  public static let name = "max-abs-scale"
  public var columns: ColumnSelection

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection) { self.columns = columns }

  public func fit(_ input: StepInput) throws -> StepFit {
    let scales = try input.presentColumns().map { Numbers.scale($0.values.map(abs).max() ?? 0) }
    let centers = [Double](repeating: 0, count: scales.count)
    return StepFit(replacing: input, by: FittedScale(centers: Doubles(centers), scales: Doubles(scales)))
  }
}

struct FittedScale: Columnwise {
  static let name = "scale"
  let centers: Doubles
  let scales: Doubles
  func map(_ value: Double, column: Int) -> Double { (value - centers.values[column]) / scales.values[column] }
}

/// Maps the smallest value to `lower` and the largest to `upper`. As `MinMaxScaler`.
public struct MinMaxScale: RecipeStep {
  public static let name = "min-max-scale"
  public var columns: ColumnSelection
  public var lower: Double
  public var upper: Double
  /// Whether rows outside the training rows' range are held within it.
  public var clip: Bool

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, lower: Double = 0, upper: Double = 1, clip: Bool = false) {
    self.columns = columns
    self.lower = lower
    self.upper = upper
    self.clip = clip
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard lower < upper else { throw input.settingError("the range", "\(lower) to \(upper)", expected: "lower less than upper") }
    var factors: [Double] = [], offsets: [Double] = []
    for (values, _) in try input.presentColumns() {
      let smallest = values.min() ?? 0, largest = values.max() ?? 0
      let factor = (upper - lower) / Numbers.scale(largest - smallest)
      factors.append(factor)
      offsets.append(lower - smallest * factor)
    }
    return StepFit(
      replacing: input,
      by: FittedRange(factors: Doubles(factors), offsets: Doubles(offsets), limits: clip ? Doubles([lower, upper]) : nil))
  }
}

struct FittedRange: Columnwise {
  static let name = "range"
  let factors: Doubles
  let offsets: Doubles
  let limits: Doubles?
  func map(_ value: Double, column: Int) -> Double {
    let scaled = value * factors.values[column] + offsets.values[column]
    guard let limits, !scaled.isNaN else { return scaled }
    return min(max(scaled, limits.values[0]), limits.values[1])
  }
}
