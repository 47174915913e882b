import Foundation

/// Sums and order statistics as NumPy takes them.
enum Numbers {
  /// A sum whose error does not grow with the count (Neumaier).
  static func sum(_ values: some Sequence<Double>) -> Double {
    var total = 0.0, lost = 0.0
    for value in values {
      let next = total + value
      lost += abs(total) >= abs(value) ? (total - next) + value : (value - next) + total
      total = next
    }
    return total.isFinite ? total + lost : total
  }

  static func mean(_ values: [Double]) -> Double { values.isEmpty ? .nan : sum(values) / Double(values.count) }

  /// The population variance.
  static func variance(_ values: [Double], mean: Double) -> Double {
    sum(values.lazy.map { ($0 - mean) * ($0 - mean) }) / Double(values.count)
  }

  static func present(_ values: [Double]) -> [Double] { values.filter { !$0.isNaN } }

  /// NumPy's linear percentile of sorted values.
  static func percentile(sorted: [Double], _ share: Double) -> Double {
    guard let first = sorted.first, let last = sorted.last else { return .nan }
    let place = share * Double(sorted.count - 1)
    if place <= 0 { return first }
    if place >= Double(sorted.count - 1) { return last }
    let below = Int(place)
    let t = place - Double(below), a = sorted[below], b = sorted[below + 1]
    return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  }

  /// `count` numbers from `first` to `last`, both included, as `numpy.linspace`.
  static func spaced(_ first: Double, _ last: Double, _ count: Int) -> [Double] {
    guard count > 1 else { return [first] }
    let step = (last - first) / Double(count - 1)
    var values = (0..<count).map { Double($0) * step + first }
    values[count - 1] = last
    return values
  }

  /// Whether a variance is nothing but rounding.
  static func isConstant(variance: Double, mean: Double, count: Double) -> Bool {
    let bound = count * Double.ulpOfOne * variance + (count * mean * Double.ulpOfOne) * (count * mean * Double.ulpOfOne)
    return variance <= bound
  }

  /// Scales that are nothing but rounding become 1.
  static func scale(_ value: Double) -> Double { value < 10 * Double.ulpOfOne ? 1 : value }

  /// The smallest value of a function of one variable by Brent's method, within a bracket.
  static func minimise(_ lower: Double, _ upper: Double, tolerance: Double = 1e-10, _ function: (Double) -> Double) -> Double {
    let golden = 0.3819660112501051
    var a = lower, b = upper
    var x = a + golden * (b - a)
    var w = x, v = x
    var fx = function(x)
    var fw = fx, fv = fx
    var step = 0.0, before = 0.0
    for _ in 0..<200 {
      let middle = (a + b) / 2
      let near = tolerance * abs(x) + 1e-12
      if abs(x - middle) <= 2 * near - (b - a) / 2 { break }
      var isGolden = true
      if abs(before) > near {
        let r = (x - w) * (fx - fv)
        var q = (x - v) * (fx - fw)
        var p = (x - v) * q - (x - w) * r
        q = 2 * (q - r)
        if q > 0 { p = -p } else { q = -q }
        let last = before
        before = step
        if abs(p) < abs(q * last / 2), p > q * (a - x), p < q * (b - x) {
          step = p / q
          let u = x + step
          if u - a < 2 * near || b - u < 2 * near { step = x < middle ? near : -near }
          isGolden = false
        }
      }
      if isGolden {
        before = x < middle ? b - x : a - x
        step = golden * before
      }
      let u = abs(step) >= near ? x + step : x + (step > 0 ? near : -near)
      let fu = function(u)
      if fu <= fx {
        if u < x { b = x } else { a = x }
        (v, fv) = (w, fw)
        (w, fw) = (x, fx)
        (x, fx) = (u, fu)
      } else {
        if u < x { a = u } else { b = u }
        if fu <= fw || w == x {
          (v, fv) = (w, fw)
          (w, fw) = (u, fu)
        } else if fu <= fv || v == x || v == w {
          (v, fv) = (u, fu)
        }
      }
    }
    return x
  }
}
