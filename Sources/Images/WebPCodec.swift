import CImage

/// WebP through the system's libwebp, which is looked for when the first such picture comes.
enum WebP {
  /// libwebp's functions. Never closed: they are used from all threads until the program ends.
  struct Library: @unchecked Sendable {
    let handle: OpaquePointer

    init?(named name: String) {
      guard let handle = cimage_webp_open(name) else { return nil }
      self.handle = handle
    }
  }

  /// The library of this machine, or `nil`.
  static let library = Library(named: "libwebp.so.7")

  /// - Throws: `ImageError` that names the package to install.
  static func require(_ library: Library?, source: String) throws(ImageError) -> Library {
    guard let library else {
      throw ImageError(
        .unsupported, source: source, problem: "is WebP, and this machine lacks libwebp", expected: "libwebp.so.7",
        remedy: "apt-get install libwebp7, or convert the picture to PNG or JPEG")
    }
    return library
  }

  static func decode(
    _ raw: UnsafeRawBufferPointer, limits: ImageLimits, source: String, library: Library? = WebP.library
  ) throws(ImageError) -> Image {
    let header = try WebPHeader(ByteReader(bytes: raw, isBigEndian: false), source: source)
    try limits.check(width: header.width, height: header.height, source: source)
    let library = try require(library, source: source)
    let channels = header.hasAlpha ? 4 : 3
    let total = header.width * header.height * channels
    var status = CIMAGE_CORRUPT
    let pixels = [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
      status = cimage_webp_decode(
        library.handle, raw.baseAddress?.assumingMemoryBound(to: UInt8.self), raw.count, Int32(header.width), Int32(header.height),
        Int32(channels), buffer.baseAddress)
      count = status == CIMAGE_OK ? total : 0
    }
    guard status == CIMAGE_OK else {
      throw ImageError(
        .corrupt, source: source, problem: "is damaged: libwebp cannot decode it", expected: "a sound WebP file",
        remedy: ImageError.copyAgain)
    }
    return Image(unchecked: .uint8(pixels), width: header.width, height: header.height, mode: header.hasAlpha ? .rgba : .rgb)
      .oriented(header.orientation)
  }

  /// - Parameter quality: 0 to 100, or `nil` for no loss.
  static func encode(_ image: Image, quality: Int?, library: Library? = WebP.library) throws(ImageError) -> [UInt8] {
    if let quality, !(0...100).contains(quality) { throw .argument("a WebP quality of \(quality)", expected: "0 to 100") }
    guard image.width <= 16_383, image.height <= 16_383 else {
      throw .argument("\(image.width)×\(image.height) is too large for WebP", expected: "sides of at most 16383", remedy: "write PNG")
    }
    let library = try require(library, source: "the image")
    let plain = image.with8Bits().converted(to: image.mode.hasAlpha ? .rgba : .rgb)
    var bytes: UnsafeMutablePointer<UInt8>?
    var size = 0
    let status = cimage_webp_encode(
      library.handle, plain.bytes, Int32(plain.width), Int32(plain.height), Int32(plain.channels), Float(quality ?? 100),
      quality == nil ? 1 : 0, &bytes, &size)
    defer { cimage_webp_free(library.handle, bytes) }
    guard status == CIMAGE_OK, let bytes else {
      throw ImageError(.outOfMemory, source: "the image", problem: "libwebp cannot encode \(plain.width)×\(plain.height) pixels")
    }
    return [UInt8](UnsafeBufferPointer(start: bytes, count: size))
  }
}

/// What a WebP file says about itself before its pixels (RFC 9649).
struct WebPHeader {
  var width = 0
  var height = 0
  var hasAlpha = false
  /// The EXIF orientation, 1 where there is none.
  var orientation = 1

  init(_ reader: ByteReader, source: String) throws(ImageError) {
    var position = 12
    // Chunks follow each other; the extended form holds its pixels, metadata and frames in chunks of their own.
    while let size = reader.uint32(position + 4), let name = reader.slice(position, 4) {
      let body = position + 8
      if name.starts(with: "VP8X") {
        guard let flags = reader.byte(body), let low = reader.uint32(body + 4), let rest = reader.uint32(body + 6) else {
          throw Self.truncated(source)
        }
        if flags & 0x02 != 0 {
          throw ImageError(
            .unsupported, source: source, problem: "animated WebP is not supported", expected: "one picture",
            remedy: "save one frame of it as PNG")
        }
        hasAlpha = flags & 0x10 != 0
        width = (low & 0xFF_FFFF) + 1
        height = (rest >> 8 & 0xFF_FFFF) + 1
      } else if name.starts(with: "VP8 "), width == 0 {
        guard let sides = reader.uint32(body + 6) else { throw Self.truncated(source) }
        (width, height) = (sides & 0x3FFF, sides >> 16 & 0x3FFF)
      } else if name.starts(with: "VP8L"), width == 0 {
        guard let bits = reader.uint32(body + 1) else { throw Self.truncated(source) }
        (width, height) = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        hasAlpha = bits >> 28 & 1 == 1
      } else if name.starts(with: "EXIF") {
        guard let chunk = reader.slice(body, size) else { throw Self.truncated(source) }
        // Some writers put JPEG's own introduction before the TIFF header.
        let tiff = chunk.starts(with: "Exif\0\0") ? chunk.slice(6, chunk.count - 6) : chunk
        if let tiff { orientation = Exif.orientation(tiff: ByteReader(bytes: tiff.bytes)) ?? orientation }
      }
      guard reader.slice(body, size) != nil else { throw Self.truncated(source) }
      position = body + size + size & 1
    }
    guard width > 0 else { throw Self.truncated(source) }
  }

  private static func truncated(_ source: String) -> ImageError {
    ImageError(
      .truncated, source: source, problem: "is truncated: the WebP file ends too early", expected: "a whole WebP file",
      remedy: ImageError.copyAgain)
  }
}
