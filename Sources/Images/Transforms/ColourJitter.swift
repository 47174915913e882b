import MartletCore

/// Random brightness, contrast, saturation and hue, in random order; torchvision's `ColorJitter`.
public struct ColourJitter: ConfiguredTransform {
  static let name = "colourJitter"
  static let summary = "Random brightness, contrast, saturation and hue, in random order."
  static let settings: [Setting<ColourJitter>] = [
    .range("brightness", \.brightness, 0...10, around: 1, "Factor of the brightness."),
    .range("contrast", \.contrast, 0...10, around: 1, "Factor of the contrast."),
    .range("saturation", \.saturation, 0...10, around: 1, "Factor of the saturation."),
    .range("hue", \.hue, -0.5...0.5, around: 0, "Turn of the hue, as a part of the circle."),
    .probability(\.probability),
  ]

  /// Factors; 1 changes nothing.
  public var brightness, contrast, saturation: ClosedRange<Double>
  /// Parts of the circle; 0 changes nothing.
  public var hue: ClosedRange<Double>
  public var probability: Double

  /// The standard settings.
  public init() { self.init(brightness: 1...1) }

  public init(
    brightness: ClosedRange<Double> = 1...1, contrast: ClosedRange<Double> = 1...1, saturation: ClosedRange<Double> = 1...1,
    hue: ClosedRange<Double> = 0...0, probability: Double = 1
  ) {
    (self.brightness, self.contrast, self.saturation, self.hue) = (brightness, contrast, saturation, hue)
    self.probability = probability
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    var changes: [PixelChange] = [
      .brightness(random.within(brightness)), .contrast(random.within(contrast)), .saturation(random.within(saturation)),
      .hue(random.within(hue)),
    ]
    random.shuffle(&changes)
    return .sequence(changes.filter { !$0.isNothing }.map { .pixels($0) })
  }
}

extension PixelChange {
  /// A factor of one, a turn of none.
  fileprivate var isNothing: Bool {
    switch self {
    case .brightness(1), .contrast(1), .saturation(1), .hue(0): true
    default: false
    }
  }
}

/// Random sharpening (above 1) or smoothing (below); torchvision's `RandomAdjustSharpness` with a range.
public struct RandomSharpness: ConfiguredTransform {
  static let name = "sharpness"
  static let summary = "Random sharpening or smoothing."
  static let settings: [Setting<RandomSharpness>] = [
    .range("factor", \.factor, 0...20, around: 1, "0 is a small blur, 1 changes nothing, above sharpens."), .probability(\.probability),
  ]

  /// 0 is a small blur, 1 changes nothing, above sharpens.
  public var factor: ClosedRange<Double>
  public var probability: Double

  /// The standard settings.
  public init() { self.init(factor: 0...2) }

  public init(factor: ClosedRange<Double> = 0...2, probability: Double = 0.5) {
    (self.factor, self.probability) = (factor, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform { .pixels(.sharpness(random.within(factor))) }
}

/// Samples from a threshold on become their negative.
public struct Solarise: ConfiguredTransform {
  static let name = "solarise"
  static let summary = "Samples from a threshold on become their negative."
  static let settings: [Setting<Solarise>] = [
    .whole("threshold", \.threshold, 0...255, "The first sample that is turned round."), .probability(\.probability),
  ]

  /// The first sample that is turned round, on the scale of 8 bits.
  public var threshold: Int
  public var probability: Double

  /// The standard settings.
  public init() { self.init(threshold: 128) }

  public init(threshold: Int = 128, probability: Double = 0.5) { (self.threshold, self.probability) = (threshold, probability) }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform { .pixels(.solarise(threshold: threshold)) }
}

/// Fewer levels of each sample.
public struct Posterise: ConfiguredTransform {
  static let name = "posterise"
  static let summary = "Fewer levels of each sample."
  static let settings: [Setting<Posterise>] = [
    .whole("bits", \.bits, 1...8, "The bits that are kept."), .probability(\.probability),
  ]

  /// The bits that are kept, 1 to 8.
  public var bits: Int
  public var probability: Double

  /// The standard settings.
  public init() { self.init(bits: 4) }

  public init(bits: Int = 4, probability: Double = 0.5) { (self.bits, self.probability) = (bits, probability) }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform { .pixels(.posterise(bits: bits)) }
}

/// The changes of colour that have nothing to set but how often they happen.
struct PlainChange<Kind: PlainKind>: ConfiguredTransform {
  static var name: String { Kind.name }
  static var summary: String { Kind.summary }
  static var settings: [Setting<PlainChange>] { [.probability(\.probability)] }
  var probability = 0.5

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform { .pixels(Kind.change(&random)) }
}

/// Which change it is.
protocol PlainKind: Sendable, Hashable {
  static var name: String { get }
  static var summary: String { get }
  static func change(_ random: inout KeyedRandom) -> PixelChange
}

enum GreyKind: PlainKind {
  static let name = "grey", summary = "The picture without colour, in its own channels."
  static func change(_ random: inout KeyedRandom) -> PixelChange { .grey }
}

enum InvertKind: PlainKind {
  static let name = "invert", summary = "The negative."
  static func change(_ random: inout KeyedRandom) -> PixelChange { .invert }
}

enum EqualiseKind: PlainKind {
  static let name = "equalise", summary = "Each channel with its samples spread evenly."
  static func change(_ random: inout KeyedRandom) -> PixelChange { .equalise }
}

enum AutocontrastKind: PlainKind {
  static let name = "autocontrast", summary = "Each channel stretched from black to white."
  static func change(_ random: inout KeyedRandom) -> PixelChange { .autocontrast }
}

enum ChannelShuffleKind: PlainKind {
  static let name = "channelShuffle", summary = "Red, green and blue change places."
  static func change(_ random: inout KeyedRandom) -> PixelChange {
    var order = [0, 1, 2]
    random.shuffle(&order)
    return .reorder(order)
  }
}

/// Some channels of colour become one sample everywhere; grey pictures stay.
public struct ChannelDrop: ConfiguredTransform {
  static let name = "channelDrop"
  static let summary = "Some of red, green and blue become one sample everywhere."
  static let settings: [Setting<ChannelDrop>] = [
    .whole("count", \.count, 1...2, "How many channels."), .sample("fill", \.fill, "What they become."), .probability(\.probability),
  ]

  /// How many channels, 1 or 2.
  public var count: Int
  public var fill: UInt8
  public var probability: Double

  /// The standard settings.
  public init() { self.init(count: 1) }

  public init(count: Int = 1, fill: UInt8 = 0, probability: Double = 0.5) {
    (self.count, self.fill, self.probability) = (count, fill, probability)
  }

  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform {
    var order = [0, 1, 2]
    random.shuffle(&order)
    return .pixels(.drop(Set(order.prefix(count)), fill: fill))
  }
}
