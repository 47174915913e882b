import CImage
import Foundation
import MartletCore

/// The picture mixed with copies that went through chains of operations (Hendrycks et al., "AugMix", 2019), with torchvision's magnitudes.
public struct AugMix: ConfiguredTransform {
  static let name = "augMix"
  static let summary = "The picture mixed with copies that went through chains of operations."
  static let settings: [Setting<AugMix>] = [
    .whole("severity", \.severity, 1...10, "The strength of operations."), .whole("width", \.width, 1...20, "How many copies."),
    .whole("depth", \.depth, 0...20, "Operations in a chain; 0 draws 1 to 3."),
    .number("alpha", \.alpha, 0.01...100, "How evenly copies are weighted."),
    .word("operations", \.operations, "all, or those that leave brightness, colour, contrast and sharpness alone."),
    .word("interpolation", \.interpolation, "How pixels are made."), .sample("fill", \.fill, "What lies outside."),
    .probability(\.probability),
  ]

  /// Which operations chains are made of.
  public enum Operations: String, Sendable, Hashable, Codable, CaseIterable {
    case all
    /// Without brightness, colour, contrast and sharpness.
    case plain
  }

  /// The strength of operations, 1 to 10.
  public var severity: Int
  /// How many copies.
  public var width: Int
  /// Operations in a chain; 0 draws 1 to 3.
  public var depth: Int
  /// How evenly copies are weighted: the parameter of the Dirichlet and beta distributions.
  public var alpha: Double
  public var operations: Operations
  public var interpolation: Interpolation
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(severity: 3) }

  public init(
    severity: Int = 3, width: Int = 3, depth: Int = 0, alpha: Double = 1, operations: Operations = .all,
    interpolation: Interpolation = .bilinear, fill: UInt8 = 0, probability: Double = 1
  ) {
    (self.severity, self.width, self.depth, self.alpha) = (severity, width, depth, alpha)
    (self.operations, self.interpolation, self.fill, self.probability) = (operations, interpolation, fill, probability)
  }

  func drawn(width side: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    let choice = operations == .all ? PolicyOperation.mixable : PolicyOperation.plain
    let changed = random.dirichlet(alpha, 2)[1]
    let weights = random.dirichlet(alpha, width)
    let chains = weights.map { weight in
      let steps = (0..<(depth > 0 ? depth : 1 + random.below(3))).map { _ in
        choice[random.below(choice.count)].resolved(
          .augMix, part: Double(random.below(severity)) / 9, sign: random.sign(), width: side, height: height,
          interpolation: interpolation, fill: fill)
      }
      return PixelChange.Chain(weight: weight * changed, steps: steps)
    }
    return .pixels(.mix(weight: 1 - changed, chains))
  }
}

extension KeyedRandom {
  /// Weights that sum to one.
  mutating func dirichlet(_ alpha: Double, _ count: Int) -> [Double] {
    let values = (0..<count).map { _ in max(gamma(alpha), 1e-300) }
    let sum = values.reduce(0, +)
    return values.map { $0 / sum }
  }

  /// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).
  private mutating func gamma(_ shape: Double) -> Double {
    if shape < 1 {
      let power = pow(max(uniform(), 1e-300), 1 / shape)
      return gamma(shape + 1) * power
    }
    let d = shape - 1 / 3.0, c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
      guard v > 0 else { continue }
      if log(max(uniform(), 1e-300)) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }

  /// A normal number (Box and Muller).
  private mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}

extension Image {
  /// The picture and changed copies of it, weighted, as torchvision's AugMix lays them over each other. Made at 8 bits.
  func mixed(_ weight: Double, _ chains: [PixelChange.Chain]) throws(ImageError) -> Image {
    let count = pixelCount * channels
    let own = bytes
    var sum = [Float](repeating: 0, count: count)
    cimage_add_weighted8(own, count, Float(weight), &sum)
    for chain in chains {
      var copy = self
      for step in chain.steps { copy = try step.apply(to: copy) }
      cimage_add_weighted8(copy.bytes, count, Float(chain.weight), &sum)
    }
    let result = Image(unchecked: .uint8(.filled(count) { cimage_truncate8(sum, count, $0) }), width: width, height: height, mode: mode)
    return bitsPerSample == 8 ? result : result.with16Bits()
  }
}
