import Access
import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import NIOCore
import Registry
import Synchronization
import Testing
import Tracking
import Web

@testable import TrackingServer

/// Who did what through MLflow's routes, and to which model.
@Suite struct AuditTests {
  private final class Kept: AuditSink {
    private let state = Mutex<[AuditEvent]>([])
    var all: [AuditEvent] { state.withLock { $0 } }
    func record(_ event: AuditEvent) { state.withLock { $0.append(event) } }
  }

  @Test func `what MLflow's clients do stands in the log under the name of their key, with the model`() async throws {
    let kept = Kept()
    try await KeyedServer.run([("ann", [.contributor], ["*"]), ("root", [.admin], ["*"])], audit: kept) { server in
      let root = "/api/2.0/mlflow/"
      func post(_ path: String, _ body: String, as name: String) async throws -> Int {
        let answer = try await server.send(.post, root + path, body, as: name)
        return answer.status.code
      }
      let model = #""name":"Iris Model""#
      #expect(try await post("registered-models/create", "{\(model)}", as: "ann") == 200)
      let prompt = #"{\#(model),"source":"prompt-template","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]}"#
      #expect(try await post("model-versions/create", prompt, as: "ann") == 200)
      let alias = #"{\#(model),"alias":"Champion","version":"1"}"#
      #expect(try await post("registered-models/alias", alias, as: "ann") == 403)
      #expect(try await post("registered-models/alias", alias, as: "root") == 200)
      let missing = #"{\#(model),"alias":"Champion","version":"7"}"#
      #expect(try await post("registered-models/alias", missing, as: "root") == 404)
      #expect(try await server.send(.delete, root + "model-versions/delete", #"{\#(model),"version":"1"}"#, as: "root").status == .ok)

      // The registry's own log.
      let events = try server.store.registry.history(of: "iris-model")
      #expect(events.filter { $0.action == .registered }.map(\.user) == ["ann"])
      #expect(events.filter { $0.action == .aliasMoved || $0.action == .deleted }.allSatisfy { $0.user == "root" })
      #expect(events.contains { $0.action == .aliasMoved } && events.contains { $0.action == .deleted })
    }
    // What admin routes were asked.
    let events = kept.all
    #expect(events.map(\.status) == [403, 200, 404, 200])
    #expect(events.map(\.actor) == ["ann", "root", "root", "root"])
    // Nothing is read of a request that is refused.
    #expect(events.map(\.model) == [nil, "Iris Model", "Iris Model", "Iris Model"])
    #expect(
      events.map(\.object) == [
        "", "alias=Champion name=Iris Model version=1", "alias=Champion name=Iris Model version=7", "name=Iris Model version=1",
      ])
  }

  @Test func `without keys it is the server's own account`() async throws {
    try await withClient { client, store in
      _ = try store.createRegisteredModel("m")
      _ = try store.registerVersion(of: "m", source: "prompt", tags: [TrackingTag("mlflow.prompt.is_prompt", "true")])
      let moved = try await client.execute(
        uri: "/api/2.0/mlflow/registered-models/alias", method: .post, headers: [.contentType: "application/json"],
        body: ByteBuffer(string: #"{"name":"m","alias":"a","version":"1"}"#))
      #expect(moved.status == .ok)
      #expect(Set(try store.registry.history(of: "m").map(\.user)).count == 1)
    }
  }
}
