import HTTPTypes

extension Reply {
  /// Packs the body as the client accepts it, where that is worth the time.
  /// - Parameter field: the request's `Accept-Encoding`.
  package mutating func pack(accepting field: String?) {
    guard stream == nil, body.count >= Deflater.leastBytes, !headers.contains(where: { $0.0 == .contentEncoding }),
      !contentType.hasPrefix("image/"), let coding = ContentCoding.accepted(by: field), let packed = Deflater.deflate(body, coding)
    else { return }
    body = packed
    headers.append((.contentEncoding, coding.rawValue))
    headers.append((.vary, "Accept-Encoding"))
  }
}
