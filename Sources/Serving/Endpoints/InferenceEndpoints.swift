import HTTPTypes
import HummingbirdCore
import MartletCore
import Web

/// The Open Inference Protocol v2 over REST, with the binary tensor extension.
struct InferenceEndpoints: Sendable {
  let models: ModelRepository
  let byteLimit: Int

  var routes: [Route] {
    [
      Route(.get, "/v2", .open, "the server's name, version and extensions") { _ in
        Reply { writer in
          writer.raw("{\"name\":\"martlet\",\"version\":")
          writer.string(MartletVersion.current)
          writer.raw(",\"extensions\":[\"binary_tensor_data\",\"model_repository\"]}")
        }
      },
      Route(.post, "/v2/repository/index", .predict, "the models that are loaded") { exchange in
        // The filters of the request are optional for a server; the body is read so that the connection can go on.
        _ = try await exchange.body()
        return index()
      },
      Route(.get, "/v2/models/{name}", .predict, "a model's inputs and outputs") { try metadata(try await find($0)) },
      Route(.get, "/v2/models/{name}/versions/{version}", .predict, "the same of one version") { try metadata(try await find($0)) },
      Route(.get, "/v2/models/{name}/ready", .predict, "whether a model is ready") { try ready(try await find($0)) },
      Route(.get, "/v2/models/{name}/versions/{version}/ready", .predict, "the same of one version") { try ready(try await find($0)) },
      Route(.post, "/v2/models/{name}/infer", .predict, "tensors in, tensors out") { try await infer($0, try await find($0)) },
      Route(.post, "/v2/models/{name}/versions/{version}/infer", .predict, "the same with one version") {
        try await infer($0, try await find($0))
      },
    ]
  }

  private func find(_ exchange: Exchange) async throws -> ModelCall {
    try await models.find(
      exchange.parameters["name"] ?? "", version: exchange.parameters["version"], for: RequestIdentity(exchange))
  }

  private func index() -> Reply {
    Reply { writer in
      writer.array(models.index()) { writer, entry in
        writer.raw("{\"name\":")
        writer.string(entry.name)
        writer.raw(",\"version\":")
        writer.string(entry.version)
        writer.raw(",\"state\":")
        writer.string(entry.state.rawValue)
        writer.raw(",\"reason\":")
        writer.string(entry.reason)
        writer.raw("}")
      }
    }
  }

  private func ready(_ call: ModelCall) throws -> Reply {
    var reply = Reply { writer in
      writer.raw("{\"name\":")
      writer.string(call.model.name)
      writer.raw(",\"ready\":true}")
    }
    reply.model = call.answering
    return reply
  }

  private func metadata(_ call: ModelCall) throws -> Reply {
    func write(_ specs: [TensorSpec], to writer: inout JSONWriter) {
      writer.array(specs) { writer, spec in
        writer.raw("{\"name\":")
        writer.string(spec.name)
        writer.raw(",\"datatype\":")
        writer.string(spec.dtype.inferenceProtocolName ?? spec.dtype.description)
        writer.raw(",\"shape\":")
        writer.array(spec.shape) { $0.integer($1 ?? -1) }
        writer.raw("}")
      }
    }
    var reply = Reply { writer in
      writer.raw("{\"name\":")
      writer.string(call.model.name)
      writer.raw(",\"versions\":")
      writer.strings(models.versions(of: call.model.name).map(\.model.version))
      writer.raw(",\"platform\":")
      writer.string(call.model.platform)
      writer.raw(",\"inputs\":")
      if let columns = call.model.columns {
        writer.array(columns) { writer, column in
          writer.raw("{\"name\":")
          writer.string(column.name)
          writer.raw(",\"datatype\":")
          writer.string(column.datatype)
          writer.raw(",\"shape\":[-1]}")
        }
        writer.raw(",\"outputs\":[]}")
        return
      }
      write(call.signature.inputs, to: &writer)
      writer.raw(",\"outputs\":")
      write(call.signature.outputs, to: &writer)
      writer.raw("}")
    }
    reply.model = call.answering
    return reply
  }

  private func infer(_ exchange: Exchange, _ call: ModelCall) async throws -> Reply {
    if call.model.columns != nil { return try await DocumentRequest.answer(exchange, call, as: .tensors) }
    let headers = exchange.request.headers
    try RequestBodyKind.checkEncoding(headers)
    var jsonLength: Int?
    if let text = headers[.inferenceHeaderLength] {
      guard let length = Int(text), length >= 0 else {
        throw HTTPProblem(.badRequest, "Inference-Header-Content-Length is '\(excerpt(text))'", expected: "a number of bytes")
      }
      jsonLength = length
    } else if let type = headers[.contentType], !type.isEmpty, !type.lowercased().contains("json"), type != "application/octet-stream" {
      throw HTTPProblem(.unsupportedMediaType, "Content-Type '\(excerpt(type))' is not read here", expected: "application/json")
    }
    let body = try await exchange.body()
    let request = try InferenceRequest(body, jsonLength: jsonLength, signature: call.signature, byteLimit: byteLimit)
    let outputs = try await call.predict(request.inputs, RequestOptions(exchange))
    return try reply(to: request, outputs, call)
  }

  private func reply(to request: InferenceRequest, _ outputs: [String: HostArray], _ call: ModelCall) throws -> Reply {
    let wanted = request.outputs.isEmpty ? call.signature.outputs.map { (name: $0.name, isBinary: nil as Bool?) } : request.outputs
    let arrays = try wanted.map { output in
      guard let array = outputs[output.name], let datatype = array.dtype.inferenceProtocolName else {
        throw InferenceOutputMissing(name: output.name)
      }
      return (name: output.name, array: array, datatype: datatype, isBinary: output.isBinary ?? request.hasBinaryOutputs)
    }
    var writer = JSONWriter(capacity: 256 + arrays.reduce(0) { $0 + $1.array.elementCount * 8 })
    writer.raw("{\"model_name\":")
    writer.string(call.model.name)
    writer.raw(",\"model_version\":")
    writer.string(call.model.version)
    if let id = request.id {
      writer.raw(",\"id\":")
      writer.string(id)
    }
    writer.raw(",\"outputs\":")
    writer.array(arrays) { writer, output in
      writer.raw("{\"name\":")
      writer.string(output.name)
      writer.raw(",\"datatype\":")
      writer.string(output.datatype)
      writer.raw(",\"shape\":")
      writer.array(output.array.shape) { $0.integer($1) }
      if output.isBinary {
        writer.raw(",\"parameters\":{\"binary_data_size\":")
        writer.integer(output.array.bytes.count)
        writer.raw("}")
      } else {
        writer.raw(",\"data\":")
        writer.flat(output.array)
      }
      writer.raw("}")
    }
    writer.raw("}")
    let binary = arrays.filter(\.isBinary)
    var reply = Reply(writer.bytes, model: call.answering)
    if !binary.isEmpty {
      reply.contentType = "application/octet-stream"
      reply.headers = [(.inferenceHeaderLength, String(writer.bytes.count))]
      for output in binary { reply.body += output.array.bytes }
    }
    return reply
  }
}

/// A predictor that breaks its own signature: the server's fault, not the client's.
private struct InferenceOutputMissing: MartletError {
  let name: String
  var problem: String { "the model gave no output '\(name)' that the protocol can carry" }
}
