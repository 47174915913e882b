import Foundation
import HTTPTypes
import Hummingbird
import Logging
import MartletCore
import NIOCore
import Web

/// Conversations, completions, embeddings and the list of models, as OpenAI's clients have them.
struct OpenAIEndpoints: Sendable {
  let languages: LanguageTable
  let limits: LanguageLimits
  /// How long a stream may be silent before a comment shows that it lives.
  let silence: Duration?
  /// How long a client may read nothing of its stream.
  let writeTimeout: Duration?
  let logger: Logger

  var routes: [Route] {
    [
      Route(.get, "/v1/models", .predict, "the language models, as OpenAI's clients list them", answering("model") { _ in list() }),
      Route(
        .post, "/v1/chat/completions", .predict, "answer a conversation: {\"model\": …, \"messages\": […], \"stream\": true}",
        answering("messages", chat)),
      Route(.post, "/v1/completions", .predict, "continue a text: {\"model\": …, \"prompt\": …}", answering("prompt", complete)),
      Route(.post, "/v1/embeddings", .predict, "vectors of texts: {\"model\": …, \"input\": …}", answering("input", embed)),
    ]
  }

  /// Makes OpenAI's error document of every error but those of a client that has gone.
  private func answering(_ input: String, _ answer: @escaping Route.Handler) -> Route.Handler {
    { exchange in
      do {
        return try await answer(exchange)
      } catch let error where ClientGone.explains(error) {
        throw error
      } catch {
        return Reply(APIProblem.from(error, requestID: exchange.id, input: input), language: exchange.language)
      }
    }
  }

  private func body(_ exchange: Exchange) async throws -> ByteBuffer {
    let headers = exchange.request.headers
    let mediaType = (headers[.contentType] ?? "").prefix { $0 != ";" }.trimmingSpace().lowercased()
    guard ["", "application/json", "text/json"].contains(mediaType) || mediaType.hasSuffix("+json") else {
      throw HTTPProblem(
        .unsupportedMediaType, "Content-Type '\(excerpt(mediaType))' is not read here", expected: "application/json",
        remedy: "the header Content-Type: application/json")
    }
    return try await exchange.plainBody()
  }

  // MARK: Models

  private func list() -> Reply {
    Reply { writer in
      writer.raw("{\"object\":\"list\",\"data\":")
      writer.array(languages.ids.filter { Caller.current.maySee(model: $0.runner.model.name) }) {
        Self.write($1.runner, id: $1.id, to: &$0)
      }
      writer.raw("}")
    }
  }

  /// One model as OpenAI's clients know it.
  static func write(_ runner: LanguageRunner, id: String, to writer: inout JSONWriter) {
    writer.raw("{\"id\":")
    writer.string(id)
    writer.raw(",\"object\":\"model\",\"created\":")
    writer.integer(Int(runner.model.created.timeIntervalSince1970))
    writer.raw(",\"owned_by\":\"martlet\"}")
  }

  // MARK: Conversations

  private func chat(_ exchange: Exchange) async throws -> Reply {
    let request = try ChatRequest(await body(exchange), limits: limits)
    let runner = try languages.require(request.model)
    let generation = try runner.generate(request.generation, silence: request.isStreamed ? silence : nil)
    let head = AnswerHead("chatcmpl-", model: runner.model)
    let client = ClientPresence.watch(exchange.channel) { generation.cancel(ClientLeft()) }
    guard request.isStreamed else {
      defer { client.cancel() }
      let result = try await Self.collect(generation, choices: request.generation.choices)
      return reply(runner) { ChatAnswer.write(result, head, hasLogProbabilities: request.hasLogProbabilities, to: &$0) }
    }
    let first = try await Self.first(of: generation, client)
    return stream(runner, exchange) { send in
      defer { client.cancel() }
      var chunks = ChatChunks(
        head, choices: request.generation.choices, hasLogProbabilities: request.hasLogProbabilities, includesUsage: request.includesUsage)
      for signal in first { try await Self.send(signal, send) { chunks.bytes($0) } }
      for try await signal in generation.signals { try await Self.send(signal, send) { chunks.bytes($0) } }
      generation.cancel(CancellationError())
      try await send(chunks.last())
    }
  }

  // MARK: Completions

  private func complete(_ exchange: Exchange) async throws -> Reply {
    let request = try CompletionRequest(await body(exchange), limits: limits)
    let runner = try languages.require(request.model)
    let generations = try request.generations.map { try runner.generate($0, silence: request.isStreamed ? silence : nil) }
    let head = AnswerHead("cmpl-", model: runner.model)
    let client = ClientPresence.watch(exchange.channel) { for generation in generations { generation.cancel(ClientLeft()) } }
    guard request.isStreamed else {
      defer { client.cancel() }
      var results: [GenerationResult] = []
      for (generation, asked) in zip(generations, request.generations) {
        results.append(try await Self.collect(generation, choices: asked.choices))
      }
      let answer = CompletionAnswer(head: head, request: request, results: results)
      return reply(runner) { answer.write(to: &$0) }
    }
    var first: [[RunningGeneration.Signal]] = []
    for generation in generations { first.append(try await Self.first(of: generation, client)) }
    let started = first
    return stream(runner, exchange) { send in
      defer { client.cancel() }
      var chunks = CompletionChunks(head, request)
      for (prompt, signals) in started.enumerated() {
        for signal in signals { try await Self.send(signal, send) { chunks.bytes($0, prompt: prompt) } }
      }
      for try await (prompt, signal) in Self.merged(generations) {
        try await Self.send(signal, send) { chunks.bytes($0, prompt: prompt) }
      }
      for generation in generations { generation.cancel(CancellationError()) }
      try await send(chunks.last())
    }
  }

  // MARK: Embeddings

  private func embed(_ exchange: Exchange) async throws -> Reply {
    let request = try EmbeddingsRequest(await body(exchange), limits: limits)
    let runner = try languages.require(request.model)
    let work = Task { try await runner.embed(request.inputs, dimensions: request.dimensions) }
    let client = ClientPresence.watch(exchange.channel) { work.cancel() }
    defer { client.cancel() }
    let result = try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      work.cancel()
    }
    return reply(runner) { EmbeddingsAnswer.write(result, model: runner.model.name, isBase64: request.isBase64, to: &$0) }
  }

  // MARK: Answers

  private func reply(_ runner: LanguageRunner, _ write: (inout JSONWriter) -> Void) -> Reply {
    var reply = Reply(json: write)
    reply.model = AnsweringModel(name: runner.model.name, version: runner.model.version)
    return reply
  }

  /// Server-sent events. An error becomes an event, too: the status is sent already.
  private func stream(
    _ runner: LanguageRunner, _ exchange: Exchange, _ produce: @escaping @Sendable (ReplyStream.Send) async throws -> Void
  )
    -> Reply
  {
    var reply = Reply([])
    reply.contentType = "text/event-stream; charset=utf-8"
    // Proxies that collect answers before they pass them on would undo the stream.
    reply.headers = [(.accelBuffering, "no")]
    reply.model = AnsweringModel(name: runner.model.name, version: runner.model.version)
    let id = exchange.id, language = exchange.language
    reply.stream = ReplyStream { [logger, writeTimeout] plain in
      let watch = writeTimeout.map { StalledClient(exchange.channel, limit: $0) }
      func send(_ bytes: [UInt8]) async throws {
        if let watch { try await watch.send(bytes, by: plain) } else { try await plain(bytes) }
      }
      do {
        try await produce(send)
      } catch let error where ClientGone.explains(error) {
        throw error
      } catch {
        let problem = APIProblem.from(error, requestID: id, input: "messages")
        if let detail = problem.detail {
          logger.error("stream failed", metadata: ["id": .string(id), "detail": .string(detail)])
        }
        var writer = JSONWriter()
        writer.raw("data: ")
        problem.write(to: &writer, language: language)
        writer.raw("\n\n")
        try await send(writer.bytes)
      }
    }
    return reply
  }

  private static func send(
    _ signal: RunningGeneration.Signal, _ send: ReplyStream.Send, _ encode: (GenerationEvent) -> [UInt8]
  ) async throws {
    switch signal {
    case .event(let event):
      let bytes = encode(event)
      if !bytes.isEmpty { try await send(bytes) }
    // A comment, which clients pass over.
    case .silence: try await send(Array(": \n\n".utf8))
    }
  }

  // MARK: Generations

  private static func collect(_ generation: RunningGeneration, choices: Int) async throws -> GenerationResult {
    var result = GenerationResult(choices: choices)
    for try await case .event(let event) in generation.signals { result.add(event) }
    // The iteration of a cancelled task ends without an error. This also keeps the generation until here.
    generation.cancel(CancellationError())
    try Task.checkCancellation()
    return result
  }

  /// Waits until it is clear that the request can be served: errors about it must be the answer's status.
  private static func first(of generation: RunningGeneration, _ client: ClientPresence.Watch) async throws -> [RunningGeneration.Signal] {
    do {
      var iterator = generation.signals.makeAsyncIterator()
      return try await iterator.next().map { [$0] } ?? []
    } catch {
      client.cancel()
      throw error
    }
  }

  /// The signals of several generations as they come, each with the generation's number.
  private static func merged(_ generations: [RunningGeneration]) -> AsyncThrowingStream<(Int, RunningGeneration.Signal), any Error> {
    let (stream, continuation) = AsyncThrowingStream<(Int, RunningGeneration.Signal), any Error>.makeStream()
    let work = Task {
      await withTaskGroup(of: Void.self) { group in
        for (index, generation) in generations.enumerated() {
          group.addTask {
            do {
              for try await signal in generation.signals { continuation.yield((index, signal)) }
            } catch {
              continuation.finish(throwing: error)
            }
          }
        }
      }
      continuation.finish()
    }
    continuation.onTermination = { _ in work.cancel() }
    return stream
  }
}

extension Exchange {
  /// The language that the client wants to be answered in.
  var language: AnswerLanguage { AnswerLanguage(accept: request.headers[.acceptLanguage]) }
}
