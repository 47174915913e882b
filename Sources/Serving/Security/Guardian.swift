import Access
import Logging
import NIOCore
import Web

/// What all listeners of a server share to guard themselves, and to tell of what they do.
struct Guardian: Sendable {
  let gate: Gatekeeper
  /// `nil` without TLS.
  let identity: TLSIdentity?
  /// `nil` where traces go nowhere.
  let exporter: SpanExporter?
  /// `nil` where nothing is kept.
  let audit: (any AuditSink)?
  let bodies: BodyLimits

  /// - Throws: `ServerError` where the settings are not safe, or a file they name cannot be used.
  init(_ options: ServerOptions, logger: Logger) throws(ServerError) {
    try Self.checkSafety(options)
    do {
      gate = try Gatekeeper(options.access, logger: logger)
      identity = try options.tls.map { try TLSIdentity($0, logger: logger) }
      audit = try options.audit ?? options.auditFile.map { try AuditFile(path: $0) }
    } catch {
      throw ServerError(because: error)
    }
    bodies = BodyLimits(
      maxBytes: options.maxBodyBytes, maxBytesInFlight: options.maxBodyBytesInFlight, timeout: TimeAmount(options.bodyTimeout))
    exporter = options.tracing.map { tracing in
      var settings = SpanExporter.Settings(endpoint: tracing.endpoint)
      settings.share = tracing.share
      settings.service = tracing.service
      settings.interval = tracing.interval
      return SpanExporter(settings, logger: logger)
    }
  }

  /// What was refused, and what became of traces.
  func writeFigures(to text: inout PrometheusText) {
    text.family("martlet_refused_requests_total", "counter", "Requests that were not let in, by reason.")
    let refused = gate.refused
    for reason in Gatekeeper.Refusal.allCases {
      text.sample("martlet_refused_requests_total", [("reason", reason.rawValue)], refused[reason] ?? 0)
    }
    guard let exporter else { return }
    text.family("martlet_spans_sent_total", "counter", "Spans that the collector took.")
    text.sample("martlet_spans_sent_total", [], exporter.sent)
    text.family("martlet_spans_dropped_total", "counter", "Spans that nobody took.")
    text.sample("martlet_spans_dropped_total", [], exporter.dropped)
  }

  private static func checkSafety(_ options: ServerOptions) throws(ServerError) {
    guard !options.access.isRequired, !options.access.allowsAnyone else { return }
    if !Listeners.isLoopback(options.host) { throw ServerError(.needsCredentials(host: options.host)) }
    if options.adminPort != nil, !Listeners.isLoopback(options.adminHost) { throw ServerError(.needsCredentials(host: options.adminHost)) }
  }
}
