import HTTPTypes
import HummingbirdCore
import Logging
import MartletCore
import NIOCore
import Web

/// The generate extension: texts from language models without tensors around them.
struct GenerateEndpoints: Sendable {
  let service: InferenceService
  /// How long a stream may be silent before a comment shows that it lives.
  let silence: Duration?
  let logger: Logger

  var routes: [Route] {
    [
      Route(.post, "/v2/models/{name}/generate", .predict, "continue a text: {\"text_input\": …, \"parameters\": {…}}", generate),
      Route(.post, "/v2/models/{name}/versions/{version}/generate", .predict, "the same with one version", generate),
      Route(.post, "/v2/models/{name}/generate_stream", .predict, "the same, piece by piece as server-sent events", stream),
      Route(.post, "/v2/models/{name}/versions/{version}/generate_stream", .predict, "the same with one version", stream),
    ]
  }

  private func request(_ exchange: Exchange) async throws -> (LanguageRunner, TextInference) {
    let found = try await service.find(
      exchange.parameters["name"] ?? "", exchange.parameters["version"], for: RequestIdentity(exchange))
    guard case .language(let runner) = found else {
      throw HTTPProblem(
        .badRequest, "model '\(excerpt(exchange.parameters["name"] ?? ""))' makes no texts", expected: "a language model",
        remedy: "/v2/models/{name}/infer")
    }
    return (runner, try TextInference(await exchange.plainBody(), limits: service.languageLimits))
  }

  private func generate(_ exchange: Exchange) async throws -> Reply {
    do {
      let (runner, request) = try await request(exchange)
      let text = try await request.complete(runner, exchange.channel)
      var reply = Reply { request.write(text, runner, to: &$0) }
      reply.model = AnsweringModel(name: runner.model.name, version: runner.model.version)
      return reply
    } catch let error where !ClientGone.explains(error) {
      throw HTTPProblem.from(language: error, requestID: exchange.id)
    }
  }

  private func stream(_ exchange: Exchange) async throws -> Reply {
    do {
      return try await started(exchange)
    } catch let error where !ClientGone.explains(error) {
      throw HTTPProblem.from(language: error, requestID: exchange.id)
    }
  }

  /// Waits for the first sign of life, so that errors about the request are the answer's status; what comes later is an event.
  private func started(_ exchange: Exchange) async throws -> Reply {
    let (runner, request) = try await request(exchange)
    let generation = try TextInference.start(runner, request.request, silence: silence)
    let client = ClientPresence.watch(exchange.channel) { generation.cancel(ClientLeft()) }
    let first: RunningGeneration.Signal?
    do {
      var iterator = generation.signals.makeAsyncIterator()
      first = try await iterator.next()
    } catch {
      client.cancel()
      throw error
    }
    var reply = Reply([])
    reply.contentType = "text/event-stream; charset=utf-8"
    reply.headers = [(.accelBuffering, "no")]
    reply.model = AnsweringModel(name: runner.model.name, version: runner.model.version)
    let id = exchange.id
    reply.stream = ReplyStream { [logger] send in
      defer { client.cancel() }
      do {
        var pieces = Pieces(request: request, runner: runner)
        if let first, let bytes = pieces.bytes(first) { try await send(bytes) }
        for try await signal in generation.signals {
          if let bytes = pieces.bytes(signal) { try await send(bytes) }
        }
        generation.cancel(CancellationError())
      } catch let error where ClientGone.explains(error) {
        throw error
      } catch {
        let problem = HTTPProblem.from(language: error, requestID: id)
        if let detail = problem.detail { logger.error("stream failed", metadata: ["id": .string(id), "detail": .string(detail)]) }
        try await send(Self.event { $0.raw(Reply(problem).body) })
      }
    }
    return reply
  }

  private static func event(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.raw("data: ")
    write(&writer)
    writer.raw("\n\n")
    return writer.bytes
  }

  /// The events of one stream.
  private struct Pieces {
    let request: TextInference
    let runner: LanguageRunner
    private var isFirst = true

    init(request: TextInference, runner: LanguageRunner) {
      self.request = request
      self.runner = runner
    }

    mutating func bytes(_ signal: RunningGeneration.Signal) -> [UInt8]? {
      switch signal {
      // A comment, which clients pass over.
      case .silence: return Array(": \n\n".utf8)
      case .event(.text(let delta)):
        defer { isFirst = false }
        return GenerateEndpoints.event { request.write(request.text(delta.text, isFirst: isFirst), runner, to: &$0) }
      case .event: return nil
      }
    }
  }
}
