import MartletCore

/// Quantiles of samples.
enum Quantile {
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
