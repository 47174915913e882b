import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore

/// Answers every request: finds the route, runs it, and makes an answer of whatever comes out. Counts and logs each one.
package struct WebResponder: HTTPResponder {
  package typealias Context = WebContext

  package let routes: RouteTable
  package let limits: BodyLimits
  package let metrics: ServerMetrics
  package let ids: RequestIDs
  /// `nil` where nobody wants a line per request.
  package let accessLog: Logger?
  package let logger: Logger

  package init(routes: RouteTable, limits: BodyLimits, metrics: ServerMetrics, ids: RequestIDs, accessLog: Logger?, logger: Logger) {
    self.routes = routes
    self.limits = limits
    self.metrics = metrics
    self.ids = ids
    self.accessLog = accessLog
    self.logger = logger
  }

  package func respond(to request: Request, context: WebContext) async throws -> Response {
    let start = NIODeadline.now()
    metrics.began()
    var isOver = true
    defer { if isOver { metrics.ended() } }
    let id = ids.id(given: request.headers[.requestID])
    let target = request.head.path ?? "/"
    var routeMetrics = routes.unmatched
    var exchange = Exchange(request: request, channel: context.channel, id: id, parameters: [:], limits: limits)
    var reply: Reply
    do {
      let match = try routes.find(request.method, target)
      routeMetrics = match.route.metrics
      if !match.parameters.isEmpty {
        exchange = Exchange(request: request, channel: context.channel, id: id, parameters: match.parameters, limits: limits)
      }
      reply = try await match.route.handler(exchange)
    } catch let error where ClientGone.explains(error) {
      // The connection broke or carried no HTTP; Hummingbird ends it.
      routeMetrics.count(status: 499, seconds: (NIODeadline.now() - start).seconds, received: exchange.bytesReceived, sent: 0)
      throw error
    } catch {
      reply = Reply(HTTPProblem.from(error, requestID: id))
    }
    let isHead = request.method == .head
    let closing = reply.closesConnection || exchange.hasLongUnreadBody
    if reply.stream != nil {
      isOver = false
      let end = streamEnd(exchange, target, routeMetrics, reply, start)
      return reply.response(id: id, isHead: isHead, channel: context.channel, closing: closing, end: end)
    }
    reply.pack(accepting: request.headers[.acceptEncoding])
    let seconds = (NIODeadline.now() - start).seconds
    let received = exchange.bytesReceived
    routeMetrics.count(status: reply.status.code, seconds: seconds, received: received, sent: isHead ? 0 : reply.body.count)
    if let detail = reply.detail {
      logger.error(
        "request failed", metadata: ["id": .string(id), "path": .string(excerpt(target, limit: 200)), "detail": .string(detail)])
    }
    if let accessLog {
      accessLog.info("request", metadata: line(id, request.method, target, reply, seconds, received))
    }
    return reply.response(id: id, isHead: isHead, channel: context.channel, closing: closing)
  }

  /// Counts and logs a streamed answer when its last byte is sent, or with status 499 when the client has gone before.
  private func streamEnd(
    _ exchange: Exchange, _ target: String, _ routeMetrics: RouteMetrics, _ reply: Reply, _ start: NIODeadline
  ) -> StreamEnd {
    // What the answer was made of is let go before it is over.
    var head = reply
    head.stream = nil
    return StreamEnd { [head, metrics, accessLog] isComplete, bytes in
      metrics.ended()
      let seconds = (NIODeadline.now() - start).seconds
      let status = isComplete ? head.status.code : 499
      routeMetrics.count(status: status, seconds: seconds, received: exchange.bytesReceived, sent: bytes)
      guard let accessLog else { return }
      var line = line(exchange.id, exchange.request.method, target, head, seconds, exchange.bytesReceived)
      line["status"] = .stringConvertible(status)
      line["bytes"] = .stringConvertible(bytes)
      accessLog.info("request", metadata: line)
    }
  }

  private func line(
    _ id: String, _ method: HTTPRequest.Method, _ target: String, _ reply: Reply, _ seconds: Double, _ received: Int
  ) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "id": .string(id), "method": .string(excerpt(method.rawValue)), "path": .string(excerpt(target, limit: 200)),
      "status": .stringConvertible(reply.status.code), "ms": .stringConvertible((seconds * 1e6).rounded() / 1e3),
      "bytes_in": .stringConvertible(received), "bytes": .stringConvertible(reply.body.count),
    ]
    if let model = reply.model {
      metadata["model"] = .string(model.name)
      metadata["version"] = .string(model.version)
    }
    return metadata
  }
}
