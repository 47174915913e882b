/// An image: built where Swift is, run where it is not.
enum DockerFiles {
  static func all(_ plan: DeploymentPlan) -> [DeploymentFile] {
    [DeploymentFile("Dockerfile", dockerfile(plan)), DeploymentFile(".dockerignore", ignored)]
  }

  /// Debian's names of what the program is linked with.
  static let libraries = [
    "ca-certificates", "libjemalloc2", "libpq5", "librabbitmq4", "librdkafka1", "libspng0", "libsqlite3-0", "libsvm3", "libturbojpeg0",
    "libxgboost0", "zlib1g",
  ]

  private static func dockerfile(_ plan: DeploymentPlan) -> String {
    """
    # syntax=docker/dockerfile:1
    # The source of Martlet is the context of the build; models come from the registry at run time.
    FROM swift:6.3-bookworm AS build
    SHELL ["/bin/bash", "-o", "pipefail", "-c"]
    WORKDIR /source
    COPY . .
    # The set-up installs what the build needs, make included, and fetches libtorch; what demos and tests need stays out.
    ENV MARTLET_SKIP_DATA=1 MARTLET_SKIP_TESTS=1
    RUN scripts/setup && make install PREFIX=/opt/martlet

    FROM debian:bookworm-slim
    # hadolint ignore=DL3008
    RUN apt-get update \\
      && apt-get install -y --no-install-recommends \(libraries.joined(separator: " ")) \\
      && rm -rf /var/lib/apt/lists/* \\
      && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin martlet \\
      && install -d -o martlet -g martlet -m 0700 /var/lib/martlet
    COPY --from=build /opt/martlet /opt/martlet
    ENV PATH=/opt/martlet/bin:$PATH MARTLET_REGISTRY=/var/lib/martlet
    USER 10001:10001
    VOLUME ["/var/lib/martlet"]
    EXPOSE \(plan.port) \(plan.adminPort)
    STOPSIGNAL SIGTERM
    HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \\
      CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(plan.port) && printf 'GET /v2/health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q '^HTTP/1.1 200' <&3"]
    ENTRYPOINT ["martlet"]
    CMD \(ServerArguments.yaml(ServerArguments.list(plan)))
    """
  }

  private static let ignored = """
    .git
    .build
    .deps
    .martlet
    runs
    **/__pycache__
    """
}

/// The arguments of a server, for every kind of file.
enum ServerArguments {
  /// Where the file with the hashes of the API keys lies; without keys the server listens to its own machine only.
  static let keys = "/etc/martlet/keys.json"

  static func list(_ plan: DeploymentPlan, host: String = "0.0.0.0") -> [String] {
    ["serve"] + plan.models + ["--host", host, "--port", String(plan.port), "--admin-host", host, "--admin-port", String(plan.adminPort)]
      + (host == "127.0.0.1" ? [] : ["--keys", keys])
  }

  /// As a list of YAML in one line.
  static func yaml(_ arguments: [String]) -> String { "[" + arguments.map { "\"\($0)\"" }.joined(separator: ", ") + "]" }
}
