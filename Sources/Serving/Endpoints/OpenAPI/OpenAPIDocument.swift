import HTTPTypes
import MartletCore
import Web

/// `GET /openapi.json`: the routes of this server as OpenAPI 3.1, made from the table that answers requests.
struct OpenAPIDocument: Sendable {
  let routes: [Route]

  /// What a route takes and gives; `nil` where nobody has described it.
  static func description(of route: Route) -> RouteSchema? { RouteSchemas.all["\(route.method.rawValue) \(route.pattern)"] }

  var value: JSONValue {
    var paths: [String: JSONValue] = [:]
    for (pattern, routes) in Dictionary(grouping: routes, by: \.pattern) {
      var operations: [String: JSONValue] = [:]
      for route in routes { operations[route.method.rawValue.lowercased()] = operation(route) }
      // A name for all that follows is written as any other name here.
      paths[pattern.replacing("*}", with: "}")] = .object(operations)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Martlet", "version": .string(MartletVersion.current),
        "description": "Predictions, and everything around them. Errors are documents with the member \"error\".",
      ],
      "servers": [["url": "/"]],
      "paths": .object(paths),
      "components": [
        "schemas": .object(ComponentSchemas.all),
        "securitySchemes": [
          "bearer": ["type": "http", "scheme": "bearer"], "apiKey": ["type": "apiKey", "in": "header", "name": "x-api-key"],
        ],
      ],
    ]
  }

  private func operation(_ route: Route) -> JSONValue {
    let schema = Self.description(of: route) ?? RouteSchema(answer: ["type": .array(["object", "array", "string", "null"])])
    var members: [String: JSONValue] = [
      "operationId": .string(Self.identifier(route)), "summary": .string(route.summary), "tags": [.string(schema.tag)],
      "x-access": .string(route.access.rawValue), "responses": .object(responses(schema)),
    ]
    let parameters = Self.parameters(route.pattern)
    if !parameters.isEmpty { members["parameters"] = .array(parameters) }
    if let body = schema.body {
      var media: [String: JSONValue] = ["schema": body]
      if let example = schema.example { media["example"] = example }
      var content: [String: JSONValue] = ["application/json": .object(media)]
      for type in schema.otherTypes { content[type] = ["schema": ["type": "string", "format": "binary"]] }
      members["requestBody"] = ["required": .bool(!schema.isBodyOptional), "content": .object(content)]
    }
    // Where no keys are set up, none is asked for; an empty requirement says so.
    members["security"] = route.access == .open ? [] : [["bearer": []], ["apiKey": []], [:]]
    return .object(members)
  }

  private func responses(_ schema: RouteSchema) -> [String: JSONValue] {
    var content: [String: JSONValue] = [schema.answerType: ["schema": schema.answer]]
    if schema.hasBinaryAnswer { content["application/octet-stream"] = ["schema": ["type": "string", "format": "binary"]] }
    if schema.isStreamed { content["text/event-stream"] = ["schema": ["type": "string"]] }
    let error: JSONValue = [
      "description": "what is wrong, and what would have been right", "content": ["application/json": ["schema": schema.error]],
    ]
    return ["200": ["description": .string(schema.answerNote), "content": .object(content)], "4XX": error, "5XX": error]
  }

  /// `postV2ModelsNameInfer`
  static func identifier(_ route: Route) -> String {
    let words = route.pattern.split { !$0.isLetter && !$0.isNumber }.map { $0.prefix(1).uppercased() + $0.dropFirst() }
    return route.method.rawValue.lowercased() + (words.isEmpty ? "Index" : words.joined())
  }

  static func parameters(_ pattern: String) -> [JSONValue] {
    pattern.split(separator: "/").compactMap { segment in
      guard segment.first == "{", let end = segment.firstIndex(of: "}") else { return nil }
      let name = String(segment[segment.index(after: segment.startIndex)..<end].filter { $0 != "*" })
      return ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string"]]
    }
  }
}

/// What one route takes and gives.
struct RouteSchema: Sendable {
  var tag = "server"
  /// A JSON schema, or `nil` where there is no body.
  var body: JSONValue?
  var isBodyOptional = false
  var example: JSONValue?
  /// Bodies that are no JSON.
  var otherTypes: [String] = []
  var answer: JSONValue
  var answerNote = "the answer"
  var answerType = "application/json"
  var hasBinaryAnswer = false
  var isStreamed = false
  var error: JSONValue = ComponentSchemas.reference("Error")
}
