import Access
import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import Releases
import Synchronization
import Testing

@testable import Serving
@testable import Web

/// Gives back what it gets, or does not.
private struct Candidate: Predictor {
  enum Manner: String, Sendable { case same, broken, slow, other, foreign }
  struct Failure: Error {}

  let manner: Manner
  /// Negative values, and the others.
  var tally: InputTally?
  var signature: Signature {
    Signature(
      inputs: [TensorSpec(name: manner == .foreign ? "z" : "x", dtype: .float64, shape: [nil])],
      outputs: [TensorSpec(name: "y", dtype: .float64, shape: [nil])])
  }

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    guard let x = inputs["x"] ?? inputs["z"] else { throw ArgumentError("no x") }
    let values = try x.values(as: Double.self)
    if let tally, tally.isCounting { tally.add([[values.count { $0 < 0 }, values.count { $0 >= 0 }]]) }
    // The warm-up asks with zeros: what is broken only shows itself to real requests.
    guard values.contains(where: { $0 != 0 }) else { return ["y": x] }
    switch manner {
    case .same, .foreign: return ["y": x]
    case .broken: throw Failure()
    case .slow:
      try await Task.sleep(for: .milliseconds(30))
      return ["y": x]
    case .other: return ["y": try HostArray(values.map { $0 + 1 }, shape: x.shape)]
    }
  }
}

private final class Notes: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A server with version 1 of a model, a registry from which version 2 can be loaded, and a clock for its releases.
private final class ReleaseBench: Sendable {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("release-\(UUID().uuidString)").path
  let server: ModelServer
  let aliases = Notes()
  /// Counts what version 2 is asked about, where it learned from such rows.
  let inputs: InputTally?
  private let wrong = Mutex(0), failed = Mutex(0), right = Mutex(0)

  init(_ manner: Candidate.Manner, learned: [Int]? = nil, options: ServerOptions = quietOptions()) throws {
    let aliases = aliases, inputs = learned.map { InputTally([InputCounts("x", learned: $0)]) }
    self.inputs = inputs
    var options = options
    options.releases = ReleaseSettings(store: ReleaseStore(folder: folder)) { alias, model, version, _ in
      aliases.add("\(model)@\(alias) is \(version)")
    }
    server = try ModelServer(
      models: [ServedModel(name: "echo", version: "1", predictor: Candidate(manner: .same))], options: options,
      source: ModelSource { reference in
        guard reference == "echo@2" else { throw ArgumentError("there is no \(reference)") }
        return ServedModel(
          name: "echo", version: "2", predictor: Candidate(manner: manner, tally: inputs), batching: Batching.off, inputs: inputs)
      }, logger: LogLines().logger)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var store: ReleaseStore { ReleaseStore(folder: folder) }
  var counts: (right: Int, wrong: Int, failed: Int) { (right.withLock { $0 }, wrong.withLock { $0 }, failed.withLock { $0 }) }

  /// Requests and looks in turns, until the release is over.
  func run(_ client: any TestClientProtocol, rounds: Int = 400) async throws {
    for round in 0..<rounds {
      try await server.releases?.tick("echo")
      guard try store.active("echo") != nil else { return }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<10 {
          let name = "r\(round)-\(index)"
          group.addTask {
            let answer = try await client.post(
              "/v2/models/echo/infer", #"{"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[7]}]}"#,
              [.requestID: name, .clientID: "client-\(round * 10 + index)"])
            if answer.status != 200 {
              self.failed.withLock { $0 += 1 }
            } else if answer.text.contains("[7") {
              self.right.withLock { $0 += 1 }
            } else {
              self.wrong.withLock { $0 += 1 }
            }
          }
        }
        try await group.waitForAll()
      }
      try await until { self.server.repository.lane.running == 0 }
    }
  }
}

@Suite struct ServedReleaseTests {
  private static func plan(_ gates: String, steps: String? = nil) -> String {
    let steps = steps ?? #"[{"share":0,"seconds":0,"requests":100},{"share":0.5,"seconds":0,"requests":60}]"#
    return #"{"model":"echo","candidate":"2","steps":\#(steps),"gates":[\#(gates)],"alias":"production"}"#
  }

  @Test func `a good version takes over without a failed request`() async throws {
    let bench = try ReleaseBench(.same)
    try await bench.server.application.test(.router) { client in
      let begun = try await client.post("/admin/releases", Self.plan(#""errors <= 0.2", "agreement >= 0.8""#))
      #expect(begun.status == 201 && begun.json["phase"]?.stringValue == "preparing", "\(begun.text)")
      try await bench.run(client)
      let state = try await client.get("/admin/releases/echo")
      #expect(state.json["phase"]?.stringValue == "promoted", "\(state.text)")
    }
    #expect(bench.counts.failed == 0 && bench.counts.wrong == 0)
    #expect(bench.server.repository.index().filter { $0.state == .ready }.map(\.version) == ["2"])
    #expect(bench.aliases.all == ["echo@production is 2"])
  }

  @Test func `a version that fails is found out by its shadow: nobody gets a failed answer`() async throws {
    let bench = try ReleaseBench(.broken)
    try await bench.server.application.test(.router) { client in
      #expect(try await client.post("/admin/releases", Self.plan(#""errors <= 5%""#)).status == 201)
      try await bench.run(client)
      let state = try await client.get("/admin/releases/echo")
      #expect(state.json["phase"]?.stringValue == "rolledBack", "\(state.text)")
      #expect(state.json["reason"]?.stringValue?.contains("error rate") == true)
    }
    #expect(bench.counts.failed == 0 && bench.counts.wrong == 0)
    #expect(bench.server.repository.index().filter { $0.state == .ready }.map(\.version) == ["1"])
  }

  @Test func `a version that is asked otherwise gets no request at all`() async throws {
    let bench = try ReleaseBench(.foreign)
    try await bench.server.application.test(.router) { client in
      #expect(try await client.post("/admin/releases", Self.plan(#""errors <= 5%""#)).status == 201)
      try await bench.run(client)
      let state = try await client.get("/admin/releases/echo")
      #expect(state.json["phase"]?.stringValue == "rolledBack")
      #expect(state.json["reason"]?.stringValue?.contains("it has no input 'x'; it wants the input 'z'") == true, "\(state.text)")
    }
    #expect(bench.counts.right + bench.counts.wrong + bench.counts.failed == 0)
    #expect(bench.server.repository.index().filter { $0.state == .ready }.map(\.version) == ["1"])
  }

  @Test func `what a version takes may become less, not more`() {
    func model(_ columns: [(String, String, Bool)]) -> ServedModel {
      ServedModel(
        name: "rows", version: "1", predictor: Candidate(manner: .same),
        columns: columns.map { ServedColumn(name: $0.0, datatype: $0.1, isOptional: $0.2) })
    }
    let old = model([("a", "FP64", false), ("b", "BYTES", true)])
    #expect(SignatureChange.problems(from: old, to: model([("a", "INT64", false)])).isEmpty)
    #expect(SignatureChange.problems(from: old, to: model([("a", "FP64", false), ("c", "FP64", true)])).isEmpty)
    let worse = SignatureChange.problems(from: old, to: model([("a", "BYTES", false), ("b", "BYTES", false), ("c", "FP64", false)]))
    #expect(
      worse == [
        "its column 'a' is BYTES and no longer FP64", "it cannot do without the column 'b'", "it wants the column 'c'",
      ])
    #expect(SignatureChange.problems(from: old, to: Echo().served()) == ["one takes rows, the other one tensors"])
  }

  @Test func `without a shadow, few answers fail before the traffic goes back`() async throws {
    let bench = try ReleaseBench(.broken)
    try await bench.server.application.test(.router) { client in
      let steps = #"[{"share":0.1,"seconds":0,"requests":1000}]"#
      #expect(try await client.post("/admin/releases", Self.plan(#""errors <= 5%""#, steps: steps)).status == 201)
      try await bench.run(client)
    }
    // One in twenty may fail: two or three failures of as many are beyond that. Ten more may be on their way at the time of a look.
    #expect((1...15).contains(bench.counts.failed), "\(bench.counts)")
    #expect(bench.counts.right >= 1)
  }

  @Test func `a version that answers something else is found out by its shadow`() async throws {
    let bench = try ReleaseBench(.other)
    try await bench.server.application.test(.router) { client in
      #expect(try await client.post("/admin/releases", Self.plan(#""agreement >= 90%""#)).status == 201)
      try await bench.run(client)
      #expect(try await client.get("/admin/releases/echo").json["reason"]?.stringValue?.contains("agreement") == true)
    }
    #expect(bench.counts.wrong == 0 && bench.counts.failed == 0)
  }

  @Test(arguments: [[100, 900], [900, 100]]) func `what requests bring is held against the training rows`(learned: [Int]) async throws {
    let bench = try ReleaseBench(.same, learned: learned)
    try await bench.server.application.test(.router) { client in
      #expect(try await client.post("/admin/releases", Self.plan(#""input-drift <= 1""#)).status == 201)
      try await bench.run(client)
      let state = try await client.get("/admin/releases/echo").json
      #expect(state["phase"]?.stringValue == (learned[0] < 500 ? "promoted" : "rolledBack"), "\(state)")
      if learned[0] > 500 { #expect(state["reason"]?.stringValue?.contains("'x' is farthest from its training rows") == true) }
    }
    // Only while a release goes on.
    let counted = bench.inputs?.inputs.first?.seen ?? []
    #expect(counted.first == 0 && (counted.last ?? 0) > 0 && bench.inputs?.isCounting == false)
  }

  @Test func `a release is told by whom it is`() async throws {
    var keys = try Keys()
    try keys.add("ann", [.admin])
    try keys.add("bob", [.admin])
    let known = keys, bench = try ReleaseBench(.same, options: keys.options)
    try await bench.server.application.test(.router) { client in
      let body = Self.plan(#""errors <= 1%""#)
      #expect(try await client.post("/admin/releases", body, known.bearer("ann")).status == 201)
      try await bench.server.releases?.tick("echo")
      #expect(try await client.post("/admin/releases/echo/rollback", #"{"reason":"no"}"#, known.bearer("bob")).status == 202)
      try await bench.server.releases?.tick("echo")
      let state = try await client.get("/admin/releases/echo", known.bearer("ann")).json
      #expect(state["reason"]?.stringValue == "rolled back by bob: no")
      #expect(state["events"]?.arrayValue?.first?["actor"]?.stringValue == "ann")
    }
  }

  @Test func `a slow version is found out`() async throws {
    let bench = try ReleaseBench(.slow)
    try await bench.server.application.test(.router) { client in
      #expect(try await client.post("/admin/releases", Self.plan(#""p50 <= 0.02""#)).status == 201)
      try await bench.run(client)
      #expect(try await client.get("/admin/releases/echo").json["reason"]?.stringValue?.contains("latency p50") == true)
    }
  }

  @Test func `truths that came back decide`() async throws {
    let bench = try ReleaseBench(.same)
    try await bench.server.application.test(.router) { client in
      let unknown = try await client.post("/models/echo/feedback", #"{"request_id":"nobody","truth":"cat"}"#)
      #expect(unknown.status == 404)
      #expect(try await client.post("/models/echo/feedback", #"{"request_id":"x"}"#).status == 400)
      #expect(try await client.post("/models/echo/feedback", #"{"request_id":3}"#).status == 400)
      let headers: HTTPFields = [.requestID: "mine"]
      #expect(try await client.post("/predict", #"{"input": 7}"#, headers).status == 200)
      #expect(try await client.post("/models/echo/feedback", #"{"request_id":"mine","truth":"cat"}"#).status == 422)
      let judged = try await client.post("/models/echo/feedback", #"{"request_id":"mine","good":true,"by":"ann"}"#)
      #expect(judged.json["counted"]?.boolValue == true)
      let again = try await client.post("/models/echo/feedback", #"{"request_id":"mine","good":false,"by":"ann"}"#)
      #expect(again.json["counted"]?.boolValue == false)
    }
  }

  @Test func `wrong orders and plans say what would be right`() async throws {
    let bench = try ReleaseBench(.same)
    try await bench.server.application.test(.router) { client in
      #expect(try await client.get("/admin/releases/echo").status == 404)
      #expect(try await client.post("/admin/releases/echo/pause", "").status == 404)
      #expect(try await client.post("/admin/releases/echo/jump", "").error.contains("rollback"))
      for (body, words) in [
        ("{", "JSON"), (#"{"model":"echo"}"#, "candidate"), (#"{"model":"nobody","candidate":"2"}"#, "unknown model"),
        (#"{"model":"echo","candidate":"1"}"#, "itself"), (Self.plan(#""speed <= 1""#), "speed"),
        (Self.plan(#""errors <= 1%""#, steps: #"[{"share":2}]"#), "share 2.0"),
      ] {
        let answer = try await client.post("/admin/releases", body)
        #expect((400...404).contains(answer.status) && answer.error.contains(words), "\(body): \(answer.text)")
      }
      #expect(try await client.post("/admin/releases", Self.plan(#""errors <= 1%""#)).status == 201)
      #expect(try await client.post("/admin/releases", Self.plan(#""errors <= 1%""#)).status == 409)
      #expect(try await client.post("/admin/releases/echo/rollback", #"{"reason":"no"}"#).status == 202)
      try await bench.run(client)
      #expect(try await client.get("/admin/releases/echo").json["reason"]?.stringValue == "rolled back by http: no")
      #expect(try await client.get("/admin/releases/echo/history").json.arrayValue?.count == 1)
      #expect(try await client.get("/admin/releases").json.arrayValue?.count == 1)
    }
  }
}

@Suite struct OutputComparisonTests {
  private static func document(_ text: String) throws -> [String: HostArray] { [ServedDocument.answer: try HostArray(Array(text.utf8))] }

  @Test func `classes decide where there are probabilities`() throws {
    let a = ["probabilities": try HostArray([0.6, 0.4, 0.1, 0.9], shape: [2, 2])]
    let b = ["probabilities": try HostArray([0.9, 0.1, 0.4, 0.6], shape: [2, 2])]
    let c = ["probabilities": try HostArray([0.4, 0.6, 0.4, 0.6], shape: [2, 2])]
    #expect(OutputComparison.agree(a, b) && !OutputComparison.agree(a, c))
    #expect(OutputComparison.answer(a) == "0,1")
  }

  @Test func `numbers may differ a little`() throws {
    let a = ["y": try HostArray([100.0, 0.0])], b = ["y": try HostArray([100.5, 0.0005])], c = ["y": try HostArray([105.0, 0.0])]
    #expect(OutputComparison.agree(a, b) && !OutputComparison.agree(a, c))
    #expect(!OutputComparison.agree(a, ["z": a["y"]!]))
    #expect(!OutputComparison.agree(a, ["y": try HostArray([100.0])]))
    #expect(OutputComparison.answer(a) == nil)
  }

  @Test func `documents agree by what they say, not by how sure they are`() throws {
    let a = try Self.document(#"{"predictions":[{"label":"yes","probabilities":{"yes":0.9}}],"model_version":"1"}"#)
    let b = try Self.document(#"{"predictions":[{"label":"yes","probabilities":{"yes":0.6}}],"model_version":"2"}"#)
    let c = try Self.document(#"{"predictions":[{"label":"no","probabilities":{"yes":0.4}}],"model_version":"2"}"#)
    #expect(OutputComparison.agree(a, b) && !OutputComparison.agree(a, c))
    #expect(OutputComparison.answer(a) == "yes" && OutputComparison.answer(c) == "no")
    #expect(OutputComparison.answer(try Self.document("[")) == nil)
  }
}
