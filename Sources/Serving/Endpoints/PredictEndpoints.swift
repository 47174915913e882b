import HTTPTypes
import HummingbirdCore
import MartletCore
import Web

/// `POST /predict` and its relatives: numbers or a file in, a class or values out.
struct PredictEndpoints: Sendable {
  let models: ModelRepository
  let byteLimit: Int

  var routes: [Route] {
    [
      Route(.post, "/predict", .predict, "predict with the only model: {\"input\": …} or the bytes of an image") { exchange in
        try await predict(exchange, try await models.only(for: RequestIdentity(exchange)))
      },
      Route(.post, "/models/{name}/predict", .predict, "predict with a named model") { exchange in
        try await predict(exchange, try await find(exchange))
      },
      Route(.post, "/models/{name}/versions/{version}/predict", .predict, "predict with one version of a model") { exchange in
        try await predict(exchange, try await find(exchange))
      },
      Route(.post, "/v1/models/{name}:predict", .predict, "predict as TensorFlow Serving: {\"instances\": […]}") { exchange in
        try await predictRows(exchange, try await find(exchange))
      },
      Route(.post, "/v1/models/{name}/versions/{version}:predict", .predict, "the same with one version of a model") { exchange in
        try await predictRows(exchange, try await find(exchange))
      },
    ]
  }

  private func find(_ exchange: Exchange) async throws -> ModelCall {
    try await models.find(
      exchange.parameters["name"] ?? "", version: exchange.parameters["version"], for: RequestIdentity(exchange))
  }

  private func predict(_ exchange: Exchange, _ call: ModelCall) async throws -> Reply {
    if call.model.columns != nil { return try await DocumentRequest.answer(exchange, call) }
    let request = try await request(exchange, call)
    let outputs = try await call.predict(request.inputs, RequestOptions(exchange))
    var reply = Reply { PredictAnswer(call: call, outputs: outputs).write(isSingle: request.isSingle, to: &$0) }
    reply.model = call.answering
    return reply
  }

  private func predictRows(_ exchange: Exchange, _ call: ModelCall) async throws -> Reply {
    if call.model.columns != nil { return try await DocumentRequest.answer(exchange, call, as: .instances) }
    let request = try await request(exchange, call)
    let outputs = try await call.predict(request.inputs, RequestOptions(exchange))
    var reply = Reply { PredictAnswer(call: call, outputs: outputs).writeRows(to: &$0) }
    reply.model = call.answering
    return reply
  }

  private func request(_ exchange: Exchange, _ call: ModelCall) async throws -> PredictRequest {
    let headers = exchange.request.headers
    let body = try await exchange.plainBody()
    switch try RequestBodyKind(body, headers: headers) {
    case .json: return try PredictRequest(json: body, signature: call.signature, byteLimit: byteLimit)
    case .file(let mediaType, let bytes):
      guard let adapter = call.model.adapter else {
        throw HTTPProblem(
          .unsupportedMediaType, "model '\(call.model.name)' takes no files", expected: "application/json with {\"input\": …}")
      }
      guard adapter.mediaTypes.contains(mediaType) else {
        throw HTTPProblem(
          .unsupportedMediaType, "model '\(call.model.name)' does not take \(excerpt(mediaType))",
          expected: adapter.mediaTypes.joined(separator: ", "))
      }
      let arrays: [String: HostArray]
      do { arrays = try adapter.convert(bytes) } catch let error as any MartletError { throw HTTPProblem(.badRequest, because: error) }
      return try PredictRequest(adapted: arrays, signature: call.signature)
    }
  }
}
