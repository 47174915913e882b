import CImage

/// PNG through libspng.
enum PNG {
  static func decode(_ raw: UnsafeRawBufferPointer, limits: ImageLimits, source: String) throws(ImageError) -> Image {
    var message = CodecMessage()
    var handle: OpaquePointer?
    var info = cimage_png_info()
    // The side limits are ours, with our sentences; the library's own check comes second.
    if let width = ByteReader(bytes: raw).uint32(16), let height = ByteReader(bytes: raw).uint32(20), width > 0, height > 0 {
      try limits.check(width: width, height: height, source: source)
    }
    let side = UInt32(clamping: min(limits.maxSide, ImageLimits.longestSide))
    let opened = cimage_png_open(
      raw.baseAddress?.assumingMemoryBound(to: UInt8.self), raw.count, side, side, max(limits.maxMetadataBytes, 1), &handle,
      &info, &message.bytes)
    guard opened == CIMAGE_OK, let handle else { throw message.error(opened, format: "PNG", source: source) }
    defer { cimage_png_close(handle) }
    let (width, height) = (Int(info.width), Int(info.height))
    try limits.check(width: width, height: height, source: source)
    try checkPlausible(info, fileBytes: raw.count, source: source)
    guard let mode = ColourMode(rawValue: Int(info.channels)) else {
      throw ImageError(.unsupported, source: source, problem: "PNG with \(info.channels) channels is not supported")
    }
    let total = width * height * mode.channels
    var status = CIMAGE_CORRUPT
    let samples: Image.Samples
    if info.bits == 16 {
      samples = .uint16(
        [UInt16](unsafeUninitializedCapacity: total) { buffer, count in
          status = cimage_png_decode(handle, buffer.baseAddress, total * 2, &message.bytes)
          count = status == CIMAGE_OK ? total : 0
        })
    } else {
      samples = .uint8(
        [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
          status = cimage_png_decode(handle, buffer.baseAddress, total, &message.bytes)
          count = status == CIMAGE_OK ? total : 0
        })
    }
    guard status == CIMAGE_OK else { throw message.error(status, format: "PNG", source: source) }
    return Image(unchecked: samples, width: width, height: height, mode: mode).oriented(orientation(handle))
  }

  /// Deflate packs at most 1032 bytes into one; a header that promises more is a lie, found before memory is taken.
  private static func checkPlausible(_ info: cimage_png_info, fileBytes: Int, source: String) throws(ImageError) {
    let row = (Int(info.width) * Int(info.stored_bits) * Int(info.stored_channels) + 7) / 8
    guard row * Int(info.height) <= fileBytes * 1032 else {
      throw ImageError(
        .truncated, source: source,
        problem: "is truncated: \(fileBytes) bytes cannot hold the \(info.width)×\(info.height) pixels that its header promises",
        expected: "a whole PNG file", remedy: ImageError.copyAgain)
    }
  }

  private static func orientation(_ handle: OpaquePointer) -> Int {
    var size = 0
    guard let exif = cimage_png_exif(handle, &size) else { return 1 }
    return Exif.orientation(tiff: ByteReader(bytes: UnsafeRawBufferPointer(start: exif, count: size))) ?? 1
  }

  static func encode(_ image: Image, level: Int) throws(ImageError) -> [UInt8] {
    guard (0...9).contains(level) else { throw .argument("a PNG compression level of \(level)", expected: "0 to 9") }
    var message = CodecMessage()
    var bytes: UnsafeMutablePointer<UInt8>?
    var size = 0
    let status = image.withUnsafeSamples { samples in
      cimage_png_encode(
        samples.baseAddress, samples.count, UInt32(image.width), UInt32(image.height), Int32(image.channels), Int32(image.bitsPerSample),
        Int32(level), &bytes, &size, &message.bytes)
    }
    defer { cimage_png_free(bytes) }
    guard status == CIMAGE_OK, let bytes else { throw message.error(status, format: "PNG", source: "the image") }
    return [UInt8](UnsafeBufferPointer(start: bytes, count: size))
  }
}
