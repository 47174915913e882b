/// The formats that pictures are written in.
public enum ImageFormat: Sendable, Hashable {
  /// Lossy, 8 bits, no transparency. `quality` is 1 (small) to 100; from 90 on the colours keep their full resolution.
  case jpeg(quality: Int = 90)
  /// Lossless, 8 or 16 bits. `level` is 0 (fast) to 9 (small).
  case png(level: Int = 6)
  /// Lossy with a `quality` of 0 to 100, or without loss if `nil`; 8 bits. Needs libwebp on the machine.
  case webp(quality: Int? = 90)

  /// The format that a file name asks for, or `nil` if its extension is none of JPEG's, PNG's and WebP's.
  public init?(path: String) {
    let name = path.lowercased()
    if name.hasSuffix(".jpg") || name.hasSuffix(".jpeg") {
      self = .jpeg()
    } else if name.hasSuffix(".png") {
      self = .png()
    } else if name.hasSuffix(".webp") {
      self = .webp()
    } else {
      return nil
    }
  }

  /// `image/jpeg`, `image/png` or `image/webp`.
  public var mediaType: String {
    switch self {
    case .jpeg: "image/jpeg"
    case .png: "image/png"
    case .webp: "image/webp"
    }
  }
}

/// What some bytes are, by their first few.
public enum ByteSignature: Sendable, Hashable {
  case jpeg
  case png
  /// Decoded where the machine has libwebp.
  case webp
  /// A picture format that is known but not supported, by its name.
  case otherImage(String)
  /// Something else that is known: `a PDF document`, `a ZIP archive`.
  case other(String)
  case text
  case empty
  case unknown

  /// Looks at the first bytes; 512 are enough.
  public init(_ bytes: some Collection<UInt8>) {
    let head = Array(bytes.prefix(512))
    func starts(_ magic: [UInt8], at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: magic) }
    func starts(_ magic: String, at offset: Int = 0) -> Bool { starts(Array(magic.utf8), at: offset) }
    if head.isEmpty {
      self = .empty
    } else if starts([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if starts([0x89, 0x50, 0x4E, 0x47]) {
      self = .png
    } else if starts("GIF8") {
      self = .otherImage("GIF")
    } else if starts("RIFF"), starts("WEBP", at: 8) {
      self = .webp
    } else if starts("BM"), head.count >= 14, head[6...9].allSatisfy({ $0 == 0 }) {
      self = .otherImage("BMP")
    } else if starts([0x49, 0x49, 0x2A, 0x00]) || starts([0x4D, 0x4D, 0x00, 0x2A]) {
      self = .otherImage("TIFF")
    } else if starts("ftyp", at: 4) {
      self = Self.isoMedia(String(decoding: head.dropFirst(8).prefix(4), as: UTF8.self))
    } else if starts([0xFF, 0x0A]) || starts([0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20]) {
      self = .otherImage("JPEG XL")
    } else if starts([0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20]) || starts([0xFF, 0x4F, 0xFF, 0x51]) {
      self = .otherImage("JPEG 2000")
    } else if starts([0, 0, 1, 0]) {
      self = .otherImage("ICO")
    } else if starts("8BPS") {
      self = .otherImage("Photoshop")
    } else if starts("%PDF") {
      self = .other("a PDF document")
    } else if starts([0x50, 0x4B, 0x03, 0x04]) {
      self = .other("a ZIP archive")
    } else if starts([0x1F, 0x8B]) {
      self = .other("gzip-compressed")
    } else if Self.isText(head) {
      self = .text
    } else {
      self = .unknown
    }
  }

  private static func isoMedia(_ brand: String) -> ByteSignature {
    switch brand {
    case "avif", "avis": .otherImage("AVIF")
    case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1": .otherImage("HEIC")
    default: .other("a video or another ISO media file")
    }
  }

  // A character cut at the end of the head is no reason to call text binary.
  private static func isText(_ head: [UInt8]) -> Bool {
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return true }
    guard head.allSatisfy({ $0 >= 0x20 || [0x09, 0x0A, 0x0C, 0x0D].contains($0) }), !head.contains(0x7F) else { return false }
    return (0..<(head.count == 512 ? 4 : 1)).contains { String(validating: head.dropLast($0), as: UTF8.self) != nil }
  }

  /// Passes for JPEG and PNG, and for WebP where the machine has libwebp.
  /// - Throws: `ImageError` that names what the bytes are instead and what to do.
  func requireDecodable(source: String) throws(ImageError) {
    let formats = "a JPEG or PNG file"
    switch self {
    case .jpeg, .png: return
    case .webp: _ = try WebP.require(WebP.library, source: source)
    case .otherImage(let name):
      throw ImageError(
        .unsupported, source: source, problem: "\(name) is not supported", expected: formats, remedy: "convert it to PNG or JPEG")
    case .other(let what): throw ImageError(.notAnImage, source: source, problem: "is \(what), not an image", expected: formats)
    case .text:
      throw ImageError(
        .notAnImage, source: source, problem: "is text, not an image", expected: formats,
        remedy: "remove it, or give the picture it stands for")
    case .empty: throw ImageError(.notAnImage, source: source, problem: "is empty", expected: formats, remedy: ImageError.copyAgain)
    case .unknown:
      throw ImageError(.notAnImage, source: source, problem: "is not an image that is known here", expected: formats)
    }
  }
}
