import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import Testing

@testable import Serving
@testable import Web

/// Enough of JSON Schema to hold answers against the document: types, members, elements, words, references.
private struct SchemaCheck {
  let components: [String: JSONValue]

  /// What does not fit, with its place.
  func problems(_ value: JSONValue, _ schema: JSONValue, at place: String = "$") -> [String] {
    if let reference = schema["$ref"]?.stringValue {
      guard let target = components[String(reference.dropFirst("#/components/schemas/".count))] else {
        return ["\(place): no \(reference)"]
      }
      return problems(value, target, at: place)
    }
    var found: [String] = []
    let types = schema["type"].map { $0.arrayValue ?? [$0] }?.compactMap(\.stringValue)
    if let types, !types.contains(where: { Self.fits(value, $0) }) { found.append("\(place) is no \(types)") }
    if let words = schema["enum"]?.arrayValue, !words.contains(value) { found.append("\(place) is none of \(words)") }
    if case .object(let members) = value {
      for name in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where members[name] == nil {
        found.append("\(place) has no '\(name)'")
      }
      let known = schema["properties"]?.objectValue ?? [:]
      for (name, member) in members {
        if let inner = known[name] {
          found += problems(member, inner, at: "\(place).\(name)")
        } else if schema["additionalProperties"] == false {
          found.append("\(place) has '\(name)', which is not described")
        }
      }
    }
    if case .array(let elements) = value, let items = schema["items"] {
      for (index, element) in elements.enumerated() { found += problems(element, items, at: "\(place)[\(index)]") }
    }
    return found
  }

  private static func fits(_ value: JSONValue, _ type: String) -> Bool {
    switch (value, type) {
    case (.null, "null"), (.bool, "boolean"), (.int, "integer"), (.int, "number"), (.double, "number"), (.string, "string"),
      (.array, "array"), (.object, "object"):
      true
    case (.double(let value), "integer"): value == value.rounded()
    default: false
    }
  }
}

@Suite struct OpenAPITests {
  private static func models() -> [ServedModel] {
    [LinearClassifier.served(), Echo(.float64, shape: [nil]).served("number"), Townsfolk.served()]
  }

  private static func withAll(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    try await withLanguages(.router, models: models(), body)
  }

  @Test func `every route is described, and every description has a route`() async throws {
    try await Self.withAll { client in
      let document = try await client.get("/openapi.json").json
      #expect(document["openapi"] == "3.1.0")
      let paths = try #require(document["paths"]?.objectValue)
      let listed = try #require(try await client.get("/").json["routes"]?.arrayValue)
      var routes: Set<String> = []
      for route in listed {
        let method = route["method"]?.stringValue ?? "", pattern = route["path"]?.stringValue ?? ""
        routes.insert("\(method) \(pattern)")
        let operation = try #require(paths[pattern]?[method.lowercased()], "\(method) \(pattern) is not in the document")
        #expect(RouteSchemas.all["\(method) \(pattern)"] != nil, "\(method) \(pattern) has no schema")
        #expect(operation["x-access"]?.stringValue != nil && operation["responses"]?["200"] != nil)
        let names = OpenAPIDocument.parameters(pattern).compactMap { $0["name"] }
        #expect(operation["parameters"]?.arrayValue?.compactMap { $0["name"] } ?? [] == names)
        #expect((method == "POST") == (operation["requestBody"] != nil), "\(method) \(pattern)")
      }
      #expect(paths.values.reduce(0) { $0 + ($1.objectValue?.count ?? 0) } == routes.count)
      #expect(Set(RouteSchemas.all.keys).subtracting(routes).isEmpty, "\(Set(RouteSchemas.all.keys).subtracting(routes))")
      let identifiers = paths.values.flatMap { $0.objectValue?.values.compactMap { $0["operationId"]?.stringValue } ?? [] }
      #expect(Set(identifiers).count == identifiers.count)
    }
  }

  @Test func `answers fit the document`() async throws {
    let image = #"{"inputs":[\#(InferenceProtocolTests.image)]}"#
    let item = "[[0.5,1],[0.25,-2]]"
    let calls: [(String, String, String?)] = [
      ("/", "/", nil), ("/health/live", "/health/live", nil), ("/health/ready", "/health/ready", nil), ("/models", "/models", nil),
      ("/v2/health/live", "/v2/health/live", nil), ("/v2/health/ready", "/v2/health/ready", nil),
      ("/models/{name}", "/models/fashion", nil), ("/models/{name}", "/models/echo", nil), ("/v2", "/v2", nil),
      ("/v2/models/{name}", "/v2/models/fashion", nil), ("/v2/models/{name}", "/v2/models/folk", nil),
      ("/v2/models/{name}", "/v2/models/echo", nil), ("/v2/models/{name}/ready", "/v2/models/fashion/ready", nil),
      ("/v2/models/{name}/config", "/v2/models/fashion/config", nil), ("/v2/models/{name}/infer", "/v2/models/fashion/infer", image),
      ("/v2/models/{name}/infer", "/v2/models/fashion/infer", "{}"), ("/v2/models/stats", "/v2/models/stats", nil),
      ("/v2/models/{name}/versions/{version}/stats", "/v2/models/fashion/versions/1/stats", nil),
      ("/v2/repository/index", "/v2/repository/index", ""),
      ("/v2/repository/models/{name}/unload", "/v2/repository/models/none/unload", ""),
      ("/v2/models/{name}/generate", "/v2/models/echo/generate", #"{"text_input":"a b"}"#),
      ("/v2/models/{name}/generate", "/v2/models/echo/generate", "{}"),
      ("/predict", "/predict", "{}"), ("/models/{name}/predict", "/models/fashion/predict", #"{"input":\#(item)}"#),
      ("/models/{name}/predict", "/models/fashion/predict", #"{"inputs":[\#(item),\#(item)]}"#),
      ("/v1/models/{name}:predict", "/v1/models/fashion:predict", #"{"instances":[\#(item)]}"#),
      ("/v1/models/{name}:predict", "/v1/models/fashion:predict", #"{"inputs":[\#(item)]}"#),
      ("/v1/models/{name}:classify", "/v1/models/fashion:classify", #"{"examples":[{"image":\#(item)}]}"#),
      ("/v1/models/{name}:regress", "/v1/models/number:regress", #"{"examples":[{"x":2}]}"#),
      ("/v1/models/{name}/metadata", "/v1/models/fashion/metadata", nil), ("/v1/models/{name}", "/v1/models/fashion", nil),
      ("/v1/models/{name}/labels/{label}", "/v1/models/fashion/labels/stable", nil), ("/v1/models", "/v1/models", nil),
      ("/v1/chat/completions", "/v1/chat/completions", chat("a b")), ("/v1/chat/completions", "/v1/chat/completions", "{}"),
      ("/v1/completions", "/v1/completions", #"{"model":"echo","prompt":"a"}"#),
      ("/v1/embeddings", "/v1/embeddings", #"{"model":"vectors","input":"a"}"#), ("/openapi.json", "/openapi.json", nil),
    ]
    try await Self.withAll { client in
      let document = try await client.get("/openapi.json").json
      let check = SchemaCheck(components: document["components"]?["schemas"]?.objectValue ?? [:])
      for (pattern, path, body) in calls {
        let answer = try await body == nil ? client.get(path) : client.post(path, body ?? "")
        let operation = document["paths"]?[pattern]?[body == nil ? "get" : "post"]
        let response = operation?["responses"]?[answer.status == 200 ? "200" : answer.status < 500 ? "4XX" : "5XX"]
        let schema = try #require(response?["content"]?["application/json"]?["schema"], "\(pattern) \(answer.status)")
        #expect(check.problems(answer.json, schema).isEmpty, "\(path): \(check.problems(answer.json, schema)) \(answer.text)")
      }
    }
  }

  @Test(arguments: Way.allCases) func `a page to try it that asks nobody else`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      let page = try await client.get("/docs")
      #expect(page.headers[.contentType] == "text/html; charset=utf-8")
      let policy = page.headers[.contentSecurityPolicy] ?? ""
      #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && !policy.contains("unsafe"))
      #expect(
        !page.text.contains("http:") && !page.text.contains("https:") && !page.text.contains(" on") && page.text.contains("/docs/page.js"))
      let script = try await client.get("/docs/page.js")
      #expect(script.headers[.contentType]?.hasPrefix("text/javascript") == true)
      #expect(!script.text.contains("innerHTML") && !script.text.contains("eval") && !script.text.contains("://"))
      #expect(script.text.contains(#"+ ' ms\n\n' +"#))
      #expect(try await client.get("/docs/page.css").headers[.contentType] == "text/css; charset=utf-8")
    }
  }
}
