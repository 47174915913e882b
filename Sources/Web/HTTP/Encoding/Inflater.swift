import CZlib
import HTTPTypes
package import NIOCore

/// Unpacks bodies, and stops as soon as one becomes larger than it may: a small body can hold a very large one.
package enum Inflater {
  /// Below this size any ratio is taken; deflate packs zeros a thousandfold.
  package static let freeBytes = 1 << 20
  /// Above it, the most that a body may grow.
  package static let ratioLimit = 200

  /// - Parameter limit: the most bytes that may come out.
  /// - Throws: `HTTPProblem` 413 for what becomes too large, 400 for what is damaged or followed by something else.
  package static func inflate(_ body: ByteBuffer, _ coding: ContentCoding, limit: Int) throws(HTTPProblem) -> ByteBuffer {
    guard body.readableBytes > 0 else { return body }
    let input = body.readableBytesView
    return try input.withContiguousBytes { bytes throws(HTTPProblem) in
      var stream = try InflateStream(coding, bytes)
      defer { stream.end() }
      return try stream.run(limit: limit)
    }
  }
}

extension ByteBufferView {
  /// The bytes as typed memory, with the errors of the body.
  fileprivate func withContiguousBytes<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(HTTPProblem) -> Result
  ) throws(HTTPProblem) -> Result {
    let result: Swift.Result<Result, HTTPProblem>? = withContiguousStorageIfAvailable { bytes in
      do throws(HTTPProblem) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    guard let result else { throw HTTPProblem(.badRequest, "the body is empty") }
    return try result.get()
  }
}

/// One run of zlib over one body.
private struct InflateStream {
  /// zlib keeps a pointer to its stream, so that the stream must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeBufferPointer<UInt8>
  private let coding: ContentCoding

  init(_ coding: ContentCoding, _ input: UnsafeBufferPointer<UInt8>) throws(HTTPProblem) {
    self.coding = coding
    self.input = input
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit2_(stream, Self.windowBits(coding, input), zlibVersion(), Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      stream.deallocate()
      throw HTTPProblem(.serviceUnavailable, "there is no memory to unpack the body", remedy: "again later")
    }
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.pointee.avail_in = UInt32(clamping: input.count)
  }

  private static func windowBits(_ coding: ContentCoding, _ input: UnsafeBufferPointer<UInt8>) -> Int32 {
    if coding == .gzip { return MAX_WBITS + 16 }
    // The header of the zlib format: method 8, and a sum that 31 divides.
    let hasHeader = input.count >= 2 && input[0] & 0x0F == 8 && (Int(input[0]) << 8 | Int(input[1])) % 31 == 0
    return hasHeader ? MAX_WBITS : -MAX_WBITS
  }

  mutating func end() {
    inflateEnd(stream)
    stream.deallocate()
  }

  mutating func run(limit: Int) throws(HTTPProblem) -> ByteBuffer {
    var output = ByteBuffer()
    let piece = 1 << 16
    while true {
      var status = Z_OK
      let stream = stream
      output.writeWithUnsafeMutableBytes(minimumWritableBytes: piece) { space in
        stream.pointee.next_out = space.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(clamping: space.count)
        status = CZlib.inflate(stream, Z_NO_FLUSH)
        return space.count - Int(stream.pointee.avail_out)
      }
      try check(output.readableBytes, limit)
      switch status {
      case Z_OK: continue
      case Z_STREAM_END:
        guard stream.pointee.avail_in > 0 else { return output }
        // RFC 1952: a gzip file is any number of members.
        guard coding == .gzip, inflateReset(stream) == Z_OK else { throw damaged("something follows its end") }
      case Z_BUF_ERROR where stream.pointee.avail_out == 0: continue
      case Z_BUF_ERROR: throw damaged("it ends too early")
      case Z_MEM_ERROR: throw HTTPProblem(.serviceUnavailable, "there is no memory to unpack the body", remedy: "again later")
      default: throw damaged(stream.pointee.msg.map { String(cString: $0) } ?? "it cannot be unpacked")
      }
    }
  }

  private func check(_ size: Int, _ limit: Int) throws(HTTPProblem) {
    guard size <= limit else {
      throw HTTPProblem(
        .contentTooLarge, "the body unpacks to more than \(limit) bytes", expected: "at most \(limit) bytes",
        remedy: "send fewer items in one request")
    }
    let (allowed, overflow) = (input.count - Int(stream.pointee.avail_in)).multipliedReportingOverflow(by: Inflater.ratioLimit)
    guard size <= Inflater.freeBytes || overflow || size <= allowed else {
      throw HTTPProblem(
        .contentTooLarge, "the body unpacks to more than \(Inflater.ratioLimit) times its size",
        expected: "a ratio of at most \(Inflater.ratioLimit) above \(Inflater.freeBytes) bytes",
        remedy: "the request without Content-Encoding")
    }
  }

  private func damaged(_ reason: String) -> HTTPProblem {
    HTTPProblem(.badRequest, "the body is no \(coding == .gzip ? "gzip" : "zlib") data: \(reason)")
  }
}
