import Access
import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import NIOCore
import Testing
import Tracking
import Web

@testable import TrackingServer

/// Keys that are limited to some models. What most of MLflow's routes reach belongs to all of them.
@Suite struct KeyLimitTests {
  /// The routes about one registered model.
  private static let named = [
    "DELETE model-versions/delete", "DELETE model-versions/delete-tag", "DELETE registered-models/alias", "DELETE registered-models/delete",
    "DELETE registered-models/delete-tag", "GET model-versions/get", "GET model-versions/get-download-uri", "GET registered-models/alias",
    "GET registered-models/get", "GET registered-models/get-latest-versions", "PATCH model-versions/update",
    "PATCH registered-models/update", "POST model-versions/set-tag", "POST model-versions/transition-stage", "POST registered-models/alias",
    "POST registered-models/get-latest-versions", "POST registered-models/set-tag",
  ]

  private static func isNamed(_ route: Route) -> Bool {
    named.contains("\(route.method.rawValue) \(route.pattern.replacing("/api/2.0/mlflow/", with: ""))")
  }

  /// Calls a route as "ann", with something in place of its parameters, about a model.
  private func call(
    _ route: Route, _ server: KeyedServer, about model: String = "other", method: HTTPRequest.Method? = nil
  ) async throws -> TestResponse {
    var uri = route.pattern
    while let start = uri.firstIndex(of: "{"), let end = uri[start...].firstIndex(of: "}") {
      uri.replaceSubrange(start...end, with: "some")
    }
    if route.method == .get { uri += "?version=1&alias=champion&name=" + model.replacing(" ", with: "%20") }
    let body = #"{"name":"\#(model)","version":"1","alias":"champion","key":"k","value":"v","stage":"Staging"}"#
    return try await server.send(method ?? route.method, uri, route.method == .get ? nil : body, as: "ann")
  }

  private func isRefusal(_ answer: TestResponse) -> Bool {
    let body = String(buffer: answer.body)
    return answer.status == .forbidden && body.contains("is limited to") && body.contains("PERMISSION_DENIED") && body.contains("'ann'")
  }

  private func makeModels(_ store: TrackingStore) throws {
    for name in ["other", "Iris Model"] {
      _ = try store.createRegisteredModel(name)
      _ = try store.registerVersion(of: name, source: "prompt", tags: [TrackingTag("mlflow.prompt.is_prompt", "true")])
      try store.setRegisteredAlias(name, "champion", to: 1)
    }
  }

  @Test(arguments: [["fashion*"], ["fashion", "*-small"], []] as [[String]])
  func `whoever has some models only is refused on every route that reaches others`(models: [String]) async throws {
    try await KeyedServer.run([("ann", [.admin], models)]) { server in
      try makeModels(server.store)
      for route in server.routes {
        let answer = try await call(route, server)
        guard route.access != .open else {
          #expect(answer.status == .ok, "\(route.pattern)")
          continue
        }
        #expect(isRefusal(answer), "\(route.method) \(route.pattern)")
        // What is not there is refused in the same words.
        let unknown = try await call(route, server, about: "nothing")
        #expect(String(buffer: unknown.body).replacing("nothing", with: "other") == String(buffer: answer.body), "\(route.pattern)")
        // The same route answers HEAD.
        if route.method == .get { #expect(try await call(route, server, method: .head).status == .forbidden, "\(route.pattern)") }
      }
    }
  }

  @Test func `routes about one model by its name are open to whoever has that model`() async throws {
    try await KeyedServer.run([("ann", [.admin], ["iris-*"])]) { server in
      try makeModels(server.store)
      #expect(Set(server.routes.filter(Self.isNamed).map(\.pattern)).count == Set(Self.named.map { $0.split(separator: " ")[1] }).count)
      // What deletes comes last, and what deletes the model after that.
      func rank(_ route: Route) -> Int { route.pattern.hasSuffix("registered-models/delete") ? 2 : route.method == .delete ? 1 : 0 }
      for route in server.routes.filter({ $0.access != .open }).sorted(by: { rank($0) < rank($1) }) {
        let answer = try await call(route, server, about: "Iris Model")
        guard Self.isNamed(route) else {
          #expect(isRefusal(answer), "\(route.method) \(route.pattern)")
          continue
        }
        #expect(!isRefusal(answer), "\(route.method) \(route.pattern): \(String(buffer: answer.body))")
        if route.method != .delete { #expect(answer.status == .ok, "\(route.pattern): \(String(buffer: answer.body))") }
        #expect(isRefusal(try await call(route, server)), "\(route.method) \(route.pattern)")
      }
      #expect(try server.store.registeredModel("other").aliases.map(\.alias) == ["champion"])
    }
  }

  @Test(arguments: [["*"], ["fashion", "*"]])
  func `whoever has all models is not`(models: [String]) async throws {
    try await KeyedServer.run([("ann", [.admin], models)]) { server in
      _ = try server.store.createRegisteredModel("other")
      for route in server.routes {
        let answer = try await call(route, server)
        #expect(!isRefusal(answer) && answer.status != .unauthorized, "\(route.method) \(route.pattern)")
      }
    }
  }
}
