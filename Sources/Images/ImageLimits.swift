/// What a picture may cost. Checked against the headers, before memory is taken for pixels.
public struct ImageLimits: Sendable, Hashable, Codable {
  /// No side of any picture is longer, so that index arithmetic stays within 32 bits.
  static let longestSide = 1 << 20

  /// Width times height. 100 million by default (300 MB in RGB).
  public var maxPixels: Int
  /// Pixels of the longer side; 65,535 by default, JPEG's own limit.
  public var maxSide: Int
  /// Bytes of an encoded file; 512 MiB by default.
  public var maxFileBytes: Int
  /// Bytes of metadata (text, profiles) that a PNG may hold; 16 MiB by default.
  public var maxMetadataBytes: Int

  public init(
    maxPixels: Int = 100_000_000, maxSide: Int = 65_535, maxFileBytes: Int = 512 << 20, maxMetadataBytes: Int = 16 << 20
  ) {
    self.maxPixels = maxPixels
    self.maxSide = maxSide
    self.maxFileBytes = maxFileBytes
    self.maxMetadataBytes = maxMetadataBytes
  }

  /// The defaults.
  public static let `default` = ImageLimits()

  func check(width: Int, height: Int, source: String) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw ImageError(.corrupt, source: source, problem: "says that it has \(width)×\(height) pixels", remedy: ImageError.copyAgain)
    }
    let side = min(maxSide, Self.longestSide)
    guard width <= side, height <= side else {
      throw ImageError(
        .tooLarge, source: source, problem: "is \(width)×\(height) pixels", expected: "sides of at most \(side)",
        remedy: "make the picture smaller, or raise the limit on sides")
    }
    guard width * height <= maxPixels else {
      throw ImageError(
        .tooLarge, source: source, problem: "has \(width)×\(height) = \(width * height) pixels", expected: "at most \(maxPixels)",
        remedy: "make the picture smaller, or raise the limit on pixels")
    }
  }
}

extension ImageError {
  static let copyAgain = "copy or download the file again, or remove it"
}
