/// The channels of a picture. The raw value is their number.
public enum ColourMode: Int, Sendable, Hashable, CaseIterable, Codable {
  case grey = 1
  case greyAlpha = 2
  case rgb = 3
  case rgba = 4

  /// Samples of one pixel.
  public var channels: Int { rawValue }

  /// The last channel is opacity.
  public var hasAlpha: Bool { self == .greyAlpha || self == .rgba }

  /// The word in configuration files.
  public var name: String {
    switch self {
    case .grey: "grey"
    case .greyAlpha: "grey-alpha"
    case .rgb: "rgb"
    case .rgba: "rgba"
    }
  }

  /// Reads `grey` (or `gray`), `grey-alpha`, `rgb`, `rgba`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let word = try container.decode(String.self)
    guard let mode = Self.allCases.first(where: { $0.name == word.lowercased().replacing("gray", with: "grey") }) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "unknown colour mode '\(word)'; expected \(Self.allCases.map(\.name).joined(separator: ", "))")
    }
    self = mode
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

/// A colour of 8-bit samples, used where something has to be filled: backgrounds, borders.
public struct Colour: Sendable, Hashable {
  public let red, green, blue: UInt8

  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  public static let white = Colour(red: 255, green: 255, blue: 255)
  public static let black = Colour(red: 0, green: 0, blue: 0)
}
