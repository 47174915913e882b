import ArgumentParser
import Charts

struct StreamCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "stream",
    abstract: "Answer messages of Kafka or RabbitMQ until stopped.",
    discussion: """
      Addresses are kafka://HOST:PORT/TOPIC and amqp://HOST:PORT/QUEUE, kafkas:// and amqps:// over TLS. A message is what POST /predict \
      takes as JSON. Each is answered at least once; the header martlet-id tells answers to one message. Credentials come from \
      MARTLET_STREAM_USER and MARTLET_STREAM_PASSWORD or MARTLET_STREAM_PASSWORD_FILE, certificates from MARTLET_STREAM_CA, _CERTIFICATE \
      and _KEY.
      """)

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Option(help: ArgumentHelp("Where questions come from.", valueName: "address"))
  var from: String

  @Option(help: ArgumentHelp("Where answers go.", valueName: "address"))
  var to: String

  @Option(help: ArgumentHelp("Where messages go that have no answer, with the reason.", valueName: "address"))
  var dead: String

  @Option(help: ArgumentHelp("Kafka's consumer group. (default: martlet-NAME)", valueName: "name"))
  var group: String?

  @Option(help: ArgumentHelp("Messages that are answered together, at most.", valueName: "count"))
  var batch = 32

  @Option(help: ArgumentHelp("How long the first of them waits for the others, in milliseconds.", valueName: "time"))
  var batchDelay = 20

  @Option(help: ArgumentHelp("How often a message is tried whose failure may pass.", valueName: "count"))
  var attempts = 5

  @Option(help: ArgumentHelp("Messages that are kept ready, at most.", valueName: "count"))
  var prefetch = 1000

  @Option(help: ArgumentHelp("What makes two messages one question: message (id, or key and value) or key.", valueName: "rule"))
  var identity = "message"

  @Option(help: ArgumentHelp("Write figures for Prometheus to this file every few seconds.", valueName: "file"), completion: .file())
  var metrics: String?

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
      guard range.contains(value) else {
        throw ValidationError("\(name) is \(value); expected a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check("--batch", batch, 1...10_000)
    try check("--batch-delay", batchDelay, 0...60_000)
    try check("--attempts", attempts, 1...100)
    try check("--prefetch", prefetch, 1...1_000_000)
    guard ["message", "key"].contains(identity) else { throw ValidationError("--identity is '\(identity)'; expected message or key") }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.stream(
      StreamRequest(
        reference: reference, from: from, to: to, dead: dead, group: group, batch: batch, batchDelay: batchDelay, attempts: attempts,
        prefetch: prefetch, identity: identity, metrics: metrics, surroundings: global.surroundings))
    var text = "stopped after \(NumberText.grouped(summary.consumed)) messages: \(NumberText.grouped(summary.answered)) answered, "
    text += "\(NumberText.grouped(summary.dead)) dead, \(NumberText.grouped(summary.duplicates)) known already, "
    text += "\(NumberText.duration(milliseconds: summary.seconds * 1000))\n"
    return CommandResult(document: summary, text: text)
  }
}
