import CImage

extension Image {
  /// The picture in other channels.
  ///
  /// Grey is luma by ITU-R 601-2, (19595 R + 38470 G + 7471 B + 32768) / 65536, exactly Pillow's "L". Alpha that the new mode lacks is
  /// composited on `background`; alpha that is new is opaque.
  public func converted(to mode: ColourMode, background: Colour = .white) -> Image {
    guard mode != self.mode else { return self }
    let total = pixelCount * mode.channels
    let (from, to) = (Int32(channels), Int32(mode.channels))
    let colours = [background.red, background.green, background.blue]
    let result: Samples
    switch samples {
    case .uint8(let values):
      result = .uint8(.filled(total) { cimage_convert8(values, pixelCount, from, to, colours, $0) })
    case .uint16(let values):
      result = .uint16(.filled(total) { cimage_convert16(values, pixelCount, from, to, colours.map { UInt16($0) * 257 }, $0) })
    }
    return Image(unchecked: result, width: width, height: height, mode: mode)
  }

  /// The picture with 8 bits per sample; 16-bit samples are divided by 257 and rounded to the nearest.
  public func with8Bits() -> Image {
    guard case .uint16(let values) = samples else { return self }
    return Image(
      unchecked: .uint8(.filled(values.count) { cimage_narrow(values, values.count, $0) }), width: width, height: height, mode: mode)
  }

  /// The picture with 16 bits per sample; 8-bit samples are multiplied by 257.
  public func with16Bits() -> Image {
    guard case .uint8(let values) = samples else { return self }
    return Image(
      unchecked: .uint16(.filled(values.count) { cimage_widen(values, values.count, $0) }), width: width, height: height, mode: mode)
  }

  /// The samples as they lie in memory.
  func withUnsafeSamples<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    switch samples {
    case .uint8(let values): values.withUnsafeBytes(body)
    case .uint16(let values): values.withUnsafeBytes(body)
    }
  }
}

extension Array {
  /// An array of `count` elements that `body` writes all of.
  static func filled(_ count: Int, _ body: (UnsafeMutablePointer<Element>?) -> Void) -> [Element] {
    [Element](unsafeUninitializedCapacity: count) { buffer, written in
      body(buffer.baseAddress)
      written = count
    }
  }
}
