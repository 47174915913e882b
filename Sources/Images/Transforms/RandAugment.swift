import MartletCore

/// Some random operations of one strength (Cubuk et al., "RandAugment", 2019), with torchvision's operations and magnitudes.
public struct RandAugment: ConfiguredTransform {
  static let name = "randAugment"
  static let summary = "Some random operations of one strength."
  static let settings: [Setting<RandAugment>] = [
    .whole("magnitude", \.magnitude, 0...1000, "The strength, below bins."), .whole("count", \.count, 0...20, "How many operations."),
    .whole("bins", \.bins, 2...1001, "Steps from no to full strength."), .word("interpolation", \.interpolation, "How pixels are made."),
    .sample("fill", \.fill, "What lies outside."), .probability(\.probability),
  ]

  /// How many operations.
  public var count: Int
  /// The strength, below `bins`.
  public var magnitude: Int
  /// Steps from no to full strength.
  public var bins: Int
  public var interpolation: Interpolation
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(count: 2) }

  public init(
    count: Int = 2, magnitude: Int = 9, bins: Int = 31, interpolation: Interpolation = .nearest, fill: UInt8 = 0, probability: Double = 1
  ) {
    (self.count, self.magnitude, self.bins) = (count, magnitude, bins)
    (self.interpolation, self.fill, self.probability) = (interpolation, fill, probability)
  }

  func validateTogether() throws(ArgumentError) {
    if magnitude >= bins { throw ArgumentError("randAugment: a magnitude of \(magnitude)", expected: "below bins, which is \(bins)") }
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    .sequence(
      (0..<count).map { _ in
        let operation = PolicyOperation.common[random.below(PolicyOperation.common.count)]
        return operation.resolved(
          .autoAugment, part: Double(magnitude) / Double(bins - 1), sign: random.sign(), width: width, height: height,
          interpolation: interpolation, fill: fill)
      })
  }
}

/// One random operation of random strength (Müller and Hutter, "TrivialAugment", 2021), the wide form: nothing to tune.
public struct TrivialAugmentWide: ConfiguredTransform {
  static let name = "trivialAugment"
  static let summary = "One random operation of random strength."
  static let settings: [Setting<TrivialAugmentWide>] = [
    .probability(\.probability), .whole("bins", \.bins, 2...1001, "Steps from no to full strength."),
    .word("interpolation", \.interpolation, "How pixels are made."), .sample("fill", \.fill, "What lies outside."),
  ]

  /// Steps from no to full strength.
  public var bins: Int
  public var interpolation: Interpolation
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(bins: 31) }

  public init(bins: Int = 31, interpolation: Interpolation = .nearest, fill: UInt8 = 0, probability: Double = 1) {
    (self.bins, self.interpolation, self.fill, self.probability) = (bins, interpolation, fill, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    let operation = PolicyOperation.common[random.below(PolicyOperation.common.count)]
    return operation.resolved(
      .wide, part: Double(random.below(bins)) / Double(bins - 1), sign: random.sign(), width: width, height: height,
      interpolation: interpolation, fill: fill)
  }
}
