package import Access
import Foundation
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
  /// Who may call what, and from where.
  package let protection: Protection
  /// `nil` where nobody wants traces.
  package let tracer: RequestTracer?
  /// Keeps what is done on admin routes; `nil` keeps nothing.
  package let audit: (any AuditSink)?

  package init(
    routes: RouteTable, limits: BodyLimits, metrics: ServerMetrics, ids: RequestIDs, accessLog: Logger?, logger: Logger,
    protection: Protection, tracer: RequestTracer? = nil, audit: (any AuditSink)? = nil
  ) {
    self.routes = routes
    self.limits = limits
    self.metrics = metrics
    self.ids = ids
    self.accessLog = accessLog
    self.logger = logger
    self.protection = protection
    self.tracer = tracer
    self.audit = audit
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
    let admission = Admission(protection.gate)
    defer { if isOver { admission.end() } }
    let trace = tracer?.context(request.headers)
    let isCrossOrigin = protection.allowsOrigin(request.headers)
    // What the endpoint has not written itself is written in the words of its own protocol.
    let dialect = ErrorDialect(path: target)
    var reply: Reply
    do {
      try protection.check(request.head)
      if isCrossOrigin, let answer = Protection.preflight(request.head) {
        reply = answer
      } else {
        let match = try routes.find(request.method, target)
        routeMetrics = match.route.metrics
        let caller: Caller
        do {
          caller = try await admission.begin(match.route.access, request.headers, context.channel)
        } catch {
          exchange = Exchange(
            request: request, channel: context.channel, id: id, parameters: match.parameters, limits: limits,
            caller: Caller(error.principal ?? .nobody))
          await keep(match, exchange, error.status.code)
          throw error
        }
        exchange = Exchange(
          request: request, channel: context.channel, id: id, parameters: match.parameters, limits: limits, caller: caller)
        let known = exchange
        reply = try await Caller.$current.withValue(caller) { try await answer(match, known) }
      }
    } catch let error where ClientGone.explains(error) {
      // The connection broke or carried no HTTP; Hummingbird ends it.
      routeMetrics.count(status: 499, seconds: (NIODeadline.now() - start).seconds, received: exchange.bytesReceived, sent: 0)
      throw error
    } catch {
      reply = Reply(HTTPProblem.from(error, requestID: id), dialect: dialect)
    }
    if isCrossOrigin { reply.headers += protection.crossOriginHeaders(request.headers) }
    if let trace, trace.isSampled { reply.headers.append((.traceParent, trace.header)) }
    if protection.isEncrypted { reply.headers.append((.strictTransportSecurity, "max-age=31536000")) }
    let isHead = request.method == .head
    let closing = reply.closesConnection || exchange.hasLongUnreadBody
    if reply.stream != nil {
      isOver = false
      let end = streamEnd(exchange, target, routeMetrics, reply, start, admission, trace)
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
    if let trace {
      tracer?.finish(trace, request.method, route: routeMetrics.route, status: reply.status.code, exchange: exchange, start: start)
    }
    if let accessLog {
      accessLog.info("request", metadata: line(exchange, target, reply, seconds, trace))
    }
    return reply.response(id: id, isHead: isHead, channel: context.channel, closing: closing)
  }

  /// Counts and logs a streamed answer when its last byte is sent, or with status 499 when the client has gone before.
  private func streamEnd(
    _ exchange: Exchange, _ target: String, _ routeMetrics: RouteMetrics, _ reply: Reply, _ start: NIODeadline, _ admission: Admission,
    _ trace: TraceContext?
  ) -> StreamEnd {
    // What the answer was made of is let go before it is over.
    var head = reply
    head.stream = nil
    return StreamEnd { [head, metrics, accessLog, tracer] isComplete, bytes in
      metrics.ended()
      admission.end()
      let seconds = (NIODeadline.now() - start).seconds
      let status = isComplete ? head.status.code : 499
      routeMetrics.count(status: status, seconds: seconds, received: exchange.bytesReceived, sent: bytes)
      if let trace {
        tracer?.finish(trace, exchange.request.method, route: routeMetrics.route, status: status, exchange: exchange, start: start)
      }
      guard let accessLog else { return }
      var line = line(exchange, target, head, seconds, trace)
      line["status"] = .stringConvertible(status)
      line["bytes"] = .stringConvertible(bytes)
      accessLog.info("request", metadata: line)
    }
  }

  /// Runs the route; what is done on admin routes is kept, however it ends.
  private func answer(_ match: RouteTable.Match, _ exchange: Exchange) async throws -> Reply {
    do {
      let reply = try await match.route.handler(exchange)
      await keep(match, exchange, reply.status.code)
      return reply
    } catch {
      await keep(match, exchange, HTTPProblem.from(error, requestID: exchange.id).status.code)
      throw error
    }
  }

  private func keep(_ match: RouteTable.Match, _ exchange: Exchange, _ status: Int) async {
    guard let audit, match.route.access == .admin else { return }
    let principal = exchange.caller.principal, subject = exchange.subject
    let object = subject.sorted { $0.key < $1.key }.map { "\($0.key)=\(excerpt($0.value, limit: 256))" }.joined(separator: " ")
    let event = AuditEvent(
      time: Date(), actor: principal.name, credential: principal.credential,
      action: "\(match.route.method.rawValue) \(match.route.pattern)", object: object, status: status, request: exchange.id,
      model: (subject["name"] ?? subject["model"]).map { excerpt($0, limit: 256) })
    await audit.keep(event, logger)
  }

  private func line(
    _ exchange: Exchange, _ target: String, _ reply: Reply, _ seconds: Double, _ trace: TraceContext?
  ) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "id": .string(exchange.id), "method": .string(excerpt(exchange.request.method.rawValue)),
      "path": .string(excerpt(target, limit: 200)), "status": .stringConvertible(reply.status.code),
      "ms": .stringConvertible((seconds * 1e6).rounded() / 1e3), "bytes_in": .stringConvertible(exchange.bytesReceived),
      "bytes": .stringConvertible(reply.body.count),
    ]
    let principal = exchange.caller.principal
    if !principal.credential.isEmpty {
      metadata["principal"] = .string(excerpt(principal.name))
      metadata["credential"] = .string(excerpt(principal.credential))
    }
    if let trace, trace.isSampled { metadata["trace"] = .string(trace.trace) }
    if let model = reply.model {
      metadata["model"] = .string(model.name)
      metadata["version"] = .string(model.version)
    }
    return metadata
  }
}
