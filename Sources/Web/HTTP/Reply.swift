package import HTTPTypes
package import Hummingbird
import MartletCore
package import NIOCore

/// An answer before the headers that all answers share.
package struct Reply: Sendable {
  package var status: HTTPResponse.Status = .ok
  package var contentType: String = "application/json"
  package var headers: [(HTTPField.Name, String)] = []
  package var body: [UInt8]
  /// What follows in place of `body`, piece by piece.
  package var stream: ReplyStream?
  /// Whose answer it is, for the log.
  package var model: AnsweringModel?
  package var closesConnection = false
  package var detail: String?

  package init(_ body: [UInt8], model: AnsweringModel? = nil) {
    self.body = body
    self.model = model
  }

  package init(json write: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    write(&writer)
    self.init(writer.bytes)
  }

  /// `{"error": text}`, as the Open Inference Protocol has it, on all routes.
  package init(_ problem: HTTPProblem) {
    self.init { writer in
      writer.raw("{\"error\":")
      writer.string(problem.description)
      writer.raw("}")
    }
    status = problem.status
    headers = problem.headers
    closesConnection = problem.closesConnection
    detail = problem.detail
  }

  /// - Parameter end: is told when a streamed body is complete or given up.
  package func response(id: String, isHead: Bool, channel: any Channel, closing: Bool, end: StreamEnd? = nil) -> Response {
    var fields = HTTPFields()
    fields.reserveCapacity(10)
    fields.append(HTTPField(name: .contentType, value: contentType))
    if stream == nil { fields.append(HTTPField(name: .contentLength, value: String(body.count))) }
    fields.append(HTTPField(name: .requestID, value: id))
    fields.append(HTTPField(name: .xContentTypeOptions, value: "nosniff"))
    fields.append(HTTPField(name: .cacheControl, value: "no-store"))
    fields.append(HTTPField(name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'"))
    fields.append(HTTPField(name: .referrerPolicy, value: "no-referrer"))
    fields.append(HTTPField(name: .crossOriginResourcePolicy, value: "same-origin"))
    for (name, value) in headers { fields[name] = value }
    if let stream { return Response(status: status, headers: fields, body: Self.body(stream, end)) }
    guard closing else {
      return Response(status: status, headers: fields, body: isHead ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
    fields[.connection] = "close"
    let bytes = isHead ? [] : body
    let responseBody = ResponseBody(contentLength: bytes.count) { writer in
      try await writer.write(ByteBuffer(bytes: bytes))
      try await writer.finish(nil)
      channel.closeAfterAnswer()
    }
    return Response(status: status, headers: fields, body: responseBody)
  }

  private static func body(_ stream: ReplyStream, _ end: StreamEnd?) -> ResponseBody {
    ResponseBody { writer in
      var sent = 0
      do {
        try await stream.produce { bytes in
          try await writer.write(ByteBuffer(bytes: bytes))
          sent += bytes.count
        }
        try await writer.finish(nil)
      } catch {
        end?.report(isComplete: false, bytes: sent)
        throw error
      }
      end?.report(isComplete: true, bytes: sent)
    }
  }
}

extension HTTPField.Name {
  /// A valid name, so that no request can meet a missing one.
  private static func known(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .via }

  package static let referrerPolicy = known("Referrer-Policy")
  package static let requestID = known("x-request-id")
  package static let inferenceHeaderLength = known("Inference-Header-Content-Length")
  package static let accelBuffering = known("X-Accel-Buffering")
}

/// The model that gave an answer.
package struct AnsweringModel: Sendable, Hashable {
  package let name: String
  package let version: String

  package init(name: String, version: String) {
    self.name = name
    self.version = version
  }
}
