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
    ]
  }

  private func find(_ exchange: Exchange) async throws -> ModelCall {
    try await models.find(
      exchange.parameters["name"] ?? "", version: exchange.parameters["version"], for: RequestIdentity(exchange))
  }

  private func predict(_ exchange: Exchange, _ call: ModelCall) async throws -> Reply {
    if call.model.columns != nil { return try await DocumentRequest.answer(exchange, call) }
    let request = try PredictRequest(
      await exchange.plainBody(), headers: exchange.request.headers, call: call, byteLimit: byteLimit)
    let outputs = try await call.predict(request.inputs, RequestOptions(exchange))
    var reply = Reply { PredictAnswer(call: call, outputs: outputs).write(isSingle: request.isSingle, to: &$0) }
    reply.model = call.answering
    return reply
  }
}
