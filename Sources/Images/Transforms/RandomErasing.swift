import Foundation
import MartletCore

/// What is painted over an erased part.
public enum EraseMode: String, Sendable, Hashable, Codable, CaseIterable {
  /// One sample.
  case value
  /// A random sample for each pixel and channel.
  case random
  /// The picture's mean of each channel.
  case mean

  func fill(_ value: UInt8) -> ErasureFill {
    switch self {
    case .value: .value(value)
    case .random: .random
    case .mean: .mean
    }
  }
}

/// A rectangle of random size, proportions and place is painted over (Zhong et al., 2017); torchvision's `RandomErasing`.
public struct RandomErasing: ConfiguredTransform {
  static let name = "erase"
  static let summary = "A random rectangle is painted over."
  static let settings: [Setting<RandomErasing>] = [
    .probability(\.probability), .range("scale", \.scale, 0...1, "The rectangle's area, as a share of the picture's."),
    .range("ratio", \.ratio, 0.01...100, "Its height over its width, drawn evenly in the logarithm."),
    .word("with", \.with, "What is painted."), .sample("fill", \.fill, "The sample, where one is painted."),
  ]

  /// The rectangle's area, as a share of the picture's.
  public var scale: ClosedRange<Double>
  /// Its height over its width, drawn evenly in the logarithm.
  public var ratio: ClosedRange<Double>
  /// What is painted.
  public var with: EraseMode
  /// The sample for `.value`.
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(scale: 0.02...0.33) }

  public init(
    scale: ClosedRange<Double> = 0.02...0.33, ratio: ClosedRange<Double> = 0.3...3.3, with mode: EraseMode = .value, fill: UInt8 = 0,
    probability: Double = 0.5
  ) {
    (self.scale, self.ratio, self.with, self.fill, self.probability) = (scale, ratio, mode, fill, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    for _ in 0..<10 {
      let area = Double(width * height) * random.within(scale), proportion = random.logarithmic(ratio)
      let h = Int((area * proportion).squareRoot().rounded()), w = Int((area / proportion).squareRoot().rounded())
      guard h < height, w < width else { continue }
      let part = PixelArea(x: random.below(width - w + 1), y: random.below(height - h + 1), width: w, height: h)
      return .pixels(.erase([part], with.fill(fill), seed: random.next()))
    }
    return .identity
  }
}

/// Squares at random places are painted over (DeVries and Taylor, 2017); parts of them may lie outside.
public struct CutOut: ConfiguredTransform {
  static let name = "cutOut"
  static let summary = "Squares at random places are painted over."
  static let settings: [Setting<CutOut>] = [
    .number("size", \.size, 0...1, "A square's side, as a share of the shorter side."), .whole("count", \.count, 1...1000, "How many."),
    .word("with", \.with, "What is painted."), .sample("fill", \.fill, "The sample, where one is painted."), .probability(\.probability),
  ]

  /// A square's side, as a share of the shorter side.
  public var size: Double
  /// How many.
  public var count: Int
  public var with: EraseMode
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(size: 0.25) }

  public init(size: Double = 0.25, count: Int = 1, with mode: EraseMode = .value, fill: UInt8 = 0, probability: Double = 1) {
    (self.size, self.count, self.with, self.fill, self.probability) = (size, count, mode, fill, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    let side = Int((size * Double(min(width, height))).rounded())
    let parts = (0..<count).map { _ in
      PixelArea(x: random.below(width) - side / 2, y: random.below(height) - side / 2, width: side, height: side)
    }
    return .pixels(.erase(parts, with.fill(fill), seed: random.next()))
  }
}

/// A grid of squares is painted over, moved by chance (Chen et al., 2020).
public struct GridMask: ConfiguredTransform {
  static let name = "gridMask"
  static let summary = "A grid of squares is painted over."
  static let settings: [Setting<GridMask>] = [
    .range("unit", \.unit, 0.01...1, "The grid's step, as a share of the shorter side."),
    .number("ratio", \.ratio, 0...1, "A square's side, as a share of the step."), .word("with", \.with, "What is painted."),
    .sample("fill", \.fill, "The sample, where one is painted."), .probability(\.probability),
  ]

  /// The grid's step, as a share of the shorter side.
  public var unit: ClosedRange<Double>
  /// A square's side, as a share of the step.
  public var ratio: Double
  public var with: EraseMode
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(unit: 0.2...0.4) }

  public init(
    unit: ClosedRange<Double> = 0.2...0.4, ratio: Double = 0.5, with mode: EraseMode = .value, fill: UInt8 = 0, probability: Double = 0.5
  ) {
    (self.unit, self.ratio, self.with, self.fill, self.probability) = (unit, ratio, mode, fill, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    let step = max(2, Int((random.within(unit) * Double(min(width, height))).rounded()))
    let side = Int((ratio * Double(step)).rounded())
    let (startX, startY) = (-random.below(step), -random.below(step))
    var parts: [PixelArea] = []
    for y in stride(from: startY, to: height, by: step) {
      for x in stride(from: startX, to: width, by: step) { parts.append(PixelArea(x: x, y: y, width: side, height: side)) }
    }
    return .pixels(.erase(parts, with.fill(fill), seed: random.next()))
  }
}
