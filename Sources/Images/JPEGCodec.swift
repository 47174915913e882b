import CImage

/// JPEG through libjpeg-turbo.
enum JPEG {
  static func decode(
    _ raw: UnsafeRawBufferPointer, covering size: (width: Int, height: Int)?, limits: ImageLimits, source: String
  ) throws(ImageError) -> Image {
    let header = try JPEGHeader(ByteReader(bytes: raw), source: source)
    try limits.check(width: header.width, height: header.height, source: source)
    // Orientations 5 to 8 lie on their side in the file.
    let wanted = size.map { header.orientation >= 5 ? (width: $0.height, height: $0.width) : $0 }
    let eighths = wanted.map { scale(of: header, covering: $0) } ?? 8
    let width = Int(cimage_jpeg_scaled(Int32(header.width), Int32(eighths)))
    let height = Int(cimage_jpeg_scaled(Int32(header.height), Int32(eighths)))
    var status = CIMAGE_CORRUPT
    var message = CodecMessage()
    let total = width * height * header.components
    let pixels = [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
      status = cimage_jpeg_decode(
        raw.baseAddress?.assumingMemoryBound(to: UInt8.self), raw.count, Int32(width), Int32(height), Int32(header.components),
        buffer.baseAddress, &message.bytes)
      count = status == CIMAGE_OK ? total : 0
    }
    guard status == CIMAGE_OK else { throw message.error(status, format: "JPEG", source: source) }
    let image: Image
    if header.components == 4 {
      let rgb = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
        cimage_cmyk_to_rgb(pixels, width * height, header.isAdobe ? 1 : 0, buffer.baseAddress)
        count = width * height * 3
      }
      image = Image(unchecked: .uint8(rgb), width: width, height: height, mode: .rgb)
    } else {
      image = Image(unchecked: .uint8(pixels), width: width, height: height, mode: header.components == 1 ? .grey : .rgb)
    }
    return image.oriented(header.orientation)
  }

  /// The smallest number of eighths that still covers the wanted size.
  private static func scale(of header: JPEGHeader, covering size: (width: Int, height: Int)) -> Int {
    (1...8).first {
      Int(cimage_jpeg_scaled(Int32(header.width), Int32($0))) >= size.width
        && Int(cimage_jpeg_scaled(Int32(header.height), Int32($0))) >= size.height
    } ?? 8
  }

  static func encode(_ image: Image, quality: Int, background: Colour) throws(ImageError) -> [UInt8] {
    guard (1...100).contains(quality) else { throw .argument("a JPEG quality of \(quality)", expected: "1 to 100") }
    guard image.width <= 65_500, image.height <= 65_500 else {
      throw .argument("\(image.width)×\(image.height) is too large for JPEG", expected: "sides of at most 65500", remedy: "write PNG")
    }
    let plain = image.with8Bits().converted(to: image.channels <= 2 ? .grey : .rgb, background: background)
    var message = CodecMessage()
    var bytes: UnsafeMutablePointer<UInt8>?
    var size = 0
    let status = cimage_jpeg_encode(
      plain.bytes, Int32(plain.width), Int32(plain.height), Int32(plain.channels), Int32(quality), quality >= 90 ? 1 : 0, &bytes, &size,
      &message.bytes)
    defer { cimage_jpeg_free(bytes) }
    guard status == CIMAGE_OK, let bytes else { throw message.error(status, format: "JPEG", source: "the image") }
    return [UInt8](UnsafeBufferPointer(start: bytes, count: size))
  }
}

/// The text that a codec leaves behind, turned into an error.
struct CodecMessage {
  var bytes = [CChar](repeating: 0, count: Int(CIMAGE_MESSAGE_SIZE))

  private var text: String { String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }

  func error(_ status: cimage_status, format: String, source: String) -> ImageError {
    switch status {
    case CIMAGE_TRUNCATED:
      ImageError(
        .truncated, source: source, problem: "is truncated: \(text)", expected: "a whole \(format) file", remedy: ImageError.copyAgain)
    case CIMAGE_UNSUPPORTED:
      ImageError(
        .unsupported, source: source, problem: "this \(format) is not supported: \(text)", remedy: "convert it to plain PNG or JPEG")
    case CIMAGE_MEMORY: ImageError(.outOfMemory, source: source, problem: "no memory for the \(format) codec: \(text)")
    case CIMAGE_LIMIT:
      ImageError(
        .tooLarge, source: source, problem: "is larger than the limits allow: \(text)", remedy: "make it smaller, or raise the limits")
    default:
      ImageError(.corrupt, source: source, problem: "is damaged: \(text)", expected: "a sound \(format) file", remedy: ImageError.copyAgain)
    }
  }
}
