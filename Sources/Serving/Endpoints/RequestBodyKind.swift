import HTTPTypes
import NIOCore
import Web

/// What the bytes of a body are, by the request's headers and, where those do not say, by the bytes.
enum RequestBodyKind {
  case json
  case file(mediaType: String, bytes: [UInt8])

  static let accepted = "application/json, an image, or multipart/form-data with one file"

  /// - Throws: `HTTPProblem` 415 for what the server does not read, 400 for an empty body or broken multipart.
  init(_ body: ByteBuffer, headers: HTTPFields) throws {
    guard body.readableBytes > 0 else { throw HTTPProblem(.badRequest, "the body is empty", expected: Self.accepted) }
    let contentType = headers[.contentType] ?? ""
    let mediaType = contentType.prefix { $0 != ";" }.trimmingSpace().lowercased()
    switch mediaType {
    case "application/json", "text/json": self = .json
    case "", "application/octet-stream":
      if let type = Self.sniff(body) {
        self = .file(mediaType: type, bytes: Array(body.readableBytesView))
      } else if mediaType.isEmpty {
        self = .json
      } else {
        throw HTTPProblem(.unsupportedMediaType, "the bytes are neither a JPEG nor a PNG", remedy: "name their type in Content-Type")
      }
    case "multipart/form-data":
      let part = try MultipartFile(body, contentType: contentType)
      let type = Self.sniff(ByteBuffer(bytes: part.bytes)) ?? part.mediaType
      self = .file(mediaType: type, bytes: part.bytes)
    case _ where mediaType.hasSuffix("+json"): self = .json
    case _ where mediaType.hasPrefix("image/"): self = .file(mediaType: mediaType, bytes: Array(body.readableBytesView))
    default:
      throw HTTPProblem(
        .unsupportedMediaType, "Content-Type '\(excerpt(mediaType))' is not read here", expected: Self.accepted,
        remedy: "the header Content-Type: application/json")
    }
  }

  /// The media type by the first bytes.
  private static func sniff(_ body: ByteBuffer) -> String? {
    let start = body.getBytes(at: body.readerIndex, length: min(8, body.readableBytes)) ?? []
    if start.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
    return start == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] ? "image/png" : nil
  }
}

extension StringProtocol {
  func trimmingSpace() -> String {
    var rest = self[...]
    while rest.first == " " || rest.first == "\t" { rest = rest.dropFirst() }
    while rest.last == " " || rest.last == "\t" { rest = rest.dropLast() }
    return String(rest)
  }
}
