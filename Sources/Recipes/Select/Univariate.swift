import Foundation
import MartletCore
import Tables

/// Keeps the features that say most about the target, each judged by itself. As `SelectKBest` and `SelectPercentile`.
public struct SelectBest: RecipeStep {
  public enum Score: String, Hashable, Sendable, Codable, CaseIterable {
    /// F for classes (analysis of variance) or for values (linear regression), as the target is.
    case f
    /// For counts and frequencies, 0 or more, and classes.
    case chiSquared = "chi-squared"
    /// In nats (Kraskov 2004, Ross 2014).
    case mutualInformation = "mutual-information"
  }
  public static let name = "select-best"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean, .sparse]
  public var columns: ColumnSelection
  public var score: Score
  /// How many features stay.
  public var count: Int?
  /// Or how many of a hundred.
  public var percent: Double?
  /// Of the estimate of mutual information.
  public var neighbours: Int

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, score: Score = .f, count: Int? = nil, percent: Double? = nil, neighbours: Int = 3) {
    self.columns = columns
    self.score = score
    self.count = count
    self.percent = percent
    self.neighbours = neighbours
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    if let count, count < 1 { throw input.settingError("count", count, expected: "1 or more") }
    if let percent, !(0...100).contains(percent) { throw input.settingError("percent", percent, expected: "0 to 100") }
    let target = try input.requireTarget(Self.name)
    let view = FeatureView(input)
    if score == .chiSquared {
      guard case .classes = target else { throw RecipeError("chi-squared judges classes", expected: "a classification target") }
    }
    let scores = try Parallel.map(view.count, threads: input.context.threads) { feature -> Double in
      let values = try view.complete(feature, input)
      let column = input.columns[view.places[feature].input]
      switch score {
      case .f: return Scores.f(values, target)
      case .chiSquared:
        if let row = values.firstIndex(where: { $0 < 0 }) {
          throw RecipeError(
            "column '\(column.name)' holds \(values[row]) in row \(row)", expected: "0 or more for chi-squared", column: column.name,
            row: row,
            value: "\(values[row])")
        }
        return Scores.chiSquared(values, target)
      case .mutualInformation:
        let isDiscrete = column.levels != nil || column.kind == .boolean || column.kind == .sparse
        return Scores.mutualInformation(values, isDiscrete: isDiscrete, target, neighbours: neighbours)
      }
    }
    let wanted = percent.map { $0 / 100 * Double(view.count) } ?? Double(count ?? min(10, view.count))
    let keep = min(view.count, max(1, percent == nil ? Int(wanted) : Int(wanted.rounded(.up))))
    // Of equal scores the later feature stays, as in scikit-learn. A feature without a score goes first.
    let order = scores.indices.sorted {
      let (a, b) = (scores[$0].isNaN ? -Double.infinity : scores[$0], scores[$1].isNaN ? -Double.infinity : scores[$1])
      return a == b ? $0 > $1 : a > b
    }
    let best = Set(order.prefix(keep))
    return try view.keeping(scores.indices.map { best.contains($0) }, scores: scores, of: input)
  }
}

/// What a feature says about a target.
enum Scores {
  static func f(_ values: [Double], _ target: Target) -> Double {
    switch target {
    case .classes(let classes, let labels):
      var sums = [Double](repeating: 0, count: labels.count), counts = sums
      let center = Numbers.mean(values)
      // Shifted by the mean, so that the difference of sums of squares keeps its digits.
      let shifted = values.map { $0 - center }
      for (row, label) in classes.enumerated() {
        sums[label] += shifted[row]
        counts[label] += 1
      }
      let total = Numbers.sum(shifted)
      let correction = total * total / Double(values.count)
      let all = Numbers.sum(shifted.lazy.map { $0 * $0 }) - correction
      let between = zip(sums, counts).reduce(0) { $1.1 > 0 ? $0 + $1.0 * $1.0 / $1.1 : $0 } - correction
      let present = counts.count { $0 > 0 }
      return (between / Double(present - 1)) / ((all - between) / Double(values.count - present))
    case .values(let y):
      let (meanX, meanY) = (Numbers.mean(values), Numbers.mean(y))
      let xy = Numbers.sum(zip(values, y).lazy.map { ($0 - meanX) * ($1 - meanY) })
      let xx = Numbers.sum(values.lazy.map { ($0 - meanX) * ($0 - meanX) }), yy = Numbers.sum(y.lazy.map { ($0 - meanY) * ($0 - meanY) })
      let square = xy * xy / (xx * yy)
      // A feature without variance says nothing; a perfect one all there is.
      if square.isNaN { return 0 }
      let value = square / (1 - square) * Double(values.count - 2)
      return value.isFinite ? value : .greatestFiniteMagnitude
    }
  }

  static func chiSquared(_ values: [Double], _ target: Target) -> Double {
    guard case .classes(let classes, let labels) = target else { return .nan }
    var observed = [Double](repeating: 0, count: labels.count), counts = observed
    for (row, label) in classes.enumerated() {
      observed[label] += values[row]
      counts[label] += 1
    }
    let total = observed.reduce(0, +)
    return zip(observed, counts).reduce(0) { sum, pair in
      let expected = pair.1 / Double(values.count) * total
      return pair.1 > 0 ? sum + (pair.0 - expected) * (pair.0 - expected) / expected : sum
    }
  }

  static func mutualInformation(_ values: [Double], isDiscrete: Bool, _ target: Target, neighbours: Int) -> Double {
    switch (target, isDiscrete) {
    case (.classes(let classes, _), true): return discrete(ranks(values), classes)
    case (.classes(let classes, _), false): return mixed(scaled(values), classes, neighbours)
    case (.values(let y), true): return mixed(scaled(y), ranks(values), neighbours)
    case (.values(let y), false): return continuous(scaled(values), scaled(y), neighbours)
    }
  }

  private static func scaled(_ values: [Double]) -> [Double] {
    let deviation = Numbers.variance(values, mean: Numbers.mean(values)).squareRoot()
    return deviation > 0 ? values.map { $0 / deviation } : values
  }

  private static func ranks(_ values: [Double]) -> [Int] {
    let places = Dictionary(uniqueKeysWithValues: Set(values).sorted().enumerated().map { ($1, $0) })
    return values.map { places[$0] ?? 0 }
  }

  private static func discrete(_ a: [Int], _ b: [Int]) -> Double {
    var joint: [Int: Double] = [:], countA: [Int: Double] = [:], countB: [Int: Double] = [:]
    for (x, y) in zip(a, b) {
      joint[x << 32 | y, default: 0] += 1
      countA[x, default: 0] += 1
      countB[y, default: 0] += 1
    }
    let count = Double(a.count)
    return max(
      0,
      joint.sorted { $0.key < $1.key }.reduce(0) { sum, entry in
        let own = (countA[entry.key >> 32] ?? 1) * (countB[entry.key & 0xFFFF_FFFF] ?? 1)
        return sum + entry.value / count * log(entry.value * count / own)
      })
  }

  /// Ross: a continuous variable against a discrete one.
  private static func mixed(_ values: [Double], _ labels: [Int], _ neighbours: Int) -> Double {
    let groups = Dictionary(grouping: values.indices, by: { labels[$0] })
    let taken = groups.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
    let all = taken.flatMap(\.value).map { values[$0] }.sorted()
    guard !all.isEmpty else { return 0 }
    var sumK = 0.0, sumCount = 0.0, sumNear = 0.0
    for (_, rows) in taken {
      let sorted = rows.map { values[$0] }.sorted()
      let k = min(neighbours, sorted.count - 1)
      for (place, value) in sorted.enumerated() {
        let radius = distance(sorted, place, k).nextDown
        sumNear += digamma(Double(within(all, value, max(radius, 0))))
      }
      sumK += digamma(Double(k)) * Double(sorted.count)
      sumCount += digamma(Double(sorted.count)) * Double(sorted.count)
    }
    let count = Double(all.count)
    return max(0, digamma(count) + sumK / count - sumCount / count - sumNear / count)
  }

  /// Kraskov: two continuous variables.
  private static func continuous(_ x: [Double], _ y: [Double], _ neighbours: Int) -> Double {
    let order = x.indices.sorted { x[$0] < x[$1] }
    let sortedX = order.map { x[$0] }, alongX = order.map { y[$0] }, sortedY = y.sorted()
    let k = min(neighbours, x.count - 1)
    guard k >= 1 else { return 0 }
    var sumX = 0.0, sumY = 0.0
    for place in sortedX.indices {
      // The nearest in the larger of the two differences: outwards along x until x alone is too far.
      var best = [Double](repeating: .infinity, count: k)
      func offer(_ other: Int) {
        let distance = max(abs(sortedX[other] - sortedX[place]), abs(alongX[other] - alongX[place]))
        guard distance < best[k - 1] else { return }
        var at = k - 1
        while at > 0, best[at - 1] > distance {
          best[at] = best[at - 1]
          at -= 1
        }
        best[at] = distance
      }
      var below = place - 1, above = place + 1
      while true {
        let left = below >= 0 ? sortedX[place] - sortedX[below] : .infinity
        let right = above < sortedX.count ? sortedX[above] - sortedX[place] : .infinity
        if min(left, right) >= best[k - 1] || (below < 0 && above >= sortedX.count) { break }
        if left <= right {
          offer(below)
          below -= 1
        } else {
          offer(above)
          above += 1
        }
      }
      let radius = max(best[k - 1].nextDown, 0)
      sumX += digamma(Double(within(sortedX, sortedX[place], radius)))
      sumY += digamma(Double(within(sortedY, alongX[place], radius)))
    }
    let count = Double(x.count)
    return max(0, digamma(count) + digamma(Double(k)) - sumX / count - sumY / count)
  }

  /// The distance to the k-th nearest other value of a sorted list.
  private static func distance(_ sorted: [Double], _ place: Int, _ k: Int) -> Double {
    var below = place - 1, above = place + 1, far = 0.0
    for _ in 0..<k {
      let left = below >= 0 ? sorted[place] - sorted[below] : .infinity
      let right = above < sorted.count ? sorted[above] - sorted[place] : .infinity
      if left <= right {
        far = left
        below -= 1
      } else {
        far = right
        above += 1
      }
    }
    return far
  }

  /// How many values of a sorted list lie within the radius, the value itself among them.
  private static func within(_ sorted: [Double], _ value: Double, _ radius: Double) -> Int {
    func first(_ isPast: (Double) -> Bool) -> Int {
      var low = 0, high = sorted.count
      while low < high {
        let middle = (low + high) / 2
        if isPast(sorted[middle]) { high = middle } else { low = middle + 1 }
      }
      return low
    }
    return max(1, first { $0 - value > radius } - first { value - $0 <= radius })
  }

  static func digamma(_ value: Double) -> Double {
    var x = value, result = 0.0
    while x < 12 {
      result -= 1 / x
      x += 1
    }
    let r = 1 / (x * x)
    return result + log(x) - 0.5 / x - r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))
  }
}
