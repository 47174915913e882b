import Foundation

/// How positions become angles in rotary embeddings (Su et al. 2021, arXiv:2104.09864), with the ways to reach longer texts than a model
/// was trained on. Names and formulas as in transformers 5.
public struct RotaryScaling: Sendable, Hashable {
  /// How angles are changed for longer texts.
  public enum Method: Sendable, Hashable {
    /// Not at all.
    case plain
    /// All angles are divided by a factor (Chen et al. 2023, arXiv:2306.15595).
    case linear(factor: Double)
    /// The base grows with the length once a text is longer than the model's context (NTK-aware, dynamic).
    case dynamic(factor: Double)
    /// Slow angles are divided, fast ones are kept, between them both are mixed, as in Llama 3.1.
    case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, original: Int)
    /// The same by a ramp over dimensions, and products are scaled (Peng et al. 2023, arXiv:2309.00071).
    case yarn(factor: Double, attention: Double, fast: Double, slow: Double, original: Int, truncates: Bool)
    /// One factor for each angle, one list for short texts and one for long ones (Ding et al. 2024, arXiv:2402.13753).
    case long(short: [Double], long: [Double], attention: Double, original: Int)
  }

  /// The base of the angles.
  public var theta: Double
  /// How many dimensions of a head are turned; an even number.
  public var dimension: Int
  /// The model's context.
  public var maxPositions: Int
  /// How angles are changed.
  public var method: Method

  /// Angles of the usual kind unless told otherwise.
  public init(theta: Double = 10_000, dimension: Int, maxPositions: Int, method: Method = .plain) {
    self.theta = theta
    self.dimension = dimension
    self.maxPositions = maxPositions
    self.method = method
  }

  /// The angle of one position for each pair of dimensions, `dimension / 2` of them, and what sines and cosines are multiplied with.
  /// - Parameter length: of the text, the largest position plus 1: dynamic and long methods look at it.
  public func frequencies(length: Int) -> (angles: [Float], scale: Double) {
    let steps = stride(from: 0, to: dimension, by: 2).map { Double($0) / Double(max(dimension, 1)) }
    func plain(_ base: Double) -> [Double] { steps.map { 1 / pow(base, $0) } }
    switch method {
    case .plain: return (plain(theta).map { Float($0) }, 1)
    case .linear(let factor): return (plain(theta).map { Float($0 / factor) }, 1)
    case .dynamic(let factor):
      let ratio = Double(max(length, maxPositions)) / Double(maxPositions)
      let exponent = Double(dimension) / Double(dimension - 2)
      return (plain(theta * pow(factor * ratio - (factor - 1), exponent)).map { Float($0) }, 1)
    case .llama3(let factor, let low, let high, let original):
      return (plain(theta).map { Float(Self.llama3($0, factor, low, high, Double(original))) }, 1)
    case .yarn(let factor, let attention, let fast, let slow, let original, let truncates):
      let ramp = self.ramp(fast: fast, slow: slow, original: Double(original), truncates: truncates)
      let angles = zip(plain(theta), ramp).map { angle, share in angle / factor * share + angle * (1 - share) }
      return (angles.map { Float($0) }, attention)
    case .long(let short, let long, let attention, let original):
      let factors = length > original ? long : short
      return (zip(plain(theta), factors).map { Float($0 / $1) }, attention)
    }
  }

  private static func llama3(_ angle: Double, _ factor: Double, _ low: Double, _ high: Double, _ original: Double) -> Double {
    let wave = 2 * Double.pi / angle
    if wave < original / high { return angle }
    if wave > original / low { return angle / factor }
    let share = (original / wave - low) / (high - low)
    return (1 - share) * angle / factor + share * angle
  }

  /// For each angle the share in which it is divided: 0 for fast ones, 1 for slow ones.
  private func ramp(fast: Double, slow: Double, original: Double, truncates: Bool) -> [Double] {
    func position(_ turns: Double) -> Double { Double(dimension) * log(original / (turns * 2 * .pi)) / (2 * log(theta)) }
    var low = position(fast), high = position(slow)
    if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    low = max(low, 0)
    high = min(high, Double(dimension - 1))
    if low == high { high += 0.001 }
    return (0..<(dimension / 2)).map { min(1, max(0, (Double($0) - low) / (high - low))) }
  }
}

extension RotaryScaling {
  /// From `rope_parameters`, or `rope_scaling` and `rope_theta` of older files.
  init(_ reader: ConfigurationReader, headDimension: Int, maxPositions: Int) throws(ModelError) {
    let (new, old) = (try reader.part("rope_parameters"), try reader.part("rope_scaling"))
    let rope = new ?? old
    let outer = try reader.double("rope_theta", 10_000, in: 1e-3...1e12)
    let theta = try rope?.double("rope_theta", outer, in: 1e-3...1e12) ?? outer
    let share = try rope?.double("partial_rotary_factor", reader.double("partial_rotary_factor", 1, in: 0...1), in: 0...1) ?? 1
    let dimension = Int(Double(headDimension) * share)
    guard dimension >= 2, dimension % 2 == 0 else {
      throw ModelError("\(reader.source): rotary positions turn \(dimension) dimensions of a head", expected: "an even number of 2 or more")
    }
    self.init(theta: theta, dimension: dimension, maxPositions: maxPositions)
    guard let rope else { return }
    let inside = try rope.int("original_max_position_embeddings", maxPositions)
    let original = try reader.optionalInt("original_max_position_embeddings", in: 1...(1 << 31)) ?? inside
    method = try Self.method(rope, dimension: dimension, maxPositions: maxPositions, original: original)
  }

  private static func method(
    _ rope: ConfigurationReader, dimension: Int, maxPositions: Int, original: Int
  ) throws(ModelError) -> Method {
    func factor() throws(ModelError) -> Double { try rope.double("factor", in: 1e-3...1e6) }
    let name = try rope.string("rope_type", rope.string("type", "default"))
    switch name {
    case "default": return .plain
    case "linear": return .linear(factor: try factor())
    case "dynamic":
      guard dimension > 2 else { throw ModelError("\(rope.source): dynamic scaling of 2 dimensions", expected: "heads of 4 or more") }
      return .dynamic(factor: try factor())
    case "llama3":
      return .llama3(
        factor: try factor(), lowFrequency: try rope.double("low_freq_factor", in: 1e-6...1e6),
        highFrequency: try rope.double("high_freq_factor", in: 1e-6...1e6), original: original)
    case "yarn":
      let factor = try rope.value("factor") == nil ? Double(maxPositions) / Double(original) : factor()
      return .yarn(
        factor: factor, attention: try yarnAttention(rope, factor), fast: try rope.double("beta_fast", 32, in: 1e-6...1e6),
        slow: try rope.double("beta_slow", 1, in: 1e-6...1e6), original: original, truncates: try rope.bool("truncate", true))
    case "longrope", "su": return try long(rope, dimension: dimension, maxPositions: maxPositions, original: original)
    default:
      throw ModelError(
        "\(rope.source): rotary positions are scaled by '\(name)'", expected: "default, linear, dynamic, llama3, yarn or longrope")
    }
  }

  private static func yarnAttention(_ rope: ConfigurationReader, _ factor: Double) throws(ModelError) -> Double {
    if rope.value("attention_factor") != nil { return try rope.double("attention_factor", in: 0...1e6) }
    func scale(_ weight: Double) -> Double { factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1 }
    let weight = try rope.double("mscale", 0), all = try rope.double("mscale_all_dim", 0)
    return weight != 0 && all != 0 ? scale(weight) / scale(all) : scale(1)
  }

  private static func long(
    _ rope: ConfigurationReader, dimension: Int, maxPositions: Int, original: Int
  ) throws(ModelError) -> Method {
    let factor = try rope.value("factor") == nil ? Double(maxPositions) / Double(original) : rope.double("factor", in: 1e-3...1e6)
    let usual = factor <= 1 ? 1 : (1 + log(factor) / log(Double(original))).squareRoot()
    guard let short = try rope.doubles("short_factor"), let long = try rope.doubles("long_factor"), short.count == dimension / 2,
      long.count == dimension / 2, (short + long).allSatisfy({ $0 > 0 })
    else {
      throw ModelError(
        "\(rope.source): 'short_factor' and 'long_factor' do not fit", expected: "\(dimension / 2) numbers above zero in each")
    }
    return .long(short: short, long: long, attention: try rope.double("attention_factor", usual, in: 0...1e6), original: original)
  }
}
