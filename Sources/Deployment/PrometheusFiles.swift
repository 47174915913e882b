/// What Prometheus looks at, and when it calls somebody.
enum PrometheusFiles {
  static func all(_ plan: DeploymentPlan) -> [DeploymentFile] {
    [DeploymentFile("prometheus/prometheus.yml", scrape(plan)), DeploymentFile("prometheus/\(plan.name).rules.yml", rules(plan))]
  }

  private static func scrape(_ plan: DeploymentPlan) -> String {
    """
    global:
      scrape_interval: 15s
      evaluation_interval: 15s

    rule_files:
      - \(plan.name).rules.yml

    scrape_configs:
      - job_name: \(plan.name)
        metrics_path: /metrics
        # A key of the role that may see figures: martlet keys create prometheus --role monitor
        authorization:
          credentials_file: token
        static_configs:
          - targets: ["martlet:\(plan.adminPort)"]
    """
  }

  static func rules(_ plan: DeploymentPlan) -> String {
    let job = "job=\"\(plan.name)\""
    return """
      groups:
        - name: \(plan.name)
          rules:
            - alert: \(title(plan))Down
              expr: up{\(job)} == 0
              for: 1m
              labels: {severity: critical}
              annotations:
                summary: "{{ $labels.instance }} does not answer"
            - alert: \(title(plan))Fails
              expr: >-
                sum by (route) (rate(martlet_http_requests_total{\(job), status=~"5.."}[5m]))
                / sum by (route) (rate(martlet_http_requests_total{\(job)}[5m])) > 0.01
              for: 5m
              labels: {severity: critical}
              annotations:
                summary: "more than 1 % of the requests to {{ $labels.route }} fail"
            - alert: \(title(plan))Slow
              expr: >-
                histogram_quantile(0.99, sum by (le, model)
                (rate(martlet_model_duration_seconds_bucket{\(job)}[5m]))) > \(plan.slowSeconds)
              for: 10m
              labels: {severity: warning}
              annotations:
                summary: "the slowest hundredth of the answers of {{ $labels.model }} takes more than \(plan.slowSeconds) s"
            - alert: \(title(plan))Overloaded
              expr: sum by (model) (rate(martlet_model_rejections_total{\(job)}[5m])) > 0.1
              for: 5m
              labels: {severity: warning}
              annotations:
                summary: "{{ $labels.model }} turns requests away"
      """
  }

  /// The name as a word of an alert: `fashion-2` gives `Fashion2`.
  private static func title(_ plan: DeploymentPlan) -> String {
    plan.name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
