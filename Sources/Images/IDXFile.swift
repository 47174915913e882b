import CImage

/// An array in the IDX format of the MNIST family: two zero bytes, a type, a number of dimensions, big-endian sizes, the values.
/// Plain or gzip-compressed; only unsigned bytes, the one type that image sets use.
struct IDXFile {
  let path: String
  let dimensions: [Int]
  let values: [UInt8]

  static let maximumBytes = 16 << 30

  init(path: String, dimensions wanted: ClosedRange<Int>) throws(ImageError) {
    let file = try FileBytes.read(path, limit: Self.maximumBytes)
    try self.init(file, path: path, dimensions: wanted)
  }

  init(_ file: [UInt8], path: String, dimensions wanted: ClosedRange<Int>) throws(ImageError) {
    self.path = path
    let isCompressed = file.starts(with: [0x1F, 0x8B])
    let head = isCompressed ? try Self.inflate(file, size: 4 + 4 * 4, whole: false, path) : Array(file.prefix(4 + 4 * 4))
    guard head.count >= 4, head[0] == 0, head[1] == 0 else {
      if !isCompressed { try Self.explain(ByteSignature(file), path) }
      throw ImageError(
        .invalidDataset, source: path, problem: "is not an IDX file: it begins with \(Array(head.prefix(4)))", expected: "[0, 0, 8, 1…4]")
    }
    guard head[2] == 8 else {
      throw ImageError(
        .unsupported, source: path, problem: "IDX values of type \(head[2]) are not supported", expected: "type 8 (unsigned bytes)")
    }
    let rank = Int(head[3])
    guard wanted.contains(rank), head.count >= 4 + 4 * rank else {
      throw ImageError(
        wanted.contains(rank) ? .truncated : .invalidDataset, source: path,
        problem: wanted.contains(rank) ? "is truncated in its header" : "has \(rank) dimensions",
        expected: wanted.lowerBound == wanted.upperBound ? "\(wanted.lowerBound)" : "\(wanted.lowerBound) to \(wanted.upperBound)")
    }
    let sizes = (0..<rank).map { dimension in head[(4 + 4 * dimension)..<(8 + 4 * dimension)].reduce(0) { $0 << 8 | Int($1) } }
    dimensions = sizes
    var total = 1
    for size in sizes {
      let (product, overflow) = total.multipliedReportingOverflow(by: size)
      guard !overflow, product <= Self.maximumBytes else { throw Self.lie(path, sizes, "more than \(Self.maximumBytes) bytes") }
      total = product
    }
    let start = 4 + 4 * rank
    if isCompressed {
      // Deflate packs at most 1032 bytes into one.
      guard start + total <= file.count * 1032 else { throw Self.lie(path, sizes, "more than \(file.count) compressed bytes can hold") }
      let all = try Self.inflate(file, size: start + total, whole: true, path)
      values = Array(all.dropFirst(start))
    } else {
      guard file.count == start + total else {
        throw Self.lie(path, sizes, "\(total) bytes of values, but \(file.count - start) are there")
      }
      values = Array(file.dropFirst(start))
    }
  }

  private static func lie(_ path: String, _ sizes: [Int], _ what: String) -> ImageError {
    let shape = sizes.map(String.init).joined(separator: "×")
    return ImageError(
      .invalidDataset, source: path, problem: "its header promises \(shape), which is \(what)",
      expected: "a header that matches the file", remedy: ImageError.copyAgain)
  }

  private static func explain(_ signature: ByteSignature, _ path: String) throws(ImageError) {
    switch signature {
    case .text: throw ImageError(.invalidDataset, source: path, problem: "is text, not an IDX file")
    case .empty: throw ImageError(.invalidDataset, source: path, problem: "is empty", expected: "an IDX file", remedy: ImageError.copyAgain)
    default: return
    }
  }

  /// - Parameter whole: the stream must hold exactly `size` bytes, and its checksum is verified.
  private static func inflate(_ file: [UInt8], size: Int, whole: Bool, _ path: String) throws(ImageError) -> [UInt8] {
    var status = CIMAGE_OK
    var consumed = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, written in
      status = cimage_gunzip(file, file.count, buffer.baseAddress, size, &written, &consumed)
    }
    switch status {
    case CIMAGE_OK:
      if whole, bytes.count < size { throw lie(path, [size], "more than the \(bytes.count) bytes that are there") }
      if whole, consumed < file.count {
        throw ImageError(.corrupt, source: path, problem: "has \(file.count - consumed) bytes after its end", remedy: ImageError.copyAgain)
      }
    case CIMAGE_FULL:
      if whole { throw lie(path, [size], "less than the file holds") }
    case CIMAGE_TRUNCATED:
      throw ImageError(.truncated, source: path, problem: "is truncated: its gzip stream does not end", remedy: ImageError.copyAgain)
    case CIMAGE_MEMORY: throw ImageError(.outOfMemory, source: path, problem: "no memory to decompress it")
    default: throw ImageError(.corrupt, source: path, problem: "is damaged: its gzip stream is invalid", remedy: ImageError.copyAgain)
    }
    return bytes
  }
}
