import Torch

/// A point on the ray that a line search looks along.
struct LinePoint {
  /// How far along.
  let step: Double
  let loss: Double
  let gradient: Tensor
  /// The loss's derivative along the ray.
  let slope: Double
}

/// A line search by bracketing and cubic interpolation until the strong Wolfe conditions hold (Nocedal and Wright: "Numerical
/// Optimization", algorithms 3.5 and 3.6), deciding as PyTorch's L-BFGS does.
struct StrongWolfe {
  /// The loss must fall by this share of what the slope promises.
  let decrease = 1e-4
  /// The slope must become flatter by this factor.
  let curvature = 0.9
  /// A bracket that moves no weight by more is small enough.
  let tolerance = 1e-9
  /// Where the ray begins.
  let start: LinePoint
  /// The largest magnitude in the ray's direction.
  let reach: Double
  /// Evaluations after the first.
  let limit: Int

  private struct Bracket {
    var ends: [LinePoint]
    var low = 0
    var high: Int { 1 - low }
    var least: Double { min(ends[0].step, ends[1].step) }
    var most: Double { max(ends[0].step, ends[1].step) }

    init(_ ends: [LinePoint]) {
      self.ends = ends
      sort()
    }

    mutating func sort() { low = ends[0].loss <= ends[ends.count - 1].loss ? 0 : 1 }
  }

  /// - Parameters:
  ///   - first: how far along to look first.
  ///   - evaluate: the point so far along.
  /// - Returns: the point to go to, and how often the loss was evaluated.
  func search(first: Double, _ evaluate: (Double) throws -> LinePoint) throws -> (point: LinePoint, evaluations: Int) {
    var evaluations = 1
    var current = try evaluate(first)
    var previous = start
    var found: Bracket?
    while found == nil, evaluations - 1 < limit {
      if !fallsEnough(current) || (evaluations > 2 && current.loss >= previous.loss) {
        found = Bracket([previous, current])
      } else if isFlat(current) {
        return (current, evaluations)
      } else if current.slope >= 0 {
        found = Bracket([previous, current])
      } else {
        let bounds = (current.step + 0.01 * (current.step - previous.step), current.step * 10)
        let next = try evaluate(Self.interpolate(previous, current, bounds))
        (previous, current) = (current, next)
        evaluations += 1
      }
    }
    guard var bracket = found else {
      let bracket = Bracket([start, current])
      return (bracket.ends[bracket.low], evaluations)
    }
    try zoom(&bracket, &evaluations, evaluate)
    return (bracket.ends[bracket.low], evaluations)
  }

  private func zoom(_ bracket: inout Bracket, _ evaluations: inout Int, _ evaluate: (Double) throws -> LinePoint) throws {
    var wasStuck = false
    while evaluations - 1 < limit, (bracket.most - bracket.least) * reach >= tolerance {
      var step = Self.interpolate(bracket.ends[0], bracket.ends[1], nil)
      // Twice near an end in a row, or at it: take a tenth of the way instead.
      let margin = 0.1 * (bracket.most - bracket.least)
      let isNearEnd = min(bracket.most - step, step - bracket.least) < margin
      if isNearEnd, wasStuck || step >= bracket.most || step <= bracket.least {
        step = abs(step - bracket.most) < abs(step - bracket.least) ? bracket.most - margin : bracket.least + margin
        wasStuck = false
      } else {
        wasStuck = isNearEnd
      }
      let point = try evaluate(step)
      evaluations += 1
      if !fallsEnough(point) || point.loss >= bracket.ends[bracket.low].loss {
        bracket.ends[bracket.high] = point
        bracket.sort()
        continue
      }
      let isDone = isFlat(point)
      if !isDone, point.slope * (bracket.ends[bracket.high].step - bracket.ends[bracket.low].step) >= 0 {
        bracket.ends[bracket.high] = bracket.ends[bracket.low]
      }
      bracket.ends[bracket.low] = point
      if isDone { return }
    }
  }

  private func fallsEnough(_ point: LinePoint) -> Bool { !(point.loss > start.loss + decrease * point.step * start.slope) }

  private func isFlat(_ point: LinePoint) -> Bool { abs(point.slope) <= -curvature * start.slope }

  /// The minimum of the cubic through two points with their slopes, within bounds (the points themselves if `nil`).
  private static func interpolate(_ a: LinePoint, _ b: LinePoint, _ bounds: (Double, Double)?) -> Double {
    let (left, right) = a.step <= b.step ? (a, b) : (b, a)
    let (least, most) = bounds ?? (left.step, right.step)
    let d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step)
    let square = d1 * d1 - a.slope * b.slope
    guard square >= 0 else { return (least + most) / 2 }
    let d2 = square.squareRoot()
    let minimum = right.step - (right.step - left.step) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2))
    return min(max(minimum, least), most)
  }
}
