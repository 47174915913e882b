import CImage

/// How new pixels are made from old ones.
public enum ResizeFilter: String, Sendable, Hashable, Codable, CaseIterable {
  /// The nearest pixel's value: for masks and enlargements that must stay sharp.
  case nearest
  /// The mean over the area that a new pixel covers.
  case area
  /// A triangle, widened when shrinking (antialiased). The default.
  case bilinear
  /// Keys' cubic with a = -0.5, widened when shrinking.
  case bicubic
}

extension Image {
  /// The picture stretched to another size, as Pillow's NEAREST, BOX, BILINEAR and BICUBIC do it, antialiased.
  ///
  /// Colours under transparency do not bleed: pictures with alpha are resized premultiplied.
  /// - Throws: `ImageError` if a side is not positive or memory runs out.
  public func resized(width: Int, height: Int, filter: ResizeFilter = .bilinear) throws(ImageError) -> Image {
    let total = try Self.sampleCount(width: width, height: height, channels: channels)
    if width == self.width, height == self.height { return self }
    let kernel: cimage_filter
    switch filter {
    case .nearest:
      return gathered(columns: Self.nearest(self.width, width), rows: Self.nearest(self.height, height))
    case .area: kernel = CIMAGE_BOX
    case .bilinear: kernel = CIMAGE_BILINEAR
    case .bicubic: kernel = CIMAGE_BICUBIC
    }
    var status = CIMAGE_OK
    let result: Samples
    let (sourceWidth, sourceHeight, depth) = (Int32(self.width), Int32(self.height), Int32(channels))
    switch samples {
    case .uint8(let values):
      let source = mode.hasAlpha ? .filled(values.count) { cimage_premultiply8(values, pixelCount, depth, $0) } : values
      result = .uint8(
        .filled(total) {
          status = cimage_resample8(source, sourceWidth, sourceHeight, depth, kernel, Int32(width), Int32(height), $0)
          if mode.hasAlpha, status == CIMAGE_OK { cimage_unpremultiply8($0, width * height, depth) }
        })
    case .uint16(let values):
      let source = mode.hasAlpha ? .filled(values.count) { cimage_premultiply16(values, pixelCount, depth, $0) } : values
      result = .uint16(
        .filled(total) {
          status = cimage_resample16(source, sourceWidth, sourceHeight, depth, kernel, Int32(width), Int32(height), $0)
          if mode.hasAlpha, status == CIMAGE_OK { cimage_unpremultiply16($0, width * height, depth) }
        })
    }
    guard status == CIMAGE_OK else {
      throw ImageError(.outOfMemory, source: "image", problem: "no memory to resize \(self.width)×\(self.height) to \(width)×\(height)")
    }
    return Image(unchecked: result, width: width, height: height, mode: mode)
  }

  /// The largest size within `width` × `height` with this picture's proportions, at least one pixel each way.
  func fitting(width: Int, height: Int) -> (width: Int, height: Int) {
    let scale = min(Double(width) / Double(self.width), Double(height) / Double(self.height))
    return (max(1, Int((Double(self.width) * scale).rounded())), max(1, Int((Double(self.height) * scale).rounded())))
  }

  private static func nearest(_ from: Int, _ to: Int) -> [Int32] {
    let scale = Double(from) / Double(to)
    return (0..<to).map { Int32(min(from - 1, Int((Double($0) + 0.5) * scale))) }
  }
}
