import MartletCore

/// Transforms that all happen, or none of them.
public struct Sometimes: ConfiguredTransform {
  static let name = "sometimes"
  static let summary = "Transforms that all happen, or none of them."
  static let settings: [Setting<Sometimes>] = [
    .steps(\.transforms, "What happens, in this order."), .probability(\.probability),
  ]

  public var transforms: [ImageTransform]
  public var probability: Double

  /// The standard settings.
  public init() { self.init([]) }

  public init(_ transforms: [ImageTransform], probability: Double = 0.5) {
    (self.transforms, self.probability) = (transforms, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    transforms.resolved(width: width, height: height, random: &random)
  }
}

/// One of several transforms, each as likely as the others.
public struct OneOf: ConfiguredTransform {
  static let name = "oneOf"
  static let summary = "One of several transforms."
  static let settings: [Setting<OneOf>] = [
    .steps(\.transforms, "What it is chosen from."), .probability(\.probability),
  ]

  public var transforms: [ImageTransform]
  public var probability: Double

  /// The standard settings.
  public init() { self.init([]) }

  public init(_ transforms: [ImageTransform], probability: Double = 1) {
    (self.transforms, self.probability) = (transforms, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    guard !transforms.isEmpty else { return .identity }
    return transforms[random.below(transforms.count)].resolved(width: width, height: height, random: &random)
  }
}

/// Some of several transforms, none twice, in random order.
public struct SomeOf: ConfiguredTransform {
  static let name = "someOf"
  static let summary = "Some of several transforms, none twice, in random order."
  static let settings: [Setting<SomeOf>] = [
    .steps(\.transforms, "What they are chosen from."), .whole("least", \.least, 0...1000, "How many at least."),
    .whole("most", \.most, 0...1000, "How many at most."), .probability(\.probability),
  ]

  public var transforms: [ImageTransform]
  /// How many, both included.
  public var least, most: Int
  public var probability: Double

  /// The standard settings.
  public init() { self.init([]) }

  public init(_ transforms: [ImageTransform], count: ClosedRange<Int> = 1...2, probability: Double = 1) {
    (self.transforms, self.probability) = (transforms, probability)
    (least, most) = (count.lowerBound, count.upperBound)
  }

  func validateTogether() throws(ArgumentError) {
    guard least <= most, most <= transforms.count else {
      throw ArgumentError(
        "someOf: \(least) to \(most) of \(transforms.count) transforms", expected: "least ≤ most ≤ \(transforms.count)")
    }
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    let count = least + random.below(most - least + 1)
    var order = Array(transforms.indices)
    random.shuffle(&order)
    return order.prefix(count).map { transforms[$0] }.resolved(width: width, height: height, random: &random)
  }
}

extension [ImageTransform] {
  /// Draws all of them, each for the size that those before it leave.
  func resolved(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    var (width, height) = (width, height)
    var steps: [ResolvedTransform] = []
    for transform in self {
      let step = transform.resolved(width: width, height: height, random: &random)
      if step != .identity { steps.append(step) }
      (width, height) = step.size(after: width, height)
    }
    return steps.count == 1 ? steps[0] : .sequence(steps)
  }
}
