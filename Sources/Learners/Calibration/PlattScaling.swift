import Foundation

/// A sigmoid of scores (Platt 1999, with the targets that he gives): `1 / (1 + exp(slope score + offset))`, the slope being negative where
/// higher scores mean yes.
public struct PlattScaling: Sendable, Hashable, Codable {
  public var slope: Double
  public var offset: Double

  public init(slope: Double, offset: Double) {
    self.slope = slope
    self.offset = offset
  }

  /// The most likely sigmoid, by Newton's method with backtracking (Lin, Lin and Weng 2007), from which scikit-learn's differs by rounding.
  /// - Parameter weights: one a score; ones if `nil`.
  public init(scores: [Double], positives: [Bool], weights: [Double]? = nil) {
    let weights = weights ?? [Double](repeating: 1, count: scores.count)
    var yes = 0.0, no = 0.0
    for (isPositive, weight) in zip(positives, weights) { if isPositive { yes += weight } else { no += weight } }
    let high = (yes + 1) / (yes + 2), low = 1 / (no + 2)
    // Scores of any size: a slope that fits them is found in their own unit.
    let unit = max(scores.map { abs($0) }.max() ?? 0, 1e-300)
    let scaled = scores.map { $0 / unit }
    var a = 0.0, b = log((no + 1) / (yes + 1))
    func loss(_ a: Double, _ b: Double) -> Double {
      var sum = 0.0
      for place in scaled.indices {
        let target = positives[place] ? high : low, z = a * scaled[place] + b
        sum += weights[place] * (z >= 0 ? target * z + log1p(exp(-z)) : (target - 1) * z + log1p(exp(z)))
      }
      return sum
    }
    var value = loss(a, b)
    for _ in 0..<200 {
      var h11 = 0.0, h22 = 0.0, h21 = 0.0, g1 = 0.0, g2 = 0.0
      for place in scaled.indices {
        let target = positives[place] ? high : low
        let p = LogisticModel.sigmoid(-(a * scaled[place] + b))
        let curvature = weights[place] * p * (1 - p), slope = weights[place] * (target - p)
        h11 += scaled[place] * scaled[place] * curvature
        h22 += curvature
        h21 += scaled[place] * curvature
        g1 += scaled[place] * slope
        g2 += slope
      }
      if abs(g1) < 1e-12, abs(g2) < 1e-12 { break }
      let ridge = 1e-14 * max(h11 + h22, 1e-280)
      let determinant = (h11 + ridge) * (h22 + ridge) - h21 * h21
      guard determinant > 0 else { break }
      let stepA = -((h22 + ridge) * g1 - h21 * g2) / determinant, stepB = -((h11 + ridge) * g2 - h21 * g1) / determinant
      let descent = g1 * stepA + g2 * stepB
      var step = 1.0, moved = false
      while step >= 1e-10 {
        let next = loss(a + step * stepA, b + step * stepB)
        if next < value + 1e-4 * step * descent + 4 * Double.ulpOfOne * abs(value) {
          moved = abs(step * stepA) > 1e-15 * abs(a) || abs(step * stepB) > 1e-15 * abs(b)
          a += step * stepA
          b += step * stepB
          value = next
          break
        }
        step /= 2
      }
      if !moved { break }
    }
    slope = a / unit
    offset = b
  }

  public func probability(_ score: Double) -> Double { LogisticModel.sigmoid(-(slope * score + offset)) }
}

/// A rising step function through pairs of scores and targets: least squares by pooling neighbours that violate the order (Ayer and others
/// 1955), straight lines between.
public struct IsotonicScaling: Sendable, Hashable, Codable {
  /// Ascending.
  public var scores: [Double]
  /// Not falling.
  public var values: [Double]

  public init(scores: [Double], targets: [Double], weights: [Double]? = nil) {
    let weights = weights ?? [Double](repeating: 1, count: scores.count)
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    // Equal scores are one point with their mean target.
    var x: [Double] = [], y: [Double] = [], w: [Double] = []
    for place in order where weights[place] > 0 {
      if let last = x.last, last == scores[place] {
        let total = w[w.count - 1] + weights[place]
        y[y.count - 1] += (targets[place] - y[y.count - 1]) * weights[place] / total
        w[w.count - 1] = total
      } else {
        x.append(scores[place])
        y.append(targets[place])
        w.append(weights[place])
      }
    }
    var blocks: [(value: Double, weight: Double, count: Int)] = []
    for (value, weight) in zip(y, w) {
      var block = (value: value, weight: weight, count: 1)
      while let last = blocks.last, last.value >= block.value {
        let total = last.weight + block.weight
        block = ((last.value * last.weight + block.value * block.weight) / total, total, last.count + block.count)
        blocks.removeLast()
      }
      blocks.append(block)
    }
    let fitted = blocks.flatMap { [Double](repeating: $0.value, count: $0.count) }
    // Points inside a level stretch say nothing that its ends do not say.
    let kept = fitted.indices.filter { place in
      place == 0 || place == fitted.count - 1 || fitted[place] != fitted[place - 1] || fitted[place] != fitted[place + 1]
    }
    self.scores = kept.map { x[$0] }
    values = kept.map { fitted[$0] }
  }

  init(scores: [Double], values: [Double]) {
    self.scores = scores
    self.values = values
  }

  /// The value at a score; beyond the ends, that of the end.
  public func value(_ score: Double) -> Double {
    guard let first = scores.first, let last = scores.last else { return 0.5 }
    if !(score > first) { return values[0] }
    if score >= last { return values[values.count - 1] }
    var low = 0, high = scores.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if scores[middle] <= score { low = middle } else { high = middle }
    }
    let share = (score - scores[low]) / (scores[high] - scores[low])
    return values[low] + share * (values[high] - values[low])
  }
}

/// One factor for all log probabilities (Guo and others 2017): it changes how sure a model is, and never what it decides.
public struct TemperatureScaling: Sendable, Hashable, Codable {
  /// What log probabilities are multiplied by: the inverse of the temperature.
  public var factor: Double

  public init(factor: Double) { self.factor = factor }

  /// The factor of least log loss, by golden section on its logarithm.
  /// - Parameters:
  ///   - logits: row-major, `[rows, classes]`.
  ///   - codes: a class a row.
  public init(logits: [Double], codes: [Int], classes: Int, weights: [Double]? = nil) {
    func loss(_ exponent: Double) -> Double {
      let factor = exp(exponent)
      var sum = 0.0
      for (row, code) in codes.enumerated() {
        var largest = -Double.infinity
        for place in row * classes..<(row + 1) * classes { largest = max(largest, factor * logits[place]) }
        var total = 0.0
        for place in row * classes..<(row + 1) * classes { total += exp(factor * logits[place] - largest) }
        sum += (weights?[row] ?? 1) * (largest + log(total) - factor * logits[row * classes + code])
      }
      return sum
    }
    // The loss is convex in the factor, so it has one valley on the logarithm, too.
    let golden = (5.0.squareRoot() - 1) / 2
    var low = -8.0, high = 8.0
    var a = high - golden * (high - low), b = low + golden * (high - low)
    var lossA = loss(a), lossB = loss(b)
    while high - low > 1e-9 {
      if lossA <= lossB {
        (high, b, lossB) = (b, a, lossA)
        a = high - golden * (high - low)
        lossA = loss(a)
      } else {
        (low, a, lossA) = (a, b, lossB)
        b = low + golden * (high - low)
        lossB = loss(b)
      }
    }
    factor = exp((low + high) / 2)
  }
}
