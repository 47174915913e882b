import Foundation

/// Limited-memory BFGS (Nocedal 1980), with a penalty on absolute values if wanted (OWL-QN: Andrew and Gao 2007).
struct QuasiNewton {
  var iterations: Int
  /// The search ends when no component of the gradient is larger.
  var tolerance: Double
  var memory = 20
  /// The weight of each parameter's absolute value, or `nil`.
  var absolute: [Double]?

  struct Outcome {
    var point: [Double]
    var value: Double
    var iterations: Int
    var converged: Bool
  }

  /// - Parameter evaluate: the smooth part's value and gradient.
  func minimize(from start: [Double], _ evaluate: ([Double]) throws -> (value: Double, gradient: [Double])) throws -> Outcome {
    var point = start
    var (value, gradient) = try full(point, evaluate)
    var steps: [(s: [Double], y: [Double], rho: Double)] = []
    // Rounds in a row whose fall cannot be told from rounding.
    var still = 0
    for iteration in 0..<iterations {
      try Task.checkCancellation()
      let slope = pseudoGradient(point, gradient)
      if (slope.map { abs($0) }.max() ?? 0) <= tolerance {
        return Outcome(point: point, value: value, iterations: iteration, converged: true)
      }
      var direction = twoLoop(slope, steps)
      if absolute != nil {
        // A step may not leave the orthant that the slope points into.
        for place in direction.indices where direction[place] * slope[place] >= 0 { direction[place] = 0 }
      }
      var descent = Self.dot(direction, slope)
      if descent >= 0 {
        steps = []
        direction = slope.map { -$0 }
        descent = -Self.dot(slope, slope)
      }
      let length = steps.isEmpty ? min(1, 1 / (slope.reduce(0) { $0 + abs($1) })) : 1
      guard let next = try search(point, value, slope, direction, descent, length, evaluate) else {
        // No smaller value can be told from rounding.
        if !steps.isEmpty {
          steps = []
          continue
        }
        let scale = max(1, abs(value))
        let done = (slope.map { abs($0) }.max() ?? 0) <= max(tolerance, 1e-7 * scale)
        return Outcome(point: point, value: value, iterations: iteration, converged: done)
      }
      let s = zip(next.point, point).map { $0 - $1 }, y = zip(next.gradient, gradient).map { $0 - $1 }
      let product = Self.dot(s, y)
      if product > 1e-300, product > 1e-14 * Self.dot(s, s) {
        steps.append((s, y, 1 / product))
        if steps.count > memory { steps.removeFirst() }
      }
      still = next.value < value - 4 * Double.ulpOfOne * abs(value) ? 0 : still + 1
      (point, value, gradient) = next
      if still == 10 {
        let steepest = pseudoGradient(point, gradient).map { abs($0) }.max() ?? 0
        return Outcome(
          point: point, value: value, iterations: iteration + 1, converged: steepest <= max(tolerance, 1e-7 * max(1, abs(value))))
      }
    }
    let last = (pseudoGradient(point, gradient).map { abs($0) }.max() ?? 0) <= tolerance
    return Outcome(point: point, value: value, iterations: iterations, converged: last)
  }

  private func full(
    _ point: [Double], _ evaluate: ([Double]) throws -> (value: Double, gradient: [Double])
  ) throws -> (Double, [Double]) {
    let (value, gradient) = try evaluate(point)
    guard let absolute else { return (value, gradient) }
    return (value + zip(point, absolute).reduce(0) { $0 + abs($1.0) * $1.1 }, gradient)
  }

  private func pseudoGradient(_ point: [Double], _ gradient: [Double]) -> [Double] {
    guard let absolute else { return gradient }
    return gradient.indices.map { place in
      let (g, c) = (gradient[place], absolute[place])
      if point[place] != 0 { return point[place] > 0 ? g + c : g - c }
      return g + c < 0 ? g + c : g - c > 0 ? g - c : 0
    }
  }

  private func twoLoop(_ slope: [Double], _ steps: [(s: [Double], y: [Double], rho: Double)]) -> [Double] {
    var direction = slope.map { -$0 }
    var factors = [Double](repeating: 0, count: steps.count)
    for place in steps.indices.reversed() {
      factors[place] = steps[place].rho * Self.dot(steps[place].s, direction)
      Self.add(&direction, -factors[place], steps[place].y)
    }
    if let last = steps.last {
      let scale = 1 / (last.rho * Self.dot(last.y, last.y))
      for place in direction.indices { direction[place] *= scale }
    }
    for place in steps.indices {
      Self.add(&direction, factors[place] - steps[place].rho * Self.dot(steps[place].y, direction), steps[place].s)
    }
    return direction
  }

  /// Bisection for the weak Wolfe conditions; with absolute values only the first, on steps kept in the orthant.
  private func search(
    _ point: [Double], _ value: Double, _ slope: [Double], _ direction: [Double], _ descent: Double, _ start: Double,
    _ evaluate: ([Double]) throws -> (value: Double, gradient: [Double])
  ) throws -> (point: [Double], value: Double, gradient: [Double])? {
    var step = start, low = 0.0, high = Double.infinity
    // Differences of this size are rounding, not progress.
    let slack = 4 * Double.ulpOfOne * abs(value)
    for _ in 0..<60 {
      var tried = point
      Self.add(&tried, step, direction)
      if absolute != nil {
        for place in tried.indices {
          let sign = point[place] != 0 ? point[place] : -slope[place]
          if tried[place] * sign < 0 { tried[place] = 0 }
        }
      }
      let (newValue, gradient) = try full(tried, evaluate)
      let along = Self.dot(gradient, direction)
      // Near the end the value's rounding hides its fall; there the slope's size decides.
      let falls =
        newValue <= value + 1e-4 * step * descent
        || (absolute == nil && newValue <= value + slack && abs(along) <= 0.9 * abs(descent))
        || (absolute != nil && newValue < value && step * abs(descent) < 1e3 * slack)
      if !newValue.isFinite || !falls {
        high = step
      } else if absolute == nil, along < 0.9 * descent {
        low = step
      } else {
        return (tried, newValue, gradient)
      }
      step = high.isFinite ? (low + high) / 2 : 2 * step
    }
    return nil
  }

  static func dot(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in RowMatrix.dot(a, 0, b, 0, a.count) } }
  }

  static func add(_ a: inout [Double], _ factor: Double, _ b: [Double]) {
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeBufferPointer { b in for place in 0..<a.count { a[place] += factor * b[place] } }
    }
  }
}
