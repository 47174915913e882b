import HTTPTypes
import HummingbirdCore
import MartletCore
import NIOCore
import Web

/// The model repository extension: what there is, and loading and unloading it while the server runs.
struct RepositoryEndpoints: Sendable {
  let repository: RepositoryControl

  var routes: [Route] {
    [
      Route(.post, "/v2/repository/index", .predict, "the models that there are, and their states") { try await index($0) },
      Route(.post, "/v2/repository/models/{name}/load", .admin, "load a model, or load it anew") { try await load($0) },
      Route(.post, "/v2/repository/models/{name}/unload", .admin, "unload a model") { try await unload($0) },
    ]
  }

  private func index(_ exchange: Exchange) async throws -> Reply {
    let request = try await document(exchange)
    var isReady = false
    if let value = request["ready"] {
      guard let flag = value.boolValue else { throw HTTPProblem(.badRequest, "\"ready\" is no truth value", expected: "true or false") }
      isReady = flag
    }
    let entries = repository.index().filter { !isReady || $0.state == .ready }
    return Reply { writer in
      writer.array(entries) { writer, entry in
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

  private func load(_ exchange: Exchange) async throws -> Reply {
    let parameters = try await parameters(exchange)
    for key in parameters.keys.sorted() where key != "version" {
      throw HTTPProblem(
        .badRequest, "the parameter '\(excerpt(key))' is not taken: models come from the registry as they were registered")
    }
    let name = exchange.parameters["name"] ?? ""
    try await repository.load(name, version: try Self.version(parameters))
    return Reply { $0.value(["name": .string(name), "load": true]) }
  }

  private func unload(_ exchange: Exchange) async throws -> Reply {
    let parameters = try await parameters(exchange)
    for key in parameters.keys.sorted() where key != "version" && key != "unload_dependents" {
      throw HTTPProblem(.badRequest, "the parameter '\(excerpt(key))' is not taken", expected: "unload_dependents or version")
    }
    let name = exchange.parameters["name"] ?? ""
    try await repository.unload(name, version: try Self.version(parameters))
    return Reply { $0.value(["name": .string(name), "unload": true]) }
  }

  private static func version(_ parameters: [String: JSONValue]) throws -> String? {
    guard let value = parameters["version"] else { return nil }
    guard let version = value.stringValue ?? value.intValue.map({ String($0) }) else {
      throw HTTPProblem(.badRequest, "the parameter version is no text", expected: "\"3\"")
    }
    return version
  }

  private func parameters(_ exchange: Exchange) async throws -> [String: JSONValue] {
    guard let value = try await document(exchange)["parameters"] else { return [:] }
    guard let parameters = value.objectValue else { throw HTTPProblem(.badRequest, "parameters are no object") }
    return parameters
  }

  /// The request's members; an empty body has none.
  private func document(_ exchange: Exchange) async throws -> [String: JSONValue] {
    let body = try await exchange.plainBody()
    guard body.readableBytes > 0 else { return [:] }
    guard let members = try JSONReader.read(body, { try $0.readValue() }).objectValue else {
      throw HTTPProblem(.badRequest, "the request is no JSON object", expected: "{}, or an empty body")
    }
    return members
  }
}
