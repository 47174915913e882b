import HTTPTypes
import HummingbirdCore
import MartletCore
import NIOCore
import Web

/// TensorFlow Serving's REST interface, which KServe calls its first protocol: predictions by rows or by columns, classes, regressions,
/// states and signatures of models.
struct TFServingEndpoints: Sendable {
  let models: ModelRepository
  let languages: LanguageTable
  let byteLimit: Int

  /// Where a model is named: by itself, with a version, or with a label.
  private static let places = ["/v1/models/{name}", "/v1/models/{name}/versions/{version}", "/v1/models/{name}/labels/{label}"]

  var routes: [Route] {
    let verbs: [(String, String, Route.Handler)] = [
      (":predict", "predict by rows {\"instances\": […]} or columns {\"inputs\": {…}}", predict),
      (":classify", "the classes of examples {\"examples\": [{…}]} with their scores", classify),
      (":regress", "one number for each of {\"examples\": [{…}]}", regress),
    ]
    return Self.places.flatMap { place in
      verbs.map { verb, summary, handler in Route(.post, place + verb, .predict, summary, handler) } + [
        Route(.get, place + "/metadata", .predict, "a model's signature, as TensorFlow Serving tells it", metadata)
      ]
    } + [
      Route(.get, Self.places[0], .predict, "a language model as OpenAI's clients know it, another as TensorFlow Serving tells it", status),
      Route(.get, Self.places[1], .predict, "the state of one version", status),
      Route(.get, Self.places[2], .predict, "the state of the version that has a label", status),
    ]
  }

  /// The version that a request is about. Of labels there are `stable`, what answers when no version is named, and `latest`.
  private func version(_ exchange: Exchange) throws -> String? {
    guard let label = exchange.parameters["label"] else { return exchange.parameters["version"] }
    let name = exchange.parameters["name"] ?? ""
    switch label {
    case "stable": return models.defaultVersion(of: name)
    case "latest": return models.versions(of: name).last?.model.version
    default:
      throw HTTPProblem(.notFound, "model '\(excerpt(name))' has no label '\(excerpt(label))'", expected: "stable, latest")
    }
  }

  private func find(_ exchange: Exchange) async throws -> ModelCall {
    try await models.find(exchange.parameters["name"] ?? "", version: try version(exchange), for: RequestIdentity(exchange))
  }

  // MARK: Predictions

  private func predict(_ exchange: Exchange) async throws -> Reply {
    let call = try await find(exchange)
    if call.model.columns != nil { return try await DocumentRequest.answer(exchange, call, as: .instances) }
    let request = try await request(exchange, call)
    let outputs = try await call.predict(request.inputs, RequestOptions(exchange))
    let answer = PredictAnswer(call: call, outputs: outputs)
    var reply = Reply { request.isColumnar ? answer.writeColumns(to: &$0) : answer.writeRows(to: &$0) }
    reply.model = call.answering
    return reply
  }

  private func classify(_ exchange: Exchange) async throws -> Reply {
    let call = try await find(exchange)
    guard let labels = call.model.labels, call.model.columns == nil else {
      throw HTTPProblem(.badRequest, "model '\(call.model.name)' does not classify tensors", expected: "a model with labels")
    }
    let rows = try await results(exchange, call) { $0.shape.count == 2 && $0.shape[1] == labels.count ? labels.count : nil }
    return reply(call) { writer in
      writer.array(rows) { writer, row in
        writer.array(zip(labels, row)) { writer, element in
          writer.raw("[")
          writer.string(element.0)
          writer.raw(",")
          writer.number(element.1)
          writer.raw("]")
        }
      }
    }
  }

  private func regress(_ exchange: Exchange) async throws -> Reply {
    let call = try await find(exchange)
    guard call.model.columns == nil, call.model.labels == nil else {
      throw HTTPProblem(.badRequest, "model '\(call.model.name)' gives no single numbers from tensors", expected: "a model of one number")
    }
    let rows = try await results(exchange, call) { $0.shape.dropFirst().allSatisfy { $0 == 1 } ? 1 : nil }
    return reply(call) { $0.array(rows) { $0.number($1[0]) } }
  }

  private func reply(_ call: ModelCall, _ write: (inout JSONWriter) -> Void) -> Reply {
    var reply = Reply { writer in
      writer.raw("{\"results\":")
      write(&writer)
      writer.raw("}")
    }
    reply.model = call.answering
    return reply
  }

  /// The numbers of each example, of the first output that has as many as are wanted.
  /// - Parameter width: the numbers of an example, or `nil` for an output of another kind.
  private func results(_ exchange: Exchange, _ call: ModelCall, _ width: (HostArray) -> Int?) async throws -> [[Double]] {
    let request = try await request(exchange, call)
    let outputs = try await call.predict(request.inputs, RequestOptions(exchange))
    let ordered = call.signature.outputs.compactMap { outputs[$0.name] }
    let preferred = outputs["probabilities"].map { [$0] } ?? []
    for array in preferred + ordered where array.dtype.isFloatingPoint && call.signature.isBatched {
      guard let count = width(array), let items = array.shape.first else { continue }
      return (0..<items).map { item in (0..<count).map { array.floatingPoint(at: item * count + $0) } }
    }
    throw HTTPProblem(.badRequest, "model '\(call.model.name)' gives nothing of that kind", remedy: ":predict")
  }

  /// JSON, or a file where the model takes files.
  private func request(_ exchange: Exchange, _ call: ModelCall) async throws -> PredictRequest {
    var headers = exchange.request.headers
    // What `curl -d` says of its body.
    if headers[.contentType]?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true { headers[.contentType] = nil }
    return try PredictRequest(await exchange.plainBody(), headers: headers, call: call, byteLimit: byteLimit)
  }

  // MARK: About models

  private func status(_ exchange: Exchange) async throws -> Reply {
    let name = exchange.parameters["name"] ?? ""
    let isPlain = exchange.parameters["version"] == nil && exchange.parameters["label"] == nil
    if isPlain, let runner = languages.find(name) { return Reply { OpenAIEndpoints.write(runner, id: name, to: &$0) } }
    if isPlain, !languages.runners.isEmpty, models.versions(of: name).isEmpty {
      return Reply(.modelNotFound(name, known: languages.names + models.names), language: exchange.language)
    }
    let version = try version(exchange)
    let call = try await models.find(name, version: version)
    let runners = isPlain ? models.versions(of: name) : [call.runner]
    return Reply { writer in
      writer.raw("{\"name\":")
      writer.string(name)
      writer.raw(",\"ready\":true,\"model_version_status\":")
      writer.array(runners) { writer, runner in
        writer.raw("{\"version\":")
        writer.string(runner.model.version)
        writer.raw(",\"state\":\"AVAILABLE\",\"status\":{\"error_code\":\"OK\",\"error_message\":\"\"}}")
      }
      writer.raw("}")
    }
  }

  private func metadata(_ exchange: Exchange) async throws -> Reply {
    let call = try await find(exchange)
    let inputs = call.model.columns.map { columns in columns.map { ($0.name, Self.type($0.datatype), [-1]) } }
    let outputs = call.model.outputs.map { ($0.name, Self.type($0.datatype), $0.shape.map { $0 ?? -1 }) }
    func tensors(_ tensors: [(String, String, [Int])]) -> JSONValue {
      .object(
        Dictionary(
          tensors.map { name, type, shape in
            let dimensions = shape.map { JSONValue.object(["size": .string(String($0)), "name": ""]) }
            return (
              name,
              [
                "name": .string(name), "dtype": .string(type),
                "tensor_shape": ["dim": .array(dimensions), "unknown_rank": false],
              ] as JSONValue
            )
          }, uniquingKeysWith: { first, _ in first }))
    }
    func specs(_ specs: [TensorSpec]) -> [(String, String, [Int])] {
      specs.map { ($0.name, Self.type($0.dtype.inferenceProtocolName ?? ""), $0.shape.map { $0 ?? -1 }) }
    }
    let signature: JSONValue = [
      "inputs": tensors(inputs ?? specs(call.signature.inputs)),
      "outputs": tensors(inputs == nil ? specs(call.signature.outputs) : outputs),
      "method_name": "tensorflow/serving/predict",
    ]
    let document: JSONValue = [
      "model_spec": ["name": .string(call.model.name), "signature_name": "", "version": .string(call.model.version)],
      "metadata": ["signature_def": ["signature_def": ["serving_default": signature]]],
    ]
    var reply = Reply { $0.value(document) }
    reply.model = call.answering
    return reply
  }

  /// TensorFlow's name of a type of the Open Inference Protocol.
  private static func type(_ datatype: String) -> String {
    switch datatype {
    case "FP16": "DT_HALF"
    case "BF16": "DT_BFLOAT16"
    case "FP32": "DT_FLOAT"
    case "FP64": "DT_DOUBLE"
    case "BYTES": "DT_STRING"
    case "": "DT_INVALID"
    default: "DT_" + datatype
    }
  }
}
