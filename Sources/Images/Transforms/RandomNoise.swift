import MartletCore

/// A blur of random strength; torchvision's `GaussianBlur`.
public struct RandomBlur: ConfiguredTransform {
  static let name = "blur"
  static let summary = "A Gaussian blur of random strength."
  static let settings: [Setting<RandomBlur>] = [
    .range("sigma", \.sigma, 0.01...200, "Pixels of the bell's standard deviation."),
    .whole("kernel", \.kernel, 0...2001, "The kernel's length, odd; 0 takes three sigma to either side."), .probability(\.probability),
  ]

  /// Pixels of the bell's standard deviation.
  public var sigma: ClosedRange<Double>
  /// The kernel's length, odd; 0 takes three sigma to either side.
  public var kernel: Int
  public var probability: Double

  /// The standard settings.
  public init() { self.init(sigma: 0.1...2) }

  public init(sigma: ClosedRange<Double> = 0.1...2, kernel: Int = 0, probability: Double = 0.5) {
    (self.sigma, self.kernel, self.probability) = (sigma, kernel, probability)
  }

  func validateTogether() throws(ArgumentError) {
    if kernel > 0, kernel % 2 == 0 { throw ArgumentError("blur: a kernel of \(kernel)", expected: "an odd number, or 0") }
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    .pixels(.blur(sigma: random.within(sigma), taps: kernel == 0 ? nil : kernel))
  }
}

/// Bell-shaped noise of random strength; torchvision's `GaussianNoise` with a range.
public struct GaussianNoise: ConfiguredTransform {
  static let name = "noise"
  static let summary = "Gaussian noise of random strength."
  static let settings: [Setting<GaussianNoise>] = [
    .range("sigma", \.sigma, 0...1, "Standard deviation, 1 being the whole range of a sample."),
    .number("mean", \.mean, -1...1, "What is added on average."), .probability(\.probability),
  ]

  /// Standard deviation, 1 being the whole range of a sample.
  public var sigma: ClosedRange<Double>
  /// What is added on average.
  public var mean: Double
  public var probability: Double

  /// The standard settings.
  public init() { self.init(sigma: 0.05...0.05) }

  public init(sigma: ClosedRange<Double> = 0.05...0.05, mean: Double = 0, probability: Double = 0.5) {
    (self.sigma, self.mean, self.probability) = (sigma, mean, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    .pixels(.gaussianNoise(mean: mean, sigma: random.within(sigma), seed: random.next()))
  }
}

/// White and black pixels.
public struct SaltAndPepper: ConfiguredTransform {
  static let name = "saltAndPepper"
  static let summary = "Some pixels become white or black."
  static let settings: [Setting<SaltAndPepper>] = [
    .range("amount", \.amount, 0...1, "The share of pixels."), .number("salt", \.salt, 0...1, "The share of those that becomes white."),
    .probability(\.probability),
  ]

  /// The share of pixels.
  public var amount: ClosedRange<Double>
  /// The share of those that becomes white.
  public var salt: Double
  public var probability: Double

  /// The standard settings.
  public init() { self.init(amount: 0.02...0.02) }

  public init(amount: ClosedRange<Double> = 0.02...0.02, salt: Double = 0.5, probability: Double = 0.5) {
    (self.amount, self.salt, self.probability) = (amount, salt, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    .pixels(.saltAndPepper(amount: random.within(amount), salt: salt, seed: random.next()))
  }
}

/// The noise of light itself, as in the dark.
public struct PoissonNoise: ConfiguredTransform {
  static let name = "poissonNoise"
  static let summary = "The noise of light itself, as in the dark."
  static let settings: [Setting<PoissonNoise>] = [
    .range("photons", \.photons, 1...100_000, "Quanta of a white sample; fewer are noisier."), .probability(\.probability),
  ]

  /// Quanta of a white sample; fewer are noisier.
  public var photons: ClosedRange<Double>
  public var probability: Double

  /// The standard settings.
  public init() { self.init(photons: 60...60) }

  public init(photons: ClosedRange<Double> = 60...60, probability: Double = 0.5) {
    (self.photons, self.probability) = (photons, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    .pixels(.poissonNoise(photons: random.logarithmic(photons), seed: random.next()))
  }
}

/// What a JPEG file of random quality leaves of the picture; torchvision's `JPEG`.
public struct JPEGArtefacts: ConfiguredTransform {
  static let name = "jpeg"
  static let summary = "What a JPEG file of random quality leaves of the picture."
  static let settings: [Setting<JPEGArtefacts>] = [
    .range("quality", \.quality, 1...100, "The file's quality."), .probability(\.probability),
  ]

  /// 1 to 100.
  public var quality: ClosedRange<Double>
  public var probability: Double

  /// The standard settings.
  public init() { self.init(quality: 30...90) }

  public init(quality: ClosedRange<Double> = 30...90, probability: Double = 0.5) {
    (self.quality, self.probability) = (quality, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    .pixels(.jpeg(quality: Int(random.within(quality).rounded())))
  }
}
