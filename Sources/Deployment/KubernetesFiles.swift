/// What a cluster runs, put together by Kustomize.
enum KubernetesFiles {
  static func all(_ plan: DeploymentPlan) -> [DeploymentFile] {
    var files: [(name: String, text: String)] = [
      ("serviceaccount", account(plan)), ("deployment", deployment(plan)), ("service", service(plan)), ("autoscaler", autoscaler(plan)),
      ("disruption", disruption(plan)), ("network", network(plan)), ("batch", batch(plan)),
    ]
    if let retrain = plan.retrain { files.append(("retrain", self.retrain(plan, schedule: retrain))) }
    let list = """
      apiVersion: kustomize.config.k8s.io/v1beta1
      kind: Kustomization
      resources:
      \(files.filter { $0.name != "batch" }.map { "  - \($0.name).yaml" }.joined(separator: "\n"))
      """
    return files.map { DeploymentFile("kubernetes/\($0.name).yaml", $0.text) } + [DeploymentFile("kubernetes/kustomization.yaml", list)]
  }

  static func labels(_ plan: DeploymentPlan, part: String, indent: Int) -> String {
    ["app.kubernetes.io/name: \(plan.name)", "app.kubernetes.io/component: \(part)", "app.kubernetes.io/managed-by: martlet"]
      .joined(separator: "\n" + String(repeating: " ", count: indent))
  }

  private static func account(_ plan: DeploymentPlan) -> String {
    """
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: \(plan.name)
      labels:
        \(labels(plan, part: "server", indent: 4))
    automountServiceAccountToken: false
    """
  }

  private static func deployment(_ plan: DeploymentPlan) -> String {
    """
    # Two secrets are expected: \(plan.name)-registry with the key url (the address of the team's registry, which carries a password),
    # and \(plan.name)-keys with the file keys.json, made by martlet keys create NAME --file keys.json.
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: \(plan.name)
      labels:
        \(labels(plan, part: "server", indent: 4))
    spec:
      replicas: \(plan.replicas.lowerBound)
      revisionHistoryLimit: 5
      selector:
        matchLabels:
          app.kubernetes.io/name: \(plan.name)
          app.kubernetes.io/component: server
      strategy:
        type: RollingUpdate
        rollingUpdate:
          maxUnavailable: 0
          maxSurge: 1
      template:
        metadata:
          labels:
            \(labels(plan, part: "server", indent: 8))
          annotations:
            prometheus.io/scrape: "true"
            prometheus.io/port: "\(plan.adminPort)"
            prometheus.io/path: /metrics
        spec:
          serviceAccountName: \(plan.name)
          automountServiceAccountToken: false
          terminationGracePeriodSeconds: 45
          securityContext:
            \(podSecurity(indent: 8))
          containers:
            - name: server
              image: \(plan.image)
              args: \(ServerArguments.yaml(ServerArguments.list(plan)))
              ports:
                - name: http
                  containerPort: \(plan.port)
                - name: admin
                  containerPort: \(plan.adminPort)
              env:
                \(environment(plan, indent: 12))
              \(containerSecurity(indent: 10))
              \(resources(plan, indent: 10))
              startupProbe:
                httpGet:
                  path: /v2/health/ready
                  port: http
                periodSeconds: 2
                failureThreshold: 150
              readinessProbe:
                httpGet:
                  path: /v2/health/ready
                  port: http
                periodSeconds: 5
                timeoutSeconds: 2
              livenessProbe:
                httpGet:
                  path: /v2/health/live
                  port: http
                periodSeconds: 10
                timeoutSeconds: 5
                failureThreshold: 6
              lifecycle:
                preStop:
                  # The endpoint goes before the server does, so that nobody is sent to one that is stopping.
                  exec:
                    command: ["sleep", "5"]
              volumeMounts:
                \(mounts(indent: 12))
          volumes:
            \(volumes(plan, indent: 8))
          topologySpreadConstraints:
            - maxSkew: 1
              topologyKey: kubernetes.io/hostname
              whenUnsatisfiable: ScheduleAnyway
              labelSelector:
                matchLabels:
                  app.kubernetes.io/name: \(plan.name)
                  app.kubernetes.io/component: server
    """
  }

  private static func service(_ plan: DeploymentPlan) -> String {
    """
    apiVersion: v1
    kind: Service
    metadata:
      name: \(plan.name)
      labels:
        \(labels(plan, part: "server", indent: 4))
    spec:
      type: ClusterIP
      selector:
        app.kubernetes.io/name: \(plan.name)
        app.kubernetes.io/component: server
      ports:
        - name: http
          port: 80
          targetPort: http
        - name: admin
          port: \(plan.adminPort)
          targetPort: admin
    """
  }

  private static func autoscaler(_ plan: DeploymentPlan) -> String {
    """
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata:
      name: \(plan.name)
      labels:
        \(labels(plan, part: "server", indent: 4))
    spec:
      scaleTargetRef:
        apiVersion: apps/v1
        kind: Deployment
        name: \(plan.name)
      minReplicas: \(plan.replicas.lowerBound)
      maxReplicas: \(plan.replicas.upperBound)
      metrics:
        - type: Resource
          resource:
            name: cpu
            target:
              type: Utilization
              averageUtilization: 70
      behavior:
        scaleDown:
          stabilizationWindowSeconds: 300
    """
  }

  private static func disruption(_ plan: DeploymentPlan) -> String {
    """
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata:
      name: \(plan.name)
      labels:
        \(labels(plan, part: "server", indent: 4))
    spec:
      \(plan.replicas.lowerBound > 1 ? "minAvailable: \(plan.replicas.lowerBound - 1)" : "maxUnavailable: 1")
      selector:
        matchLabels:
          app.kubernetes.io/name: \(plan.name)
          app.kubernetes.io/component: server
    """
  }

  private static func network(_ plan: DeploymentPlan) -> String {
    """
    # Requests from anywhere in the cluster; figures and orders from this namespace only; out to names, the registry and its files.
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: \(plan.name)
      labels:
        \(labels(plan, part: "server", indent: 4))
    spec:
      podSelector:
        matchLabels:
          app.kubernetes.io/name: \(plan.name)
      policyTypes: [Ingress, Egress]
      ingress:
        - ports:
            - port: \(plan.port)
        - from:
            - podSelector: {}
          ports:
            - port: \(plan.adminPort)
      egress:
        - ports:
            - port: 53
              protocol: UDP
            - port: 53
              protocol: TCP
        - ports:
            - port: 443
            - port: 5432
    """
  }

  private static func batch(_ plan: DeploymentPlan) -> String {
    """
    # Not part of the kustomization: apply it once for each file, under another name, with the file in a volume of your own.
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: \(plan.name)-batch
      labels:
        \(labels(plan, part: "batch", indent: 4))
    spec:
      backoffLimit: 3
      ttlSecondsAfterFinished: 86400
      template:
        metadata:
          labels:
            \(labels(plan, part: "batch", indent: 8))
        spec:
          restartPolicy: Never
          serviceAccountName: \(plan.name)
          automountServiceAccountToken: false
          securityContext:
            \(podSecurity(indent: 8))
          containers:
            - name: predict
              image: \(plan.image)
              args: ["predict", "\(plan.models[0])", "/data/input.parquet", "--output", "/data/output.parquet"]
              env:
                \(environment(plan, indent: 12))
              \(containerSecurity(indent: 10))
              \(resources(plan, indent: 10))
              volumeMounts:
                - name: data
                  mountPath: /data
                - name: scratch
                  mountPath: /tmp
          volumes:
            - name: data
              persistentVolumeClaim:
                claimName: \(plan.name)-data
            - name: scratch
              emptyDir: {}
    """
  }

  private static func retrain(_ plan: DeploymentPlan, schedule: String) -> String {
    """
    apiVersion: batch/v1
    kind: CronJob
    metadata:
      name: \(plan.name)-retrain
      labels:
        \(labels(plan, part: "training", indent: 4))
    spec:
      schedule: "\(schedule)"
      concurrencyPolicy: Forbid
      startingDeadlineSeconds: 3600
      jobTemplate:
        spec:
          backoffLimit: 1
          template:
            metadata:
              labels:
                \(labels(plan, part: "training", indent: 12))
            spec:
              restartPolicy: Never
              serviceAccountName: \(plan.name)
              automountServiceAccountToken: false
              securityContext:
                \(podSecurity(indent: 12))
              containers:
                - name: train
                  image: \(plan.image)
                  args: ["run", "/project/martlet.yml"]
                  env:
                    \(environment(plan, indent: 16))
                  \(containerSecurity(indent: 14))
                  \(resources(plan, indent: 14))
                  volumeMounts:
                    - name: project
                      mountPath: /project
                      readOnly: true
                    - name: scratch
                      mountPath: /tmp
              volumes:
                - name: project
                  persistentVolumeClaim:
                    claimName: \(plan.name)-project
                - name: scratch
                  emptyDir: {}
    """
  }

  // MARK: Parts

  private static func lines(_ lines: [String], _ indent: Int) -> String {
    lines.joined(separator: "\n" + String(repeating: " ", count: indent))
  }

  static func podSecurity(indent: Int) -> String {
    lines(
      ["runAsNonRoot: true", "runAsUser: 10001", "runAsGroup: 10001", "fsGroup: 10001", "seccompProfile:", "  type: RuntimeDefault"], indent
    )
  }

  static func containerSecurity(indent: Int) -> String {
    lines(
      ["securityContext:", "  allowPrivilegeEscalation: false", "  readOnlyRootFilesystem: true", "  capabilities:", "    drop: [ALL]"],
      indent)
  }

  private static func environment(_ plan: DeploymentPlan, indent: Int) -> String {
    lines(
      ["- name: MARTLET_REGISTRY", "  valueFrom:", "    secretKeyRef:", "      name: \(plan.name)-registry", "      key: url"], indent)
  }

  static func resources(_ plan: DeploymentPlan, indent: Int) -> String {
    let amounts = plan.resources
    let gpus = amounts.gpus > 0 ? ["    nvidia.com/gpu: \"\(amounts.gpus)\""] : []
    return lines(
      [
        "resources:", "  requests:", "    cpu: \"\(amounts.cpu)\"", "    memory: \(amounts.memory)", "  limits:",
        "    memory: \(amounts.memory)",
      ]
        + gpus, indent)
  }

  private static func mounts(indent: Int) -> String {
    lines(
      [
        "- name: keys", "  mountPath: /etc/martlet", "  readOnly: true", "- name: cache", "  mountPath: /var/lib/martlet",
        "- name: scratch",
        "  mountPath: /tmp",
      ], indent)
  }

  private static func volumes(_ plan: DeploymentPlan, indent: Int) -> String {
    lines(
      [
        "- name: keys", "  secret:", "    secretName: \(plan.name)-keys", "    defaultMode: 0440", "- name: cache", "  emptyDir: {}",
        "- name: scratch", "  emptyDir: {}",
      ], indent)
  }
}
