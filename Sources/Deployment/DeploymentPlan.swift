public import MartletCore

/// What is deployed, for all kinds of files that people commit.
public struct DeploymentPlan: Sendable, Hashable, Codable {
  /// Processor and memory, as Kubernetes counts them.
  public struct Resources: Sendable, Hashable, Codable {
    /// Cores: `"500m"`, `"2"`.
    public var cpu: String
    /// Memory: `"512Mi"`, `"4Gi"`.
    public var memory: String
    /// Graphics processors of NVIDIA's; 0 for none.
    public var gpus: Int

    /// Makes an amount of resources.
    public init(cpu: String = "1", memory: String = "2Gi", gpus: Int = 0) {
      self.cpu = cpu
      self.memory = memory
      self.gpus = gpus
    }
  }

  /// The name of everything that is made, a label of DNS: `fashion`.
  public var name: String
  /// The image with its tag or digest.
  public var image: String
  /// The models to serve: `fashion@production`.
  public var models: [String]
  /// The port for requests.
  public var port: Int
  /// The port for figures and orders.
  public var adminPort: Int
  /// Servers at least, and at most.
  public var replicas: ClosedRange<Int>
  /// What one server gets.
  public var resources: Resources
  /// When a new version is trained, as `cron` writes it; `nil` for never.
  public var retrain: String?
  /// The 99th percentile of seconds above which somebody is told.
  public var slowSeconds: Double

  /// - Parameters:
  ///   - models: by default the model of the plan's own name, in production.
  public init(
    name: String, image: String? = nil, models: [String] = [], port: Int = 8080, adminPort: Int = 8081, replicas: ClosedRange<Int> = 2...10,
    resources: Resources = Resources(), retrain: String? = nil, slowSeconds: Double = 0.5
  ) {
    self.name = name
    self.image = image ?? "\(name):1"
    self.models = models.isEmpty ? ["\(name)@production"] : models
    self.port = port
    self.adminPort = adminPort
    self.replicas = replicas
    self.resources = resources
    self.retrain = retrain
    self.slowSeconds = slowSeconds
  }

  /// - Throws: `ArgumentError` that names the value that no file could carry.
  public func validate() throws(ArgumentError) {
    func require(_ condition: Bool, _ problem: String, _ expected: String) throws(ArgumentError) {
      guard condition else { throw ArgumentError(problem, expected: expected) }
    }
    try require(Self.isLabel(name), "the name '\(name)' cannot name a service", "small letters, digits and '-', at most 40, a letter first")
    try require(
      Self.matches(image, /[a-z0-9][a-zA-Z0-9._\-\/:@]{0,250}/), "the image '\(image)' is none", "such as registry.example/fashion:1")
    let hasTag = image.split(separator: "/").last?.contains(":") ?? false
    try require(hasTag && !image.hasSuffix(":latest"), "the image '\(image)' names no version", "a tag other than latest, or a digest")
    for model in models {
      try require(
        Self.matches(model, /[A-Za-z0-9][A-Za-z0-9._\-]{0,99}(@[A-Za-z0-9._\-]{1,100})?/), "the model '\(model)' is no name", "NAME@V")
    }
    for (what, port) in [("port", port), ("admin port", adminPort)] {
      try require((1024...65_535).contains(port), "the \(what) is \(port)", "1024 to 65535, so that the server needs no privileges")
    }
    try require(port != adminPort, "both ports are \(port)", "two ports")
    try require(replicas.lowerBound >= 1 && replicas.upperBound <= 1000, "there would be \(replicas) servers", "1 to 1000")
    try require(
      Self.matches(resources.cpu, /[0-9]{1,6}m|[0-9]{1,4}(\.[0-9]{1,3})?/), "the cores are '\(resources.cpu)'", "such as 500m or 2")
    try require(Self.matches(resources.memory, /[1-9][0-9]{0,6}(Mi|Gi|M|G)/), "the memory is '\(resources.memory)'", "such as 512Mi or 4Gi")
    try require((0...64).contains(resources.gpus), "there would be \(resources.gpus) graphics processors", "0 to 64")
    if let retrain {
      try require(
        Self.matches(retrain, /([0-9*,\/\-]+ ){4}[0-9*,\/\-]+/), "the schedule '\(retrain)' is none", "five fields, such as '0 3 * * 1'")
    }
    try require(slowSeconds > 0 && slowSeconds.isFinite, "answers would be slow from \(slowSeconds) s on", "above 0")
  }

  private static func isLabel(_ text: String) -> Bool { matches(text, /[a-z]([a-z0-9\-]{0,38}[a-z0-9])?/) }

  private static func matches<Output>(_ text: String, _ pattern: Regex<Output>) -> Bool { (try? pattern.wholeMatch(in: text)) != nil }
}
