import Foundation
import MartletCore
import Web

/// `GET /metrics` for Prometheus.
struct MetricsEndpoint: Sendable {
  let models: ModelRepository
  let languages: LanguageTable
  let metrics: ServerMetrics
  /// Figures that others add.
  var more: @Sendable (inout PrometheusText) -> Void = { _ in }
  /// All routes and what no route took, once they are known.
  let routes: @Sendable () -> [RouteMetrics]

  func reply() -> Reply {
    var text = PrometheusText()
    writeServer(to: &text)
    writeRoutes(to: &text)
    writeModels(to: &text)
    LanguageFigures.write(languages, to: &text)
    TritonFigures.write(models.runners, to: &text)
    more(&text)
    writeProcess(to: &text)
    var reply = Reply(Array(text.text.utf8))
    reply.contentType = PrometheusText.contentType
    return reply
  }

  private func writeServer(to text: inout PrometheusText) {
    text.family("martlet_build_info", "gauge", "The version of the program; always 1.")
    text.sample("martlet_build_info", [("version", MartletVersion.current)], 1)
    text.family("martlet_http_requests_in_flight", "gauge", "Requests being answered now.")
    text.sample("martlet_http_requests_in_flight", [], metrics.inFlight)
  }

  private func writeRoutes(to text: inout PrometheusText) {
    let routes = routes().map { ($0, $0.snapshot) }.filter { !$0.1.statuses.isEmpty }
    func labels(_ route: RouteMetrics) -> PrometheusText.Labels { [("method", route.method), ("route", route.route)] }
    text.family("martlet_http_requests_total", "counter", "Requests answered, by route and status.")
    for (route, figures) in routes {
      for (status, count) in figures.statuses.sorted(by: { $0.key < $1.key }) {
        text.sample("martlet_http_requests_total", labels(route) + [("status", String(status))], count)
      }
    }
    text.family("martlet_http_request_duration_seconds", "histogram", "From the request's head to the answer.")
    for (route, figures) in routes { text.samples("martlet_http_request_duration_seconds", labels(route), figures.seconds) }
    text.family("martlet_http_request_bytes_total", "counter", "Bytes of bodies received.")
    for (route, figures) in routes { text.sample("martlet_http_request_bytes_total", labels(route), figures.received) }
    text.family("martlet_http_response_bytes_total", "counter", "Bytes of bodies sent.")
    for (route, figures) in routes { text.sample("martlet_http_response_bytes_total", labels(route), figures.sent) }
  }

  private func writeModels(to text: inout PrometheusText) {
    let models = models.runners.map { runner in
      let labels: PrometheusText.Labels = [("model", runner.model.name), ("version", runner.model.version)]
      return (runner: runner, labels: labels, figures: runner.metrics.snapshot)
    }
    text.family("martlet_model_info", "gauge", "The models that are loaded; always 1.")
    for model in models { text.sample("martlet_model_info", model.labels + [("platform", model.runner.model.platform)], 1) }
    for model in languages.runners.map(\.model) {
      text.sample("martlet_model_info", [("model", model.name), ("version", model.version), ("platform", model.platform)], 1)
    }
    text.family("martlet_model_duration_seconds", "histogram", "Time of one call of the model.")
    for model in models { text.samples("martlet_model_duration_seconds", model.labels, model.figures.seconds) }
    text.family("martlet_model_batch_items", "histogram", "Items in one call of the model.")
    for model in models { text.samples("martlet_model_batch_items", model.labels, model.figures.items) }
    text.family("martlet_model_queue_depth", "gauge", "Requests that wait for the model.")
    for model in models { text.sample("martlet_model_queue_depth", model.labels, model.runner.queueDepth) }
    text.family("martlet_model_failures_total", "counter", "Calls of the model that failed.")
    for model in models { text.sample("martlet_model_failures_total", model.labels, model.figures.failures) }
    text.family("martlet_model_rejections_total", "counter", "Requests that the model did not answer, by reason.")
    for model in models {
      for reason in ModelMetrics.Rejection.allCases {
        text.sample(
          "martlet_model_rejections_total", model.labels + [("reason", reason.rawValue)], model.figures.rejections[reason] ?? 0)
      }
    }
    text.family("martlet_model_instances", "gauge", "Copies of the model that can be asked.")
    for model in models { text.sample("martlet_model_instances", model.labels, model.runner.instances.ready) }
    text.family("martlet_model_replacements_total", "counter", "Copies of the model that hung and were replaced.")
    for model in models { text.sample("martlet_model_replacements_total", model.labels, model.figures.replacements) }
    writeCache(models.map { ($0.labels, $0.figures.statistics) }, to: &text)
  }

  private func writeCache(_ figures: [(PrometheusText.Labels, ModelStatistics)], to text: inout PrometheusText) {
    guard let cache = models.settings.cache?.figures else { return }
    text.family("martlet_cache_bytes", "gauge", "Bytes of answers that are kept.")
    text.sample("martlet_cache_bytes", [], cache.bytes)
    text.family("martlet_cache_evictions_total", "counter", "Answers that made room for others.")
    text.sample("martlet_cache_evictions_total", [], cache.evictions)
    text.family("martlet_cache_requests_total", "counter", "Requests that were looked for in the cache, by what was found.")
    for (labels, statistics) in figures {
      text.sample("martlet_cache_requests_total", labels + [("found", "yes")], statistics.cacheHit.count)
      text.sample("martlet_cache_requests_total", labels + [("found", "no")], statistics.cacheMiss.count)
    }
  }

  private func writeProcess(to text: inout PrometheusText) {
    if let bytes = ProcessFigures.residentBytes {
      text.family("process_resident_memory_bytes", "gauge", "Resident memory.")
      text.sample("process_resident_memory_bytes", [], bytes)
    }
    if let files = ProcessFigures.openFiles {
      text.family("process_open_fds", "gauge", "Open file descriptors.")
      text.sample("process_open_fds", [], files)
    }
    text.family("process_cpu_seconds_total", "counter", "Processor time, user and system.")
    text.sample("process_cpu_seconds_total", [], ProcessFigures.processorSeconds)
    text.family("process_start_time_seconds", "gauge", "When the server was made, since 1970.")
    text.sample("process_start_time_seconds", [], ProcessFigures.startTime.timeIntervalSince1970)
  }
}
