/// The same as for Kustomize, with what differs between places in `values.yaml`.
enum HelmChart {
  static func all(_ plan: DeploymentPlan) -> [DeploymentFile] {
    let folder = "helm/\(plan.name)"
    let templates = KubernetesFiles.all(plan).filter { !$0.path.hasSuffix("kustomization.yaml") && !$0.path.hasSuffix("batch.yaml") }
    return [
      DeploymentFile("\(folder)/Chart.yaml", chart(plan)), DeploymentFile("\(folder)/values.yaml", values(plan)),
      DeploymentFile("\(folder)/.helmignore", "*.md\n"),
    ]
      + templates.map { file in
        let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
        return DeploymentFile("\(folder)/templates/\(name)", template(file.text, plan))
      }
  }

  private static func chart(_ plan: DeploymentPlan) -> String {
    """
    apiVersion: v2
    name: \(plan.name)
    description: Martlet serves \(plan.models.joined(separator: ", "))
    type: application
    version: 0.1.0
    appVersion: "\(plan.image.split(separator: ":").last.map(String.init) ?? "1")"
    """
  }

  private static func values(_ plan: DeploymentPlan) -> String {
    """
    image: \(plan.image)
    replicas:
      min: \(plan.replicas.lowerBound)
      max: \(plan.replicas.upperBound)
    resources:
      cpu: "\(plan.resources.cpu)"
      memory: \(plan.resources.memory)
    secrets:
      # The key url: the address of the team's registry.
      registry: \(plan.name)-registry
      # The file keys.json.
      keys: \(plan.name)-keys
    """
  }

  /// Whole lines are replaced, so that nothing else in them can be meant.
  private static func template(_ text: String, _ plan: DeploymentPlan) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let content = line.drop { $0 == " " }
      let indent = String(repeating: " ", count: line.count - content.count)
      switch content {
      case "image: \(plan.image)": return indent + "image: {{ .Values.image | quote }}"
      case "replicas: \(plan.replicas.lowerBound)", "minReplicas: \(plan.replicas.lowerBound)":
        return indent + content.prefix { $0 != ":" } + ": {{ .Values.replicas.min }}"
      case "maxReplicas: \(plan.replicas.upperBound)": return indent + "maxReplicas: {{ .Values.replicas.max }}"
      case "cpu: \"\(plan.resources.cpu)\"": return indent + "cpu: {{ .Values.resources.cpu | quote }}"
      case "memory: \(plan.resources.memory)": return indent + "memory: {{ .Values.resources.memory }}"
      case "name: \(plan.name)-registry": return indent + "name: {{ .Values.secrets.registry }}"
      case "secretName: \(plan.name)-keys": return indent + "secretName: {{ .Values.secrets.keys }}"
      default: return String(line)
      }
    }.joined(separator: "\n")
  }
}
