import CImage
public import Foundation
public import MartletCore

/// How a decoded picture becomes a model's input: channels, size, and numbers. Goes into the bundle, so that serving prepares as training did.
public struct ImagePreparation: Sendable, Hashable, Codable {
  /// What happens when the proportions differ.
  public enum Fit: String, Sendable, Hashable, Codable, CaseIterable {
    /// Stretch to the size, whatever the proportions. The default.
    case stretch
    /// Fill the size and cut off what stands over, evenly on both sides.
    case cover
    /// Show all of the picture and pad with black, evenly on both sides.
    case contain
  }

  /// The model's channels.
  public let mode: ColourMode
  /// The model's size in pixels.
  public let width, height: Int
  /// What happens when the proportions differ.
  public let fit: Fit
  /// How pixels are resampled.
  public let filter: ResizeFilter
  /// Subtracted from samples in 0…1, for each channel.
  public let mean: [Float]
  /// Divides after that, for each channel.
  public let std: [Float]

  /// - Parameters:
  ///   - mean: one number for each channel, or one for all; `nil` is 0.
  ///   - std: one number for each channel, or one for all; `nil` is 1.
  /// - Throws: `ArgumentError` for a size, mean or std that cannot be.
  public init(
    mode: ColourMode, width: Int, height: Int, fit: Fit = .stretch, filter: ResizeFilter = .bilinear, mean: [Float]? = nil,
    std: [Float]? = nil
  ) throws(ArgumentError) {
    guard (1...ImageLimits.longestSide).contains(width), (1...ImageLimits.longestSide).contains(height) else {
      throw ArgumentError("an input size of \(width)×\(height) pixels", expected: "sides of 1 pixel or more")
    }
    self.mode = mode
    self.width = width
    self.height = height
    self.fit = fit
    self.filter = filter
    self.mean = try Self.perChannel(mean, "mean", mode, missing: 0)
    self.std = try Self.perChannel(std, "std", mode, missing: 1)
    guard self.mean.allSatisfy(\.isFinite) else { throw ArgumentError("a mean of \(self.mean)", expected: "finite numbers") }
    guard self.std.allSatisfy({ $0.isFinite && $0 > 0 }) else { throw ArgumentError("a std of \(self.std)", expected: "numbers above 0") }
  }

  private static func perChannel(_ values: [Float]?, _ name: String, _ mode: ColourMode, missing: Float) throws(ArgumentError) -> [Float] {
    guard let values else { return Array(repeating: missing, count: mode.channels) }
    if values.count == 1 { return Array(repeating: values[0], count: mode.channels) }
    guard values.count == mode.channels else {
      throw ArgumentError("\(values.count) numbers in \(name)", expected: "1, or \(mode.channels) for \(mode.name)")
    }
    return values
  }

  private enum CodingKeys: String, CodingKey { case mode, width, height, fit, filter, mean, std }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    do {
      try self.init(
        mode: container.decode(ColourMode.self, forKey: .mode), width: container.decode(Int.self, forKey: .width),
        height: container.decode(Int.self, forKey: .height), fit: container.decodeIfPresent(Fit.self, forKey: .fit) ?? .stretch,
        filter: container.decodeIfPresent(ResizeFilter.self, forKey: .filter) ?? .bilinear,
        mean: container.decodeIfPresent([Float].self, forKey: .mean), std: container.decodeIfPresent([Float].self, forKey: .std))
    } catch let error as ArgumentError {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: error.description))
    }
  }

  /// `[channels, height, width]`: the shape of one prepared picture.
  public var shape: [Int] { [mode.channels, height, width] }

  /// Floats of one prepared picture.
  public var elementCount: Int { mode.channels * width * height }

  /// The numbers that 8-bit samples become: (value / 255 - mean) / std.
  var table: SampleTable { SampleTable(mean: mean, std: std) }

  /// The picture in the model's channels and size, still samples.
  /// - Throws: `ImageError` if memory runs out.
  public func fitted(_ image: Image) throws(ImageError) -> Image {
    let image = image.converted(to: mode)
    if image.width == width, image.height == height { return image }
    switch fit {
    case .stretch: return try image.resized(width: width, height: height, filter: filter)
    case .contain:
      let size = image.fitting(width: width, height: height)
      let inner = try image.resized(width: min(size.width, width), height: min(size.height, height), filter: filter)
      return try inner.window(x: -(width - inner.width) / 2, y: -(height - inner.height) / 2, width: width, height: height)
    case .cover:
      // The part that will be seen is cut out first, so that an extreme shape does not grow on the way.
      let scale = max(Double(width) / Double(image.width), Double(height) / Double(image.height))
      let seenWidth = min(image.width, max(1, Int((Double(width) / scale).rounded())))
      let seenHeight = min(image.height, max(1, Int((Double(height) / scale).rounded())))
      return try image.centerCropped(width: seenWidth, height: seenHeight).resized(width: width, height: height, filter: filter)
    }
  }

  /// Writes the prepared picture, `[channels, height, width]` in row-major order, to `output`.
  /// - Throws: `ImageError` if memory runs out or `output` does not have `elementCount` elements.
  public func fill(_ output: UnsafeMutableBufferPointer<Float>, with image: Image) throws(ImageError) {
    try write(try fitted(image), table: table, to: output)
  }

  /// The prepared picture as floats `[channels, height, width]` in row-major order.
  /// - Throws: `ImageError` if memory runs out.
  public func floats(_ image: Image) throws(ImageError) -> [Float] {
    let image = try fitted(image)
    var failure: ImageError?
    let values = [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
      let output = UnsafeMutableBufferPointer(rebasing: buffer[..<elementCount])
      do throws(ImageError) {
        try write(image, table: table, to: output)
        count = elementCount
      } catch { failure = error }
    }
    if let failure { throw failure }
    return values
  }

  /// Reads a picture for this preparation: large JPEG files are decoded no larger than needed.
  /// - Throws: `ImageError` naming the path.
  public func read(_ path: String, limits: ImageLimits = .default) throws(ImageError) -> Image {
    try Image.read(path, as: mode, covering: (width, height), limits: limits)
  }

  /// Decodes a picture for this preparation, as `read` does; what a server does with the bytes of a request.
  /// - Throws: `ImageError` naming `source`.
  public func decode(_ data: Data, limits: ImageLimits = .default, source: String = "the image") throws(ImageError) -> Image {
    try Image.decode(data, as: mode, covering: (width, height), limits: limits, source: source)
  }

  /// Writes a picture that has the size and channels already.
  func write(_ image: Image, table: SampleTable, to output: UnsafeMutableBufferPointer<Float>) throws(ImageError) {
    guard output.count == elementCount, image.width == width, image.height == height, image.mode == mode else {
      throw .argument(
        "\(image) does not fill \(output.count) floats", expected: "\(mode.name) of \(width)×\(height) for \(elementCount) floats")
    }
    let (count, channels) = (image.pixelCount, Int32(image.channels))
    switch image.samples {
    case .uint8(let values): cimage_to_planes_float8(values, count, channels, table.values, table.scales, output.baseAddress)
    case .uint16(let values): cimage_to_planes_float16(values, count, channels, mean, std, output.baseAddress)
    }
  }
}

/// What 8-bit samples become as floats: 256 numbers for each channel, and the line that they lie on.
struct SampleTable: Sendable {
  let values: [Float]
  let scales: [Float]

  init(mean: [Float], std: [Float]) {
    let scales = std.map { Float(1 / (255 * Double($0))) }
    self.scales = scales
    values = zip(mean, std).enumerated().flatMap { channel, numbers in
      let offset = Float(-Double(numbers.0) / Double(numbers.1))
      // Two roundings: the C loops compute the same.
      return (0..<256).map { sample in
        let product = Float(sample) * scales[channel]
        return product + offset
      }
    }
  }
}
