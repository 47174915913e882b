import Foundation

/// Makes skewed columns look normal by a power that the training rows choose (maximum likelihood), then standardises them.
///
/// Yeo and Johnson (2000) for any values, Box and Cox (1964) for positive ones. As `PowerTransformer`.
public struct PowerScale: RecipeStep {
  public enum Method: String, Hashable, Sendable, Codable, CaseIterable {
    case yeoJohnson = "yeo-johnson"
    case boxCox = "box-cox"
  }
  public static let name = "power-scale"
  public var columns: ColumnSelection
  public var method: Method
  public var standardize: Bool
  /// Given powers, one a column; `nil` to choose them.
  public var powers: [Double]?

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, method: Method = .yeoJohnson, standardize: Bool = true, powers: [Double]? = nil) {
    self.columns = columns
    self.method = method
    self.standardize = standardize
    self.powers = powers
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    if let powers, powers.count != input.columns.count {
      throw input.settingError("the number of powers", powers.count, expected: "one a column: \(input.columns.count)")
    }
    var chosen: [Double] = [], centers: [Double] = [], scales: [Double] = []
    for (place, (values, _)) in try input.presentColumns().enumerated() {
      if method == .boxCox, let wrong = values.first(where: { $0 <= 0 }) {
        throw RecipeError(
          "column '\(input.columns[place].name)' holds \(wrong)", expected: "positive values for Box-Cox", remedy: "use yeo-johnson",
          column: input.columns[place].name, value: "\(wrong)")
      }
      let moments = Moments(values, nil)
      let isConstant = values.isEmpty || Numbers.isConstant(variance: moments.variance, mean: moments.mean, count: moments.weight)
      if isConstant, method == .boxCox, powers == nil {
        throw RecipeError(
          "column '\(input.columns[place].name)' is constant", expected: "different values for Box-Cox", column: input.columns[place].name)
      }
      let power = powers?[place] ?? (isConstant ? 1 : FittedPower.power(values, method))
      chosen.append(power)
      let changed = Moments(values.map { FittedPower.change($0, power, method) }, nil)
      let isFlat = values.isEmpty || Numbers.isConstant(variance: changed.variance, mean: changed.mean, count: changed.weight)
      centers.append(standardize && !values.isEmpty ? changed.mean : 0)
      scales.append(standardize && !isFlat ? changed.variance.squareRoot() : 1)
    }
    return StepFit(
      replacing: input,
      by: FittedPower(method: method, powers: Doubles(chosen), centers: Doubles(centers), scales: Doubles(scales)))
  }
}

struct FittedPower: Columnwise {
  static let name = "power"
  let method: PowerScale.Method
  let powers: Doubles
  let centers: Doubles
  let scales: Doubles

  func map(_ value: Double, column: Int) -> Double {
    (Self.change(value, powers.values[column], method) - centers.values[column]) / scales.values[column]
  }

  static func change(_ value: Double, _ power: Double, _ method: PowerScale.Method) -> Double {
    switch method {
    case .boxCox: power == 0 ? log(value) : expm1(power * log(value)) / power
    case .yeoJohnson:
      if value >= 0 {
        abs(power) < Double.ulpOfOne ? log1p(value) : expm1(power * log1p(value)) / power
      } else {
        abs(power - 2) > Double.ulpOfOne ? -expm1((2 - power) * log1p(-value)) / (2 - power) : -log1p(-value)
      }
    }
  }

  /// The power of the highest likelihood.
  static func power(_ values: [Double], _ method: PowerScale.Method) -> Double {
    let logs =
      method == .boxCox
      ? Numbers.sum(values.lazy.map { log($0) })
      : Numbers.sum(values.lazy.map { $0 >= 0 ? log1p($0) : -log1p(-$0) })
    func loss(_ power: Double) -> Double {
      let changed = values.map { change($0, power, method) }
      let variance = Numbers.variance(changed, mean: Numbers.mean(changed))
      guard variance > 0, variance.isFinite else { return .infinity }
      return Double(values.count) / 2 * log(variance) - (power - 1) * logs
    }
    // A coarse look around first, so that a far minimum is bracketed.
    var lower = -4.0, upper = 6.0, best = 1.0, least = Double.infinity
    for _ in 0..<8 {
      let grid = Numbers.spaced(lower, upper, 41)
      for power in grid {
        let value = loss(power)
        if value < least { (best, least) = (power, value) }
      }
      let step = (upper - lower) / 40
      if best > lower + step / 2, best < upper - step / 2 { return Numbers.minimise(best - step, best + step, loss) }
      (lower, upper) = (best - 10 * (upper - lower) / 10, best + 10 * (upper - lower) / 10)
    }
    return best
  }
}
