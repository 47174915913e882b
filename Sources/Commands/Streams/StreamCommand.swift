import ArgumentParser
import Charts
import Project

struct StreamCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "stream",
    abstract: "Answer messages of Kafka or RabbitMQ until stopped.",
    discussion: """
      Addresses are kafka://HOST:PORT/TOPIC and amqp://HOST:PORT/QUEUE, kafkas:// and amqps:// over TLS. What is not said here comes from \
      stream: of the project. A message is what POST /predict takes as JSON. Each is answered at least once; the header martlet-id tells \
      answers to one message. Credentials come from MARTLET_STREAM_USER and MARTLET_STREAM_PASSWORD or MARTLET_STREAM_PASSWORD_FILE, \
      certificates from MARTLET_STREAM_CA, _CERTIFICATE and _KEY.
      """)

  @Argument(help: "NAME@V. (default: the newest version of the project's model)", completion: ReferenceCompletion.kind)
  var reference: String?

  @Option(help: ArgumentHelp("Where questions come from.", valueName: "address"))
  var from: String?

  @Option(help: ArgumentHelp("Where answers go.", valueName: "address"))
  var to: String?

  @Option(help: ArgumentHelp("Where messages go that have no answer, with the reason.", valueName: "address"))
  var dead: String?

  @Option(help: ArgumentHelp("Kafka's consumer group. (default: martlet-NAME)", valueName: "name"))
  var group: String?

  @Option(help: ArgumentHelp("Messages that are answered together, at most. (default: 32)", valueName: "count"))
  var batch: Int?

  @Option(help: ArgumentHelp("How long the first of them waits for the others, in milliseconds. (default: 20)", valueName: "time"))
  var batchDelay: Int?

  @Option(help: ArgumentHelp("How often a message is tried whose failure may pass. (default: 5)", valueName: "count"))
  var attempts: Int?

  @Option(help: ArgumentHelp("Messages that are kept ready, at most. (default: 1000)", valueName: "count"))
  var prefetch: Int?

  @Option(
    help: ArgumentHelp(
      "What makes two messages one question: message (id, or key and value) or key. (default: message)", valueName: "rule"))
  var identity: String?

  @Option(help: ArgumentHelp("Write figures for Prometheus to this file every few seconds.", valueName: "file"), completion: .file())
  var metrics: String?

  @OptionGroup var project: ProjectOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    func check(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
      if let value, !range.contains(value) {
        throw ValidationError("\(name) is \(value); expected a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check("--batch", batch, ProjectStream.batches)
    try check("--batch-delay", batchDelay, ProjectStream.batchDelays)
    try check("--attempts", attempts, ProjectStream.attemptCounts)
    try check("--prefetch", prefetch, ProjectStream.prefetches)
    if let identity, ProjectStream.Identity(rawValue: identity) == nil {
      throw ValidationError("--identity is '\(identity)'; expected message or key")
    }
  }

  /// What the command line says, and where it says nothing the project.
  private func request() throws -> StreamRequest {
    let file = try project.loadIfThere()
    let known = file?.project.stream ?? ProjectStream()
    func place(_ name: String, _ given: String?, _ known: String?) throws -> String {
      guard let place = given ?? known else {
        throw UsageError(problem: "--\(name) is missing", expected: "it, or stream.\(name) in the project")
      }
      return place
    }
    guard let reference = reference ?? file?.project.name else {
      throw UsageError(problem: "no model is named", expected: "NAME@V, or a project")
    }
    return StreamRequest(
      reference: reference, from: try place("from", from, known.from), to: try place("to", to, known.to),
      dead: try place("dead", dead, known.dead), group: group ?? known.group, batch: batch ?? known.batch ?? 32,
      batchDelay: batchDelay ?? known.batchDelay ?? 20, attempts: attempts ?? known.attempts ?? 5,
      prefetch: prefetch ?? known.prefetch ?? 1000,
      identity: identity.flatMap(ProjectStream.Identity.init(rawValue:)) ?? known.identity ?? .message,
      metrics: metrics ?? known.metrics.flatMap { file?.resolve($0) }, surroundings: global.surroundings)
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.stream(try request())
    var text = "stopped after \(NumberText.grouped(summary.consumed)) messages: \(NumberText.grouped(summary.answered)) answered, "
    text += "\(NumberText.grouped(summary.dead)) dead, \(NumberText.grouped(summary.duplicates)) known already, "
    text += "\(NumberText.duration(milliseconds: summary.seconds * 1000))\n"
    return CommandResult(document: summary, text: text)
  }
}
