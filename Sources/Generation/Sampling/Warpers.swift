import CGeneration

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Divides the scores: below 1 sharpens, above 1 flattens the distribution.
public struct Temperature: LogitsProcessor {
  public let temperature: Float

  /// - Parameter temperature: above 0.
  public init(_ temperature: Float) { self.temperature = temperature }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    for index in logits.indices { logits[index] /= temperature }
  }
}

/// Keeps the `count` likeliest tokens, and those that are as likely as the last of them.
public struct TopK: LogitsProcessor {
  public let count: Int

  public init(_ count: Int) { self.count = count }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    guard count < logits.count, let last = Selection.largest(count, of: UnsafeBufferPointer(logits)).last else { return }
    for index in logits.indices where logits[index] < last.score { logits[index] = -.infinity }
  }
}

/// Keeps the likeliest tokens whose probabilities reach `mass` together: nucleus sampling (Holtzman et al., 2019).
public struct TopP: LogitsProcessor {
  public let mass: Double

  /// - Parameter mass: from 0 (the likeliest token only) to 1 (all).
  public init(_ mass: Double) { self.mass = mass }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    let scores = UnsafeBufferPointer(logits)
    let shift = VectorMath.maximum(scores).value
    guard shift > -.infinity, mass < 1 else { return }
    let total = VectorMath.sumOfExponentials(scores, shift: shift)
    if let base = logits.baseAddress { _ = cg_scores_nucleus(base, Int64(logits.count), shift, mass * total) }
  }
}

/// Keeps the tokens at least `fraction` times as likely as the likeliest (Nguyen et al., "Turning up the heat", 2024).
public struct MinP: LogitsProcessor {
  public let fraction: Float

  public init(_ fraction: Float) { self.fraction = fraction }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    guard fraction > 0 else { return }
    let floor = VectorMath.maximum(UnsafeBufferPointer(logits)).value + logf(fraction)
    for index in logits.indices where logits[index] < floor { logits[index] = -.infinity }
  }
}

/// Keeps the tokens whose information is nearest to what is expected, up to `mass` (Meister et al., "Locally typical sampling", 2022).
public struct Typical: LogitsProcessor {
  public let mass: Double

  public init(_ mass: Double) { self.mass = mass }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    let scores = UnsafeBufferPointer(logits)
    let normalizer = VectorMath.logSumExp(scores)
    guard normalizer > -.infinity, mass < 1 else { return }
    let expected = Distribution.entropy(scores, normalizer: normalizer)
    var entries: [Selection.Entry] = []
    for index in scores.indices where scores[index] > -.infinity {
      let distance = abs(normalizer - scores[index] - expected)
      entries.append(Selection.Entry(score: -distance, index: Int32(truncatingIfNeeded: index)))
    }
    let kept = max(Selection.prefix(of: &entries, holding: mass) { exp(Double(scores[Int($0.index)] - normalizer)) }, 1)
    let furthest = entries.prefix(kept).reduce(Float.infinity) { min($0, $1.score) }
    for entry in entries where entry.score < furthest { logits[Int(entry.index)] = -.infinity }
  }
}

/// Keeps the tokens of at least this probability, and the likeliest (Hewitt, Manning, Liang, "Truncation sampling", 2022).
public struct EpsilonCutoff: LogitsProcessor {
  public let epsilon: Double

  public init(_ epsilon: Double) { self.epsilon = epsilon }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    Distribution.cut(logits, normalizer: VectorMath.logSumExp(UnsafeBufferPointer(logits)), below: epsilon)
  }
}

/// As `EpsilonCutoff`, with a bound that falls where the distribution is flat: min(ε, √ε · exp(−entropy)) (the same paper).
public struct EtaCutoff: LogitsProcessor {
  public let epsilon: Double

  public init(_ epsilon: Double) { self.epsilon = epsilon }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    let scores = UnsafeBufferPointer(logits)
    let normalizer = VectorMath.logSumExp(scores)
    guard normalizer > -.infinity else { return }
    let entropy = Double(Distribution.entropy(scores, normalizer: normalizer))
    Distribution.cut(logits, normalizer: normalizer, below: min(epsilon, epsilon.squareRoot() * exp(-entropy)))
  }
}

/// What several cut-offs need of the scores' softmax.
enum Distribution {
  /// −Σ p log p in nats.
  static func entropy(_ scores: UnsafeBufferPointer<Float>, normalizer: Float) -> Float {
    var sum = 0.0
    for score in scores where score > -.infinity {
      let logarithm = Double(score - normalizer)
      sum -= exp(logarithm) * logarithm
    }
    return Float(sum)
  }

  /// Forbids the tokens of less probability than `bound`, but not the likeliest.
  static func cut(_ logits: UnsafeMutableBufferPointer<Float>, normalizer: Float, below bound: Double) {
    let best = VectorMath.maximum(UnsafeBufferPointer(logits)).value
    let floor = normalizer + Float(log(bound))
    for index in logits.indices where logits[index] < floor && logits[index] < best { logits[index] = -.infinity }
  }
}

extension Selection {
  /// The entries of all scores from `floor` on.
  static func entries(of scores: UnsafeBufferPointer<Float>, from floor: Float) -> [Entry] {
    var entries: [Entry] = []
    let blocks = scores.count / 16
    if blocks > 0, let base = UnsafeRawPointer(scores.baseAddress) {
      for block in 0..<blocks {
        let x = base.loadUnaligned(fromByteOffset: block * 64, as: SIMD16<Float>.self)
        if any(x .>= floor) {
          for lane in 0..<16 where x[lane] >= floor { entries.append(Entry(score: x[lane], index: Int32(block * 16 + lane))) }
        }
      }
    }
    for index in blocks * 16..<scores.count where scores[index] >= floor {
      entries.append(Entry(score: scores[index], index: Int32(truncatingIfNeeded: index)))
    }
    return entries
  }
}
