import HTTPTypes
import Hummingbird
package import NIOCore

extension Exchange {
  /// Reads the whole body, unpacked where the client packed it.
  /// - Throws: as ``body()``; `HTTPProblem` 415 for a coding that is not read here, 413 for a body that unpacks to too much, 400 for a
  ///   damaged one.
  package func plainBody() async throws -> ByteBuffer {
    // A coding that is not known is refused before the body is read.
    let coding = try ContentCoding.ofBody(request.headers[.contentEncoding])
    let body = try await body()
    guard let coding else { return body }
    let plain = try Inflater.inflate(body, coding, limit: limits.maxBytes)
    try hold(plain.readableBytes)
    return plain
  }
}
