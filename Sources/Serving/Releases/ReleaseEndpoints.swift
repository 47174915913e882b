import Access
import Foundation
import HTTPTypes
import MartletCore
import NIOCore
import Releases
import Web

/// Releases over HTTP: begin one, look at it, tell it what to do; and what came back about answers.
struct ReleaseEndpoints: Sendable {
  let store: ReleaseStore
  let recorder: TrafficRecorder
  let repository: ModelRepository

  var routes: [Route] {
    [
      Route(.get, "/admin/releases", .read, "the newest release of every model", list),
      Route(.post, "/admin/releases", .admin, "begin a release: {\"model\": …, \"candidate\": …, \"steps\": […], \"gates\": […]}", begin),
      Route(.get, "/admin/releases/{model}", .read, "a model's newest release", show),
      Route(.get, "/admin/releases/{model}/history", .read, "all releases of a model, the newest first", history),
      Route(.post, "/admin/releases/{model}/{order}", .admin, "pause, resume, approve, promote or rollback", order),
      Route(
        .post, "/models/{name}/feedback", .predict,
        "what came of an answer: {\"request_id\": …, \"truth\": …} or {\"request_id\": …, \"good\": true}", feedback),
    ]
  }

  private func list(_ exchange: Exchange) async throws -> Reply {
    let states = store.models().compactMap { try? store.newest($0) }
    return try Self.reply(states)
  }

  private func show(_ exchange: Exchange) async throws -> Reply {
    let model = exchange.parameters["model"] ?? ""
    guard let state = try Self.asked({ try store.newest(model) }) else {
      throw HTTPProblem(.notFound, "model '\(excerpt(model))' has had no release")
    }
    return try Self.reply(state)
  }

  private func history(_ exchange: Exchange) async throws -> Reply {
    try Self.reply(Self.asked { try store.history(exchange.parameters["model"] ?? "") })
  }

  private func begin(_ exchange: Exchange) async throws -> Reply {
    let document: PlanDocument = try await Self.read(exchange)
    exchange.concerns(["model": document.model])
    guard let baseline = document.baseline ?? repository.defaultVersion(of: document.model) else {
      throw HTTPProblem(
        .notFound, "unknown model '\(excerpt(document.model))'", expected: repository.names.joined(separator: ", "))
    }
    let state = try Self.asked {
      let state = try ReleaseState(document.plan(from: baseline), by: Self.actor(exchange))
      try store.begin(state)
      return state
    }
    var reply = try Self.reply(state)
    reply.status = .created
    return reply
  }

  private func order(_ exchange: Exchange) async throws -> Reply {
    let model = exchange.parameters["model"] ?? "", word = exchange.parameters["order"] ?? ""
    guard let order = ReleaseState.Order(rawValue: word) else {
      throw HTTPProblem(
        .notFound, "a release cannot be told to '\(excerpt(word))'",
        expected: ReleaseState.Order.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let body = try await exchange.body()
    let reason = body.readableBytes == 0 ? nil : try Self.decode(ReasonDocument.self, body).reason
    try Self.asked { try store.order(order, model, by: Self.actor(exchange), reason: String((reason ?? "").prefix(1000))) }
    var reply = Reply { $0.raw("{\"accepted\":true}") }
    reply.status = .accepted
    return reply
  }

  private func feedback(_ exchange: Exchange) async throws -> Reply {
    let document: FeedbackDocument = try await Self.read(exchange)
    let result: TrafficRecorder.Feedback
    switch (document.truth, document.good) {
    case (let truth?, nil): result = recorder.label(request: document.requestID, truth: truth)
    case (nil, let good?): result = recorder.judge(request: document.requestID, isGood: good, by: document.by ?? Self.actor(exchange))
    default:
      throw HTTPProblem(.badRequest, "feedback says either the truth or whether the answer was good", expected: "\"truth\" or \"good\"")
    }
    switch result {
    case .counted, .repeated:
      return Reply { writer in writer.raw(result == .counted ? "{\"counted\":true}" : "{\"counted\":false,\"reason\":\"repeated\"}") }
    case .unknown:
      throw HTTPProblem(
        .notFound, "no answer to request '\(excerpt(document.requestID))' is remembered",
        expected: "the x-request-id of an answer of this server")
    case .incomparable:
      throw HTTPProblem(
        .unprocessableContent, "the answer to request '\(excerpt(document.requestID))' is no class that a truth could be compared with")
    }
  }

  // MARK: Documents

  /// A plan as people write it: what is missing takes the plan's defaults.
  private struct PlanDocument: Decodable {
    let model: String
    let candidate: String
    let baseline: String?
    let steps: [StepDocument]?
    let gates: [GateDocument]?
    let level: Double?
    let patience: Double?
    let undecided: ReleasePlan.Undecided?
    let alias: String?

    func plan(from baseline: String) throws -> ReleasePlan {
      var plan = ReleasePlan(model: model, baseline: self.baseline ?? baseline, candidate: candidate)
      if let steps { plan.steps = steps.map(\.step) }
      if let gates { plan.gates = try gates.map { try $0.gate() } }
      if let level { plan.level = level }
      if let patience { plan.patience = patience }
      if let undecided { plan.undecided = undecided }
      plan.alias = alias
      return plan
    }
  }

  private struct StepDocument: Decodable {
    let share: Double
    let shadow: Bool?
    let seconds: Double?
    let requests: Int?
    let needsApproval: Bool?

    enum CodingKeys: String, CodingKey {
      case share, shadow, seconds, requests
      case needsApproval = "needs_approval"
    }

    var step: ReleasePlan.Step {
      ReleasePlan.Step(
        share: share, shadow: shadow, seconds: seconds ?? 60, requests: requests ?? 100, needsApproval: needsApproval ?? false)
    }
  }

  /// `"p99 <= 0.5"`, as the command line takes it.
  private struct GateDocument: Decodable {
    let text: String

    init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

    func gate() throws -> ReleaseGate { try ReleaseGate(text) }
  }

  private struct ReasonDocument: Decodable { let reason: String? }

  private struct FeedbackDocument: Decodable {
    let requestID: String
    let truth: String?
    let good: Bool?
    let by: String?

    enum CodingKeys: String, CodingKey {
      case truth, good, by
      case requestID = "request_id"
    }
  }

  private static func read<Document: Decodable>(_ exchange: Exchange) async throws -> Document {
    try decode(Document.self, try await exchange.body())
  }

  private static func decode<Document: Decodable>(_ type: Document.Type, _ body: ByteBuffer) throws -> Document {
    do { return try JSON.decode(type, from: Data(body.readableBytesView), source: "the request") } catch let error as any MartletError {
      throw HTTPProblem(.badRequest, because: error)
    }
  }

  private static func reply(_ value: some Encodable) throws -> Reply { Reply(Array(try JSON.encode(value, pretty: false))) }

  /// What a client can do something about is told to it.
  private static func asked<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as ReleaseError {
      let status: HTTPResponse.Status =
        switch error.kind {
        case .badPlan: .badRequest
        case .underWay, .wrongPhase: .conflict
        case .notFound: .notFound
        case .store: .internalServerError
        }
      guard error.kind != .store else { throw error }
      throw HTTPProblem(status, because: error)
    }
  }

  /// Who asks, for the history.
  private static func actor(_ exchange: Exchange) -> String {
    let principal = exchange.caller.principal
    return principal.credential.isEmpty ? "http" : principal.name
  }
}
