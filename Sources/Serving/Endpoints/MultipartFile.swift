import HTTPTypes
import NIOCore
import Web

/// The file in a `multipart/form-data` body (RFC 7578): the only part, or the only one with a file name.
struct MultipartFile {
  let mediaType: String
  let bytes: [UInt8]

  private static let partLimit = 16
  private static let headerLimit = 8192

  init(_ body: ByteBuffer, contentType: String) throws {
    let boundary = try Self.boundary(of: contentType)
    let text = Array(body.readableBytesView)
    let delimiter = Array("\r\n--\(boundary)".utf8)
    // The first delimiter may stand at the very start, without the line break before it.
    guard text.starts(with: delimiter.dropFirst(2)) else {
      throw HTTPProblem(.badRequest, "the multipart body does not begin with its boundary", expected: "--\(excerpt(boundary))")
    }
    var parts: [(header: String, bytes: ArraySlice<UInt8>)] = []
    var position = delimiter.count - 2
    while true {
      if text[position...].starts(with: Array("--".utf8)) { break }
      guard let end = Self.find(delimiter, in: text, from: position) else {
        throw HTTPProblem(.badRequest, "the multipart body ends without its closing boundary")
      }
      guard parts.count < Self.partLimit else { throw HTTPProblem(.badRequest, "the multipart body has more than \(Self.partLimit) parts") }
      parts.append(try Self.part(text[position..<end]))
      position = end + delimiter.count
    }
    let files = parts.filter { $0.header.lowercased().contains("filename=") }
    let candidates = files.isEmpty ? parts : files
    guard candidates.count == 1, let file = candidates.first else {
      throw HTTPProblem(.badRequest, "the multipart body has \(candidates.count) files", expected: "one")
    }
    guard !file.bytes.isEmpty else { throw HTTPProblem(.badRequest, "the file in the multipart body is empty") }
    mediaType = Self.mediaType(in: file.header)
    bytes = Array(file.bytes)
  }

  private static func boundary(of contentType: String) throws -> String {
    for field in contentType.split(separator: ";").dropFirst() {
      let field = field.trimmingSpace()
      guard field.lowercased().hasPrefix("boundary=") else { continue }
      let value = field.dropFirst("boundary=".count).filter { $0 != "\"" }
      if (1...70).contains(value.utf8.count) { return String(value) }
    }
    throw HTTPProblem(.badRequest, "Content-Type multipart/form-data names no boundary", expected: "boundary=… of 1 to 70 characters")
  }

  private static func find(_ pattern: [UInt8], in text: [UInt8], from start: Int) -> Int? {
    guard text.count - start >= pattern.count else { return nil }
    for position in start...(text.count - pattern.count) where text[position] == pattern[0] && text[position + 1] == pattern[1] {
      if text[position..<position + pattern.count].elementsEqual(pattern) { return position }
    }
    return nil
  }

  /// A part from its line break on: header lines, an empty line, the bytes.
  private static func part(_ text: ArraySlice<UInt8>) throws -> (header: String, bytes: ArraySlice<UInt8>) {
    let separator = Array("\r\n\r\n".utf8)
    let limit = min(text.endIndex, text.startIndex + headerLimit)
    var position = text.startIndex
    while position + 4 <= limit {
      if text[position..<position + 4].elementsEqual(separator) {
        return (String(decoding: text[text.startIndex..<position], as: UTF8.self), text[(position + 4)...])
      }
      position += 1
    }
    throw HTTPProblem(
      .badRequest, "a part of the multipart body has no header", expected: "an empty line after at most \(headerLimit) bytes")
  }

  private static func mediaType(in header: String) -> String {
    for line in header.split(whereSeparator: \.isNewline) where line.lowercased().hasPrefix("content-type:") {
      return line.dropFirst("content-type:".count).prefix { $0 != ";" }.trimmingSpace().lowercased()
    }
    return "application/octet-stream"
  }
}
