import MartletCore

/// One of 25 learned pairs of operations, drawn for each picture (Cubuk et al., "AutoAugment", 2018), with torchvision's magnitudes.
public struct AutoAugment: ConfiguredTransform {
  /// What the pairs were learned on.
  public enum Policy: String, Sendable, Hashable, Codable, CaseIterable {
    case imagenet, cifar10, svhn
  }

  static let name = "autoAugment"
  static let summary = "One of 25 learned pairs of operations."
  static let settings: [Setting<AutoAugment>] = [
    .word("policy", \.policy, "What the pairs were learned on."), .word("interpolation", \.interpolation, "How pixels are made."),
    .sample("fill", \.fill, "What lies outside."), .probability(\.probability),
  ]

  public var policy: Policy
  public var interpolation: Interpolation
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(policy: .imagenet) }

  public init(policy: Policy = .imagenet, interpolation: Interpolation = .nearest, fill: UInt8 = 0, probability: Double = 1) {
    (self.policy, self.interpolation, self.fill, self.probability) = (policy, interpolation, fill, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    let pairs = policy.pairs
    let pair = pairs[random.below(pairs.count)]
    var steps: [ResolvedTransform] = []
    for step in [pair.0, pair.1] {
      // Drawn whether it happens or not, so that the second step's chance does not hang on the first.
      let (happens, sign) = (random.bernoulli(step.probability), random.sign())
      guard happens else { continue }
      steps.append(
        step.operation.resolved(
          .autoAugment, part: Double(step.magnitude) / 9, sign: sign, width: width, height: height, interpolation: interpolation,
          fill: fill))
    }
    return .sequence(steps)
  }
}

/// An operation of a pair: how often, and its magnitude, 0 to 9.
struct PolicyStep: Sendable {
  let operation: PolicyOperation
  let probability: Double
  let magnitude: Int

  init(_ operation: PolicyOperation, _ probability: Double, _ magnitude: Int = 0) {
    (self.operation, self.probability, self.magnitude) = (operation, probability, magnitude)
  }
}

extension AutoAugment.Policy {
  /// The pairs, as published with the paper.
  var pairs: [(PolicyStep, PolicyStep)] {
    switch self {
    case .imagenet: Self.imagenetPairs
    case .cifar10: Self.cifar10Pairs
    case .svhn: Self.svhnPairs
    }
  }

  private static let imagenetPairs: [(PolicyStep, PolicyStep)] = [
    (PolicyStep(.posterise, 0.4, 8), PolicyStep(.rotate, 0.6, 9)),
    (PolicyStep(.solarise, 0.6, 5), PolicyStep(.autocontrast, 0.6)),
    (PolicyStep(.equalise, 0.8), PolicyStep(.equalise, 0.6)),
    (PolicyStep(.posterise, 0.6, 7), PolicyStep(.posterise, 0.6, 6)),
    (PolicyStep(.equalise, 0.4), PolicyStep(.solarise, 0.2, 4)),
    (PolicyStep(.equalise, 0.4), PolicyStep(.rotate, 0.8, 8)),
    (PolicyStep(.solarise, 0.6, 3), PolicyStep(.equalise, 0.6)),
    (PolicyStep(.posterise, 0.8, 5), PolicyStep(.equalise, 1)),
    (PolicyStep(.rotate, 0.2, 3), PolicyStep(.solarise, 0.6, 8)),
    (PolicyStep(.equalise, 0.6), PolicyStep(.posterise, 0.4, 6)),
    (PolicyStep(.rotate, 0.8, 8), PolicyStep(.colour, 0.4, 0)),
    (PolicyStep(.rotate, 0.4, 9), PolicyStep(.equalise, 0.6)),
    (PolicyStep(.equalise, 0), PolicyStep(.equalise, 0.8)),
    (PolicyStep(.invert, 0.6), PolicyStep(.equalise, 1)),
    (PolicyStep(.colour, 0.6, 4), PolicyStep(.contrast, 1, 8)),
    (PolicyStep(.rotate, 0.8, 8), PolicyStep(.colour, 1, 2)),
    (PolicyStep(.colour, 0.8, 8), PolicyStep(.solarise, 0.8, 7)),
    (PolicyStep(.sharpness, 0.4, 7), PolicyStep(.invert, 0.6)),
    (PolicyStep(.shearX, 0.6, 5), PolicyStep(.equalise, 1)),
    (PolicyStep(.colour, 0.4, 0), PolicyStep(.equalise, 0.6)),
    (PolicyStep(.equalise, 0.4), PolicyStep(.solarise, 0.2, 4)),
    (PolicyStep(.solarise, 0.6, 5), PolicyStep(.autocontrast, 0.6)),
    (PolicyStep(.invert, 0.6), PolicyStep(.equalise, 1)),
    (PolicyStep(.colour, 0.6, 4), PolicyStep(.contrast, 1, 8)),
    (PolicyStep(.equalise, 0.8), PolicyStep(.equalise, 0.6)),
  ]

  private static let cifar10Pairs: [(PolicyStep, PolicyStep)] = [
    (PolicyStep(.invert, 0.1), PolicyStep(.contrast, 0.2, 6)),
    (PolicyStep(.rotate, 0.7, 2), PolicyStep(.translateX, 0.3, 9)),
    (PolicyStep(.sharpness, 0.8, 1), PolicyStep(.sharpness, 0.9, 3)),
    (PolicyStep(.shearY, 0.5, 8), PolicyStep(.translateY, 0.7, 9)),
    (PolicyStep(.autocontrast, 0.5), PolicyStep(.equalise, 0.9)),
    (PolicyStep(.shearY, 0.2, 7), PolicyStep(.posterise, 0.3, 7)),
    (PolicyStep(.colour, 0.4, 3), PolicyStep(.brightness, 0.6, 7)),
    (PolicyStep(.sharpness, 0.3, 9), PolicyStep(.brightness, 0.7, 9)),
    (PolicyStep(.equalise, 0.6), PolicyStep(.equalise, 0.5)),
    (PolicyStep(.contrast, 0.6, 7), PolicyStep(.sharpness, 0.6, 5)),
    (PolicyStep(.colour, 0.7, 7), PolicyStep(.translateX, 0.5, 8)),
    (PolicyStep(.equalise, 0.3), PolicyStep(.autocontrast, 0.4)),
    (PolicyStep(.translateY, 0.4, 3), PolicyStep(.sharpness, 0.2, 6)),
    (PolicyStep(.brightness, 0.9, 6), PolicyStep(.colour, 0.2, 8)),
    (PolicyStep(.solarise, 0.5, 2), PolicyStep(.invert, 0)),
    (PolicyStep(.equalise, 0.2), PolicyStep(.autocontrast, 0.6)),
    (PolicyStep(.equalise, 0.2), PolicyStep(.equalise, 0.6)),
    (PolicyStep(.colour, 0.9, 9), PolicyStep(.equalise, 0.6)),
    (PolicyStep(.autocontrast, 0.8), PolicyStep(.solarise, 0.2, 8)),
    (PolicyStep(.brightness, 0.1, 3), PolicyStep(.colour, 0.7, 0)),
    (PolicyStep(.solarise, 0.4, 5), PolicyStep(.autocontrast, 0.9)),
    (PolicyStep(.translateY, 0.9, 9), PolicyStep(.translateY, 0.7, 9)),
    (PolicyStep(.autocontrast, 0.9), PolicyStep(.solarise, 0.8, 3)),
    (PolicyStep(.equalise, 0.8), PolicyStep(.invert, 0.1)),
    (PolicyStep(.translateY, 0.7, 9), PolicyStep(.autocontrast, 0.9)),
  ]

  private static let svhnPairs: [(PolicyStep, PolicyStep)] = [
    (PolicyStep(.shearX, 0.9, 4), PolicyStep(.invert, 0.2)),
    (PolicyStep(.shearY, 0.9, 8), PolicyStep(.invert, 0.7)),
    (PolicyStep(.equalise, 0.6), PolicyStep(.solarise, 0.6, 6)),
    (PolicyStep(.invert, 0.9), PolicyStep(.equalise, 0.6)),
    (PolicyStep(.equalise, 0.6), PolicyStep(.rotate, 0.9, 3)),
    (PolicyStep(.shearX, 0.9, 4), PolicyStep(.autocontrast, 0.8)),
    (PolicyStep(.shearY, 0.9, 8), PolicyStep(.invert, 0.4)),
    (PolicyStep(.shearY, 0.9, 5), PolicyStep(.solarise, 0.2, 6)),
    (PolicyStep(.invert, 0.9), PolicyStep(.autocontrast, 0.8)),
    (PolicyStep(.equalise, 0.6), PolicyStep(.rotate, 0.9, 3)),
    (PolicyStep(.shearX, 0.9, 4), PolicyStep(.solarise, 0.3, 3)),
    (PolicyStep(.shearY, 0.8, 8), PolicyStep(.invert, 0.7)),
    (PolicyStep(.equalise, 0.9), PolicyStep(.translateY, 0.6, 6)),
    (PolicyStep(.invert, 0.9), PolicyStep(.equalise, 0.6)),
    (PolicyStep(.contrast, 0.3, 3), PolicyStep(.rotate, 0.8, 4)),
    (PolicyStep(.invert, 0.8), PolicyStep(.translateY, 0, 2)),
    (PolicyStep(.shearY, 0.7, 6), PolicyStep(.solarise, 0.4, 8)),
    (PolicyStep(.invert, 0.6), PolicyStep(.rotate, 0.8, 4)),
    (PolicyStep(.shearY, 0.3, 7), PolicyStep(.translateX, 0.9, 3)),
    (PolicyStep(.shearX, 0.1, 6), PolicyStep(.invert, 0.6)),
    (PolicyStep(.solarise, 0.7, 2), PolicyStep(.translateY, 0.6, 7)),
    (PolicyStep(.shearY, 0.8, 4), PolicyStep(.invert, 0.8)),
    (PolicyStep(.shearX, 0.7, 9), PolicyStep(.translateY, 0.8, 3)),
    (PolicyStep(.shearY, 0.8, 5), PolicyStep(.autocontrast, 0.7)),
    (PolicyStep(.shearX, 0.7, 2), PolicyStep(.invert, 0.1)),
  ]
}
