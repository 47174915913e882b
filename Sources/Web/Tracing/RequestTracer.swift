import Access
import Foundation
package import HTTPTypes
import MartletCore
import NIOCore

/// Makes spans of a request that is over: the request itself, and what its models did.
package struct RequestTracer: Sendable {
  package let exporter: SpanExporter

  package init(_ exporter: SpanExporter) { self.exporter = exporter }

  func context(_ headers: HTTPFields) -> TraceContext {
    TraceContext(header: headers[.traceParent], share: exporter.settings.share)
  }

  /// - Parameter route: the pattern of the route that answered; a path of its own would be a name for every request.
  func finish(_ context: TraceContext, _ method: HTTPRequest.Method, route: String, status: Int, exchange: Exchange, start: NIODeadline) {
    guard context.isSampled else { return }
    let end = NIODeadline.now()
    let wall = UInt64(Date().timeIntervalSince1970 * 1e9)
    func time(_ point: NIODeadline) -> UInt64 { wall &- UInt64(max(0, (end - point).nanoseconds)) }
    var attributes: [(key: String, value: JSONValue)] = [
      ("http.request.method", .string(method.rawValue)), ("http.route", .string(route)), ("http.response.status_code", .int(status)),
      ("martlet.request.id", .string(exchange.id)),
    ]
    let principal = exchange.caller.principal
    if !principal.credential.isEmpty { attributes.append(("enduser.id", .string(principal.name))) }
    var spans = [
      Span(
        trace: context.trace, id: context.span, parent: context.parent, name: "\(method.rawValue) \(route)", kind: .server,
        start: time(start), end: wall, attributes: attributes, isError: status >= 500)
    ]
    func child(_ name: String, _ from: NIODeadline, _ to: NIODeadline, _ attributes: [(key: String, value: JSONValue)]) {
      spans.append(
        Span(
          trace: context.trace, id: TraceContext.hex(.random(in: 1 ... .max)), parent: context.span, name: name, kind: .internal,
          start: time(from), end: time(to), attributes: attributes))
    }
    for piece in exchange.caller.work?.pieces ?? [] {
      let model: [(key: String, value: JSONValue)] = [
        ("martlet.model", .string(piece.model)), ("martlet.version", .string(piece.version)),
      ]
      child("queue", piece.arrival, piece.start, model)
      child(
        "model", piece.start, piece.end,
        model + [("martlet.items", .int(piece.items)), ("martlet.batch.items", .int(piece.batchItems))])
    }
    exporter.add(spans)
  }
}

extension HTTPField.Name {
  package static let traceParent = HTTPField.Name("traceparent") ?? .via
}
