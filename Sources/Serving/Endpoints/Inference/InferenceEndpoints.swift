import HTTPTypes
import HummingbirdCore
import MartletCore
import NIOCore
import Web

/// The Open Inference Protocol v2 over REST, with the binary tensor extension, statistics and configurations.
struct InferenceEndpoints: Sendable {
  let service: InferenceService

  var routes: [Route] {
    [
      Route(.get, "/v2", .open, "the server's name, version and extensions") { _ in server() },
      Route(.get, "/v2/models/stats", .observe, "what happened in all models") { _ in try await statistics(nil, nil) },
    ]
      + versioned("", .predict, "a model's inputs and outputs") { _, found in
        Reply { service.description(found).writeMetadata(to: &$0) }
      }
      + versioned("/config", .predict, "a model's configuration") { _, found in
        Reply { $0.value(service.description(found).configuration) }
      }
      + versioned("/stats", .observe, "what happened in a model") { exchange, _ in
        try await statistics(exchange.parameters["name"], exchange.parameters["version"])
      }
      + [
        Route(.get, "/v2/models/{name}/ready", .predict, "whether a model is ready", ready),
        Route(.get, "/v2/models/{name}/versions/{version}/ready", .predict, "the same of one version", ready),
        Route(.post, "/v2/models/{name}/infer", .predict, "tensors in, tensors out") { try await infer($0, try await find($0)) },
        Route(.post, "/v2/models/{name}/versions/{version}/infer", .predict, "the same with one version") {
          try await infer($0, try await find($0))
        },
      ]
  }

  /// A question about a model, and the same about one version.
  private func versioned(
    _ suffix: String, _ access: RouteAccess, _ summary: String,
    _ answer: @escaping @Sendable (Exchange, InferenceService.Found) async throws -> Reply
  ) -> [Route] {
    let handler: Route.Handler = { exchange in
      let found = try await find(exchange)
      var reply = try await answer(exchange, found)
      reply.model = found.answering
      return reply
    }
    return [
      Route(.get, "/v2/models/{name}\(suffix)", access, summary, handler),
      Route(.get, "/v2/models/{name}/versions/{version}\(suffix)", access, "the same of one version", handler),
    ]
  }

  private func find(_ exchange: Exchange) async throws -> InferenceService.Found {
    try await service.find(exchange.parameters["name"] ?? "", exchange.parameters["version"], for: RequestIdentity(exchange))
  }

  private func ready(_ exchange: Exchange) async throws -> Reply {
    let name = exchange.parameters["name"] ?? ""
    let isReady = try await service.isReady(name, exchange.parameters["version"])
    var reply = Reply { writer in
      writer.raw("{\"name\":")
      writer.string(name)
      writer.raw(",\"ready\":")
      writer.bool(isReady)
      writer.raw("}")
    }
    if !isReady { reply.status = .serviceUnavailable }
    return reply
  }

  private func server() -> Reply {
    Reply { writer in
      writer.raw("{\"name\":\"martlet\",\"version\":")
      writer.string(MartletVersion.current)
      writer.raw(",\"extensions\":")
      writer.strings(InferenceService.extensions)
      writer.raw("}")
    }
  }

  private func statistics(_ name: String?, _ version: String?) async throws -> Reply {
    let statistics = try await service.statistics(name, version)
    return Reply { writer in
      writer.raw("{\"model_stats\":")
      writer.array(statistics) { $1.write(to: &$0) }
      writer.raw("}")
    }
  }

  private func infer(_ exchange: Exchange, _ found: InferenceService.Found) async throws -> Reply {
    let jsonLength = try Self.jsonLength(exchange.request.headers)
    let body = try await exchange.plainBody()
    switch found {
    case .tensors(let call) where call.model.columns != nil:
      let names = call.model.columns?.map(\.name) ?? []
      let document = try TensorDocument(body, jsonLength: jsonLength, names: names, limit: service.documentLimit)
      let bytes = try await service.infer(document, call, RequestOptions(exchange))
      guard !document.outputs.isEmpty || document.hasBinaryOutputs else { return Reply(bytes, model: call.answering) }
      return try DocumentAnswer.read(bytes, for: document, call).reply()
    case .tensors(let call):
      let request = try InferenceRequest(body, jsonLength: jsonLength, signature: call.signature, byteLimit: service.byteLimit)
      return try await service.infer(request, call, RequestOptions(exchange)).reply()
    case .language(let runner):
      let document = try TensorDocument(body, jsonLength: jsonLength, names: [TextInference.input], limit: service.documentLimit)
      do {
        return try await service.infer(document, runner, exchange.channel).reply()
      } catch let error where !ClientGone.explains(error) {
        throw HTTPProblem.from(language: error, requestID: exchange.id)
      }
    }
  }

  /// The length of the JSON in front of raw tensors; `nil` where all is JSON.
  /// - Throws: `HTTPProblem` 415 for a body that is said to be something else, 400 for a length that is none.
  private static func jsonLength(_ headers: HTTPFields) throws -> Int? {
    if let text = headers[.inferenceHeaderLength] {
      guard let length = Int(text), length >= 0 else {
        throw HTTPProblem(.badRequest, "Inference-Header-Content-Length is '\(excerpt(text))'", expected: "a number of bytes")
      }
      return length
    }
    if let type = headers[.contentType], !type.isEmpty, !type.lowercased().contains("json"), type != "application/octet-stream" {
      throw HTTPProblem(.unsupportedMediaType, "Content-Type '\(excerpt(type))' is not read here", expected: "application/json")
    }
    return nil
  }
}

extension InferenceService.Found {
  var answering: AnsweringModel {
    switch self {
    case .tensors(let call): call.answering
    case .language(let runner): AnsweringModel(name: runner.model.name, version: runner.model.version)
    }
  }
}
