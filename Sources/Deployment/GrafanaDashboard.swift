import MartletCore

/// What a team looks at when something is wrong.
enum GrafanaDashboard {
  static func text(_ plan: DeploymentPlan) throws -> String {
    let job = "job=\"\(plan.name)\""
    let panels: [(title: String, unit: String, queries: [(String, String)])] = [
      ("Requests", "reqps", [("sum by (route) (rate(martlet_http_requests_total{\(job)}[$__rate_interval]))", "{{route}}")]),
      (
        "Share of failed requests", "percentunit",
        [
          (
            "sum(rate(martlet_http_requests_total{\(job),status=~\"5..\"}[$__rate_interval])) / sum(rate(martlet_http_requests_total{\(job)}[$__rate_interval]))",
            "5xx"
          )
        ]
      ),
      (
        "Seconds of a model's answer", "s",
        [0.5, 0.95, 0.99].map { share in
          (
            "histogram_quantile(\(share), sum by (le, model) (rate(martlet_model_duration_seconds_bucket{\(job)}[$__rate_interval])))",
            "{{model}} p\(Int(share * 100))"
          )
        }
      ),
      ("Requests that wait", "short", [("sum by (model) (martlet_model_queue_depth{\(job)})", "{{model}}")]),
      (
        "Items of a call", "short",
        [
          (
            "sum by (model) (rate(martlet_model_batch_items_sum{\(job)}[$__rate_interval])) / sum by (model) (rate(martlet_model_batch_items_count{\(job)}[$__rate_interval]))",
            "{{model}}"
          )
        ]
      ),
      (
        "Turned away", "reqps",
        [("sum by (model, reason) (rate(martlet_model_rejections_total{\(job)}[$__rate_interval]))", "{{model}} {{reason}}")]
      ),
      ("Memory", "bytes", [("process_resident_memory_bytes{\(job)}", "{{instance}}")]),
      ("Processor", "percentunit", [("rate(process_cpu_seconds_total{\(job)}[$__rate_interval])", "{{instance}}")]),
    ]
    let document: JSONValue = .object([
      "title": .string("Martlet: \(plan.name)"), "uid": .string("martlet-\(plan.name)"), "schemaVersion": .int(39), "version": .int(1),
      "editable": .bool(true), "refresh": .string("30s"), "tags": .array([.string("martlet")]),
      "time": .object(["from": .string("now-3h"), "to": .string("now")]),
      "templating": .object([
        "list": .array([
          .object([
            "name": .string("datasource"), "type": .string("datasource"), "query": .string("prometheus"), "label": .string("Data source"),
          ])
        ])
      ]),
      "panels": .array(
        panels.enumerated().map { index, panel in
          .object([
            "id": .int(index + 1), "type": .string("timeseries"), "title": .string(panel.title), "datasource": source,
            "gridPos": .object(["x": .int(index % 2 * 12), "y": .int(index / 2 * 8), "w": .int(12), "h": .int(8)]),
            "fieldConfig": .object(["defaults": .object(["unit": .string(panel.unit), "min": .int(0)]), "overrides": .array([])]),
            "targets": .array(
              panel.queries.enumerated().map { number, query in
                .object([
                  "refId": .string(String(UnicodeScalar(UInt8(65 + number)))), "expr": .string(query.0), "legendFormat": .string(query.1),
                  "datasource": source,
                ])
              }),
          ])
        }),
    ])
    return String(decoding: try JSON.encode(document), as: UTF8.self)
  }

  private static let source: JSONValue = .object(["type": .string("prometheus"), "uid": .string("${datasource}")])
}
