import Foundation

/// Quantiles of distributions and of samples.
enum Quantile {
  /// The standard normal quantile: Acklam's rational approximation, polished by one step of Halley's method to full precision.
  static func normal(_ probability: Double) -> Double {
    guard probability > 0, probability < 1 else { return probability <= 0 ? -.infinity : .infinity }
    let a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716, 2.506628277459239]
    let b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572]
    let c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783]
    let d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416]
    func horner(_ coefficients: [Double], _ x: Double) -> Double { coefficients.reduce(0) { $0 * x + $1 } }
    var x: Double
    if probability < 0.02425 || probability > 1 - 0.02425 {
      let q = sqrt(-2 * log(min(probability, 1 - probability)))
      x = horner(c, q) / (horner(d, q) * q + 1)
      if probability > 0.5 { x = -x }
    } else {
      let q = probability - 0.5
      let r = q * q
      x = horner(a, r) * q / (horner(b, r) * r + 1)
    }
    let error = 0.5 * erfc(-x / 2.0.squareRoot()) - probability
    let step = error * (2 * Double.pi).squareRoot() * exp(x * x / 2)
    return x - step / (1 + x * step / 2)
  }

  /// Student's t quantile.
  static func student(_ probability: Double, degrees: Double) -> Double {
    Distribution.studentQuantile(probability, degrees: degrees)
  }

  /// The quantile of sorted values, between neighbours in proportion (NumPy's default).
  static func sorted(_ values: [Double], _ probability: Double) -> Double {
    guard let last = values.last else { return .nan }
    let position = min(max(probability, 0), 1) * Double(values.count - 1)
    let index = Int(position)
    guard index + 1 < values.count else { return last }
    return values[index] + (values[index + 1] - values[index]) * (position - Double(index))
  }

  /// The weighted quantile of values: the inverse of their distribution function, the mean of both neighbours where it is met exactly
  /// (Hyndman and Fan's second definition; scikit-learn's averaged one). Rows of weight zero do not count.
  static func weighted(_ values: [Double], weights: [Double]?, _ probability: Double) -> Double {
    let order = values.indices.filter { weights?[$0] != 0 }.sorted { values[$0] < values[$1] }
    guard let last = order.last else { return .nan }
    var sums: [Double] = []
    sums.reserveCapacity(order.count)
    var sum = 0.0
    for index in order {
      sum += weights?[index] ?? 1
      sums.append(sum)
    }
    let target = max(probability * sum, .leastNonzeroMagnitude)
    let place = sums.firstIndex { $0 >= target } ?? order.count - 1
    guard sums[place] - target <= .ulpOfOne, place + 1 < order.count else {
      return place < order.count ? values[order[place]] : values[last]
    }
    return (values[order[place]] + values[order[place + 1]]) / 2
  }
}

/// Exact tests on counts.
enum Binomial {
  /// The probability of `limit` successes or fewer in `trials` fair trials.
  static func halfCumulative(_ limit: Int, of trials: Int) -> Double {
    guard limit < trials else { return 1 }
    let scale = lgamma(Double(trials) + 1) - Double(trials) * log(2.0)
    return (0...max(limit, 0)).reduce(0.0) { sum, k in sum + exp(scale - lgamma(Double(k) + 1) - lgamma(Double(trials - k) + 1)) }
  }
}
