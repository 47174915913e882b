/// One machine with Docker: the server, its registry in PostgreSQL, Prometheus beside them.
enum ComposeFile {
  static func text(_ plan: DeploymentPlan) -> String {
    """
    name: \(plan.name)

    services:
      martlet:
        image: \(plan.image)
        build: .
        command: \(ServerArguments.yaml(ServerArguments.list(plan)))
        restart: unless-stopped
        read_only: true
        cap_drop: [ALL]
        security_opt: ["no-new-privileges:true"]
        tmpfs: [/tmp]
        stop_grace_period: 30s
        environment:
          # The address of the registry is a secret: it carries a password.
          MARTLET_REGISTRY: ${MARTLET_REGISTRY:-/var/lib/martlet}
        ports:
          - "127.0.0.1:\(plan.port):\(plan.port)"
        expose: ["\(plan.adminPort)"]
        volumes:
          - registry:/var/lib/martlet
          # Made by: martlet keys create NAME --file keys.json
          - ./keys.json:\(ServerArguments.keys):ro
        deploy:
          resources:
            limits:
              cpus: "\(cores(plan.resources.cpu))"
              memory: \(plan.resources.memory.replacing("Gi", with: "g").replacing("Mi", with: "m").replacing("G", with: "g").replacing("M", with: "m"))

      prometheus:
        image: prom/prometheus:v2.55.1
        restart: unless-stopped
        command: ["--config.file=/etc/prometheus/prometheus.yml"]
        volumes:
          - ./prometheus:/etc/prometheus:ro
        ports:
          - "127.0.0.1:9090:9090"

    volumes:
      registry: {}
    """
  }

  private static func cores(_ cpu: String) -> String {
    guard cpu.hasSuffix("m"), let thousandths = Double(cpu.dropLast()) else { return cpu }
    return String(thousandths / 1000)
  }
}
