import CImage

extension Image {
  /// A window of the picture, which may reach beyond it; what lies outside is `fill` in every channel.
  ///
  /// Cropping, padding and shifting are all windows.
  /// - Parameter fill: a sample on the scale of 8 bits.
  /// - Throws: `ImageError` if the window has no pixels.
  public func window(x: Int, y: Int, width: Int, height: Int, fill: UInt8 = 0) throws(ImageError) -> Image {
    _ = try Self.sampleCount(width: width, height: height, channels: channels)
    if x == 0, y == 0, width == self.width, height == self.height { return self }
    return gathered(columns: Self.span(x, width, self.width), rows: Self.span(y, height, self.height), fill: fill)
  }

  /// The part of the picture from column `x` and row `y` on.
  /// - Throws: `ImageError` if any of it lies outside; `window` fills instead.
  public func cropped(x: Int, y: Int, width: Int, height: Int) throws(ImageError) -> Image {
    guard x >= 0, y >= 0, width > 0, height > 0, x <= self.width - width, y <= self.height - height else {
      throw .argument(
        "a crop of \(width)×\(height) at (\(x), \(y)) does not lie within the picture's \(self.width)×\(self.height)",
        remedy: "make the crop smaller, or pad the picture first")
    }
    return try window(x: x, y: y, width: width, height: height)
  }

  /// The middle of the picture; an odd remainder leaves the extra pixel at the right and the bottom.
  /// - Throws: `ImageError` if the picture is smaller than that.
  public func centerCropped(width: Int, height: Int) throws(ImageError) -> Image {
    try cropped(x: (self.width - width) / 2, y: (self.height - height) / 2, width: width, height: height)
  }

  /// The picture with a border.
  /// - Throws: `ImageError` if a border is negative.
  public func padded(left: Int, top: Int, right: Int, bottom: Int, fill: UInt8 = 0) throws(ImageError) -> Image {
    guard min(left, top, right, bottom) >= 0 else { throw .argument("a negative border", remedy: "crop instead") }
    return try window(x: -left, y: -top, width: width + left + right, height: height + top + bottom, fill: fill)
  }

  /// The picture moved to the right by `x` and down by `y` pixels; what comes in is `fill`.
  public func shifted(x: Int, y: Int, fill: UInt8 = 0) -> Image {
    if x == 0, y == 0 { return self }
    return gathered(columns: Self.span(-x, width, width), rows: Self.span(-y, height, height), fill: fill)
  }

  /// The picture in a mirror: left becomes right.
  public func flippedHorizontally() -> Image { gathered(columns: Self.mirror(width), rows: Self.span(0, height, height)) }

  /// The picture upside down: top becomes bottom.
  public func flippedVertically() -> Image { gathered(columns: Self.span(0, width, width), rows: Self.mirror(height)) }

  /// The picture as EXIF's orientation 1…8 wants it seen; other values change nothing.
  func oriented(_ orientation: Int) -> Image {
    let columns = [2, 3, 6, 7].contains(orientation), rows = [3, 4, 7, 8].contains(orientation)
    guard (2...8).contains(orientation) else { return self }
    if orientation < 5 {
      return gathered(
        columns: columns ? Self.mirror(width) : Self.span(0, width, width), rows: rows ? Self.mirror(height) : Self.span(0, height, height))
    }
    // Transposed: the result's columns are the file's rows.
    return gathered(
      columns: rows ? Self.mirror(width) : Self.span(0, width, width), rows: columns ? Self.mirror(height) : Self.span(0, height, height),
      transposed: true)
  }

  private static func mirror(_ size: Int) -> [Int32] { (0..<Int32(size)).reversed() }

  private static func span(_ start: Int, _ count: Int, _ size: Int) -> [Int32] {
    (0..<count).map { offset in
      let (position, overflow) = start.addingReportingOverflow(offset)
      return !overflow && position >= 0 && position < size ? Int32(position) : -1
    }
  }

  /// Picks pixels by their column and row in this picture, -1 being the fill.
  func gathered(columns: [Int32], rows: [Int32], transposed: Bool = false, fill: UInt8 = 0) -> Image {
    let (outWidth, outHeight) = transposed ? (rows.count, columns.count) : (columns.count, rows.count)
    let total = outWidth * outHeight * channels
    let result: Samples
    switch samples {
    case .uint8(let values):
      let border = [UInt8](repeating: fill, count: 4)
      result = .uint8(
        .filled(total) {
          cimage_gather(
            values, width * channels, channels, columns, Int32(outWidth), rows, Int32(outHeight), transposed ? 1 : 0, border, $0)
        })
    case .uint16(let values):
      let border = [UInt16](repeating: UInt16(fill) * 257, count: 4)
      result = .uint16(
        .filled(total) {
          cimage_gather(
            values, width * channels * 2, channels * 2, columns, Int32(outWidth), rows, Int32(outHeight), transposed ? 1 : 0, border, $0)
        })
    }
    return Image(unchecked: result, width: outWidth, height: outHeight, mode: mode)
  }
}
