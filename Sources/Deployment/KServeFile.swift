/// KServe with the Open Inference Protocol: a runtime of Martlet's, and a service that uses it.
enum KServeFile {
  static func text(_ plan: DeploymentPlan) -> String {
    """
    apiVersion: serving.kserve.io/v1alpha1
    kind: ServingRuntime
    metadata:
      name: martlet-\(plan.name)
    spec:
      annotations:
        prometheus.kserve.io/port: "\(plan.adminPort)"
        prometheus.kserve.io/path: /metrics
      supportedModelFormats:
        - name: martlet
          version: "1"
          autoSelect: true
      protocolVersions: [v2]
      containers:
        - name: kserve-container
          image: \(plan.image)
          args: \(ServerArguments.yaml(ServerArguments.list(plan)))
          env:
            - name: MARTLET_REGISTRY
              valueFrom:
                secretKeyRef:
                  name: \(plan.name)-registry
                  key: url
          ports:
            - containerPort: \(plan.port)
              protocol: TCP
          \(KubernetesFiles.containerSecurity(indent: 6))
          \(KubernetesFiles.resources(plan, indent: 6))
          readinessProbe:
            httpGet:
              path: /v2/health/ready
              port: \(plan.port)
          volumeMounts:
            - name: keys
              mountPath: /etc/martlet
              readOnly: true
            - name: scratch
              mountPath: /tmp
      volumes:
        - name: keys
          secret:
            secretName: \(plan.name)-keys
        - name: scratch
          emptyDir: {}
    ---
    apiVersion: serving.kserve.io/v1beta1
    kind: InferenceService
    metadata:
      name: \(plan.name)
    spec:
      predictor:
        minReplicas: \(plan.replicas.lowerBound)
        maxReplicas: \(plan.replicas.upperBound)
        model:
          runtime: martlet-\(plan.name)
          modelFormat:
            name: martlet
          protocolVersion: v2
    """
  }
}
