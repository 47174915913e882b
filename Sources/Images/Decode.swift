public import Foundation

extension Image {
  /// Decodes a JPEG, PNG or (where the machine has libwebp) WebP file that is in memory. EXIF orientation is applied; palettes become RGB; CMYK becomes RGB.
  ///
  /// - Parameters:
  ///   - mode: the channels wanted, or `nil` for the file's own. Alpha that the mode lacks is composited on `background`; grey is ITU-R 601 luma.
  ///   - size: a hint for large JPEG files: the result may be smaller than the file says, but covers at least this size (in eighths of the
  ///     full size, which costs a fraction of the time). Resize it afterwards.
  ///   - limits: what the picture may cost.
  ///   - source: the name that errors use.
  /// - Returns: 8 bits per sample, or 16 for a 16-bit PNG.
  /// - Throws: `ImageError` that says what the bytes are instead, or what is wrong with them. Nothing is ever decoded in part.
  public static func decode(
    _ bytes: [UInt8], as mode: ColourMode? = nil, covering size: (width: Int, height: Int)? = nil, background: Colour = .white,
    limits: ImageLimits = .default, source: String = "the image"
  ) throws(ImageError) -> Image {
    try bytes.withUnsafeBytes { raw in
      Result { () throws(ImageError) in
        try decode(raw: raw, as: mode, covering: size, background: background, limits: limits, source: source)
      }
    }.get()
  }

  /// Decodes a picture file that is in memory; see `decode(_:as:covering:background:limits:source:)`.
  public static func decode(
    _ data: Data, as mode: ColourMode? = nil, covering size: (width: Int, height: Int)? = nil, background: Colour = .white,
    limits: ImageLimits = .default, source: String = "the image"
  ) throws(ImageError) -> Image {
    try data.withUnsafeBytes { raw in
      Result { () throws(ImageError) in
        try decode(raw: raw, as: mode, covering: size, background: background, limits: limits, source: source)
      }
    }.get()
  }

  /// Reads and decodes a picture file; see `decode(_:as:covering:background:limits:source:)`.
  /// - Throws: `ImageError` naming the path.
  public static func read(
    _ path: String, as mode: ColourMode? = nil, covering size: (width: Int, height: Int)? = nil, background: Colour = .white,
    limits: ImageLimits = .default
  ) throws(ImageError) -> Image {
    let bytes = try FileBytes.read(path, limit: limits.maxFileBytes)
    return try decode(bytes, as: mode, covering: size, background: background, limits: limits, source: path)
  }

  private static func decode(
    raw: UnsafeRawBufferPointer, as mode: ColourMode?, covering size: (width: Int, height: Int)?, background: Colour, limits: ImageLimits,
    source: String
  ) throws(ImageError) -> Image {
    guard raw.count <= limits.maxFileBytes else {
      throw ImageError(.tooLarge, source: source, problem: "has \(raw.count) bytes", expected: "at most \(limits.maxFileBytes)")
    }
    let signature = ByteSignature(raw)
    try signature.requireDecodable(source: source)
    let image =
      switch signature {
      case .jpeg: try JPEG.decode(raw, covering: size, limits: limits, source: source)
      case .webp: try WebP.decode(raw, limits: limits, source: source)
      default: try PNG.decode(raw, limits: limits, source: source)
      }
    guard let mode else { return image }
    return image.converted(to: mode, background: background)
  }
}
