/// A kind of files that describe how a model is run.
public enum DeploymentKind: String, Sendable, Hashable, CaseIterable, Codable {
  /// A multi-stage Dockerfile.
  case docker
  /// A Compose file.
  case compose
  /// Deployment, Service, autoscaler, disruption budget, network policy, jobs; by Kustomize.
  case kubernetes
  /// A Helm chart of the same.
  case helm
  /// A serving runtime and an inference service for KServe.
  case kserve
  /// A unit for a machine of one's own.
  case systemd
  /// Scrape configuration and alert rules.
  case prometheus
  /// A dashboard.
  case grafana
  /// A workflow that tests, gates and releases.
  case github
  /// The same as a pipeline of GitLab.
  case gitlab
  /// The same for Jenkins.
  case jenkins

  /// What it is, in a few words.
  public var summary: String {
    switch self {
    case .docker: "Dockerfile and .dockerignore"
    case .compose: "Compose file"
    case .kubernetes: "Deployment, Service, HPA, PDB, NetworkPolicy, Job, CronJob with Kustomize"
    case .helm: "Helm chart"
    case .kserve: "KServe ServingRuntime and InferenceService"
    case .systemd: "systemd unit"
    case .prometheus: "Prometheus scrape configuration and alert rules"
    case .grafana: "Grafana dashboard"
    case .github: "GitHub workflow"
    case .gitlab: "GitLab pipeline"
    case .jenkins: "Jenkinsfile"
    }
  }

  /// The files of this kind, whole, each ending with a line break.
  /// - Throws: `ArgumentError` for a plan that cannot be.
  public func files(_ plan: DeploymentPlan) throws -> [DeploymentFile] {
    try plan.validate()
    switch self {
    case .docker: return DockerFiles.all(plan)
    case .compose: return [DeploymentFile("compose.yml", ComposeFile.text(plan))]
    case .kubernetes: return KubernetesFiles.all(plan)
    case .helm: return HelmChart.all(plan)
    case .kserve: return [DeploymentFile("kserve/\(plan.name).yaml", KServeFile.text(plan))]
    case .systemd: return [DeploymentFile("systemd/martlet-\(plan.name).service", SystemdUnit.text(plan))]
    case .prometheus: return PrometheusFiles.all(plan)
    case .grafana: return [DeploymentFile("grafana/\(plan.name).json", try GrafanaDashboard.text(plan))]
    case .github: return [DeploymentFile(".github/workflows/\(plan.name).yml", Pipelines.github(plan))]
    case .gitlab: return [DeploymentFile(".gitlab-ci.yml", Pipelines.gitlab(plan))]
    case .jenkins: return [DeploymentFile("Jenkinsfile", Pipelines.jenkins(plan))]
    }
  }
}

/// One file to be written.
public struct DeploymentFile: Sendable, Hashable {
  /// Where, below the folder that the person chose.
  public let path: String
  /// Its whole text.
  public let text: String

  init(_ path: String, _ text: String) {
    self.path = path
    self.text = text.hasSuffix("\n") ? text : text + "\n"
  }
}
