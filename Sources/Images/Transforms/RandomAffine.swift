import Foundation
import MartletCore

/// A random turn, move, zoom and shear about the picture's centre; torchvision's `RandomAffine`.
public struct RandomAffine: ConfiguredTransform {
  static let name = "affine"
  static let summary = "A random turn, move, zoom and shear about the centre."
  static let settings: [Setting<RandomAffine>] = [
    .range("degrees", \.degrees, -180...180, around: 0, "Degrees of the turn, clockwise."),
    .range("shiftX", \.shiftX, -1...1, around: 0, "The move to the right, as a share of the width."),
    .range("shiftY", \.shiftY, -1...1, around: 0, "The move down, as a share of the height."),
    .range("scale", \.scale, 0.01...100, around: 1, "The zoom; above 1 enlarges."),
    .range("shearX", \.shearX, -89...89, around: 0, "Degrees of the shear along x."),
    .range("shearY", \.shearY, -89...89, around: 0, "Degrees of the shear along y."),
    .word("interpolation", \.interpolation, "How pixels are made."), .sample("fill", \.fill, "What lies outside."),
    .probability(\.probability),
  ]

  /// Degrees, clockwise.
  public var degrees: ClosedRange<Double>
  /// Shares of the width and height; the move is of whole pixels.
  public var shiftX, shiftY: ClosedRange<Double>
  /// Above 1 enlarges.
  public var scale: ClosedRange<Double>
  /// Degrees.
  public var shearX, shearY: ClosedRange<Double>
  public var interpolation: Interpolation
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(degrees: 0...0) }

  public init(
    degrees: ClosedRange<Double> = 0...0, shiftX: ClosedRange<Double> = 0...0, shiftY: ClosedRange<Double> = 0...0,
    scale: ClosedRange<Double> = 1...1, shearX: ClosedRange<Double> = 0...0, shearY: ClosedRange<Double> = 0...0,
    interpolation: Interpolation = .bilinear, fill: UInt8 = 0, probability: Double = 1
  ) {
    (self.degrees, self.shiftX, self.shiftY, self.scale) = (degrees, shiftX, shiftY, scale)
    (self.shearX, self.shearY, self.interpolation, self.fill) = (shearX, shearY, interpolation, fill)
    self.probability = probability
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    let turn = random.within(degrees)
    let x = (random.within(shiftX) * Double(width)).rounded(), y = (random.within(shiftY) * Double(height)).rounded()
    let zoom = random.within(scale)
    let shear = (x: random.within(shearX), y: random.within(shearY))
    let projection = Projection.affine(
      degrees: turn, scale: zoom, shear: shear, shift: (x, y), centre: ImagePoint(Double(width) / 2, Double(height) / 2))
    return .project(projection, interpolation, fill: fill)
  }
}

/// The picture seen from a random side: each corner moves inwards; torchvision's `RandomPerspective`.
public struct RandomPerspective: ConfiguredTransform {
  static let name = "perspective"
  static let summary = "The picture seen from a random side: each corner moves inwards."
  static let settings: [Setting<RandomPerspective>] = [
    .number("distortion", \.distortion, 0...1, "How far corners move at most, as a share of half the size."),
    .word("interpolation", \.interpolation, "How pixels are made."), .sample("fill", \.fill, "What lies outside."),
    .probability(\.probability),
  ]

  /// How far corners move at most, as a share of half the size.
  public var distortion: Double
  public var interpolation: Interpolation
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(distortion: 0.5) }

  public init(distortion: Double = 0.5, interpolation: Interpolation = .bilinear, fill: UInt8 = 0, probability: Double = 0.5) {
    (self.distortion, self.interpolation, self.fill, self.probability) = (distortion, interpolation, fill, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    let roomX = Int(distortion * Double(width / 2)), roomY = Int(distortion * Double(height / 2))
    let (right, bottom) = (Double(width - 1), Double(height - 1))
    func x() -> Double { Double(random.below(roomX + 1)) }
    func y() -> Double { Double(random.below(roomY + 1)) }
    let start = [ImagePoint(0, 0), ImagePoint(right, 0), ImagePoint(right, bottom), ImagePoint(0, bottom)]
    let end = [
      ImagePoint(x(), y()), ImagePoint(right - x(), y()), ImagePoint(right - x(), bottom - y()), ImagePoint(x(), bottom - y()),
    ]
    // Corners on one line: a picture of one row has no other side.
    guard let projection = Projection.perspective(from: start, to: end), projection.inverse != nil else { return .identity }
    return .project(projection, interpolation, fill: fill)
  }
}

/// The picture as if on rubber (Simard, Steinkraus and Platt, 2003); torchvision's `ElasticTransform`.
public struct ElasticDeformation: ConfiguredTransform {
  static let name = "elastic"
  static let summary = "The picture as if on rubber."
  static let settings: [Setting<ElasticDeformation>] = [
    .number("alpha", \.alpha, 0...10_000, "How far pixels move: alpha / 2 times smoothed noise in -1 to 1."),
    .number("sigma", \.sigma, 0...200, "Pixels over which neighbours move together."),
    .word("interpolation", \.interpolation, "How pixels are made."), .sample("fill", \.fill, "What lies outside."),
    .probability(\.probability),
  ]

  /// How far pixels move: alpha / 2 times smoothed noise in -1…1, as in torchvision.
  public var alpha: Double
  /// Pixels over which neighbours move together.
  public var sigma: Double
  public var interpolation: Interpolation
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(alpha: 50) }

  public init(
    alpha: Double = 50, sigma: Double = 5, interpolation: Interpolation = .bilinear, fill: UInt8 = 0, probability: Double = 1
  ) {
    (self.alpha, self.sigma, self.interpolation, self.fill) = (alpha, sigma, interpolation, fill)
    self.probability = probability
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    .elastic(alpha: alpha, sigma: sigma, seed: random.next(), interpolation, fill: fill)
  }
}
