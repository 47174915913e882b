/// A picture in memory: rows from top to bottom, pixels from left to right, the samples of a pixel side by side.
///
/// A value; copies share memory until one changes. Transparency is straight (not premultiplied).
public struct Image: Sendable, Hashable {
  /// The samples, `width * height * channels` of them, full intensity being 255 or 65535.
  public enum Samples: Sendable, Hashable {
    case uint8([UInt8])
    case uint16([UInt16])

    /// The number of samples.
    public var count: Int {
      switch self {
      case .uint8(let values): values.count
      case .uint16(let values): values.count
      }
    }
  }

  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// The channels.
  public let mode: ColourMode
  /// The pixels.
  public let samples: Samples

  /// Samples of one pixel, 1 to 4.
  public var channels: Int { mode.channels }

  /// Pixels altogether.
  public var pixelCount: Int { width * height }

  /// 8 or 16.
  public var bitsPerSample: Int {
    switch samples {
    case .uint8: 8
    case .uint16: 16
    }
  }

  /// Wraps samples that are laid out already.
  /// - Throws: `ImageError` if a side is not positive or the samples do not fill the picture exactly.
  public init(width: Int, height: Int, mode: ColourMode, samples: Samples) throws(ImageError) {
    let count = try Self.sampleCount(width: width, height: height, channels: mode.channels)
    guard samples.count == count else {
      throw .argument(
        "\(samples.count) samples do not fill a \(mode.name) picture of \(width)×\(height)", expected: "\(count) samples")
    }
    self.init(unchecked: samples, width: width, height: height, mode: mode)
  }

  /// A picture of one colour, 8 bits. Grey modes take the colour's luma.
  /// - Throws: `ImageError` if a side is not positive.
  public init(width: Int, height: Int, mode: ColourMode, filledWith colour: Colour) throws(ImageError) {
    let count = try Self.sampleCount(width: width, height: height, channels: 3)
    var values = [UInt8](repeating: colour.red, count: count)
    if colour.green != colour.red || colour.blue != colour.red {
      for start in stride(from: 0, to: count, by: 3) {
        values[start + 1] = colour.green
        values[start + 2] = colour.blue
      }
    }
    self = Image(unchecked: .uint8(values), width: width, height: height, mode: .rgb).converted(to: mode)
  }

  init(unchecked samples: Samples, width: Int, height: Int, mode: ColourMode) {
    self.width = width
    self.height = height
    self.mode = mode
    self.samples = samples
  }

  static func sampleCount(width: Int, height: Int, channels: Int) throws(ImageError) -> Int {
    guard width > 0, height > 0, width <= ImageLimits.longestSide, height <= ImageLimits.longestSide else {
      throw .argument("\(width)×\(height) is not a picture's size", expected: "sides of 1 to \(ImageLimits.longestSide) pixels")
    }
    return width * height * channels
  }

  /// The 8-bit samples; a 16-bit picture is rounded to 8 bits.
  public var bytes: [UInt8] {
    if case .uint8(let values) = with8Bits().samples { values } else { [] }
  }

  /// The sample at a place, 0…255 or 0…65535, or `nil` outside the picture.
  public func sample(x: Int, y: Int, channel: Int = 0) -> Int? {
    guard (0..<width).contains(x), (0..<height).contains(y), (0..<channels).contains(channel) else { return nil }
    let index = (y * width + x) * channels + channel
    switch samples {
    case .uint8(let values): return Int(values[index])
    case .uint16(let values): return Int(values[index])
    }
  }
}

extension Image: CustomStringConvertible {
  public var description: String { "Image(\(width)×\(height), \(mode.name), \(bitsPerSample) bits)" }
}
