import CZlib

/// Packs answers.
package enum Deflater {
  /// Shorter answers fit one packet anyway.
  package static let leastBytes = 1024

  /// - Returns: the packed bytes, or `nil` where zlib has no memory or nothing would be gained.
  package static func deflate(_ bytes: [UInt8], _ coding: ContentCoding) -> [UInt8]? {
    // zlib keeps a pointer to its stream, so that the stream must not move.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    let bits = coding == .gzip ? MAX_WBITS + 16 : MAX_WBITS
    // Numbers pack little better at higher levels, and much slower.
    let status = deflateInit2_(
      stream, Z_BEST_SPEED, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK, bytes.count < Int(UInt32.max) else { return nil }
    defer { deflateEnd(stream) }
    return bytes.withUnsafeBufferPointer { input in
      // More than the input is of no use.
      var isDone = false
      let output = [UInt8](unsafeUninitializedCapacity: bytes.count) { space, count in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = space.baseAddress
        stream.pointee.avail_out = UInt32(space.count)
        isDone = CZlib.deflate(stream, Z_FINISH) == Z_STREAM_END
        count = space.count - Int(stream.pointee.avail_out)
      }
      return isDone ? output : nil
    }
  }
}
