import Access
import Foundation
import MartletCore
import Project
import Registry
import Testing
import Tracking

@testable import Commands
@testable import Martlet

/// What keeps a version of a real run from an alias, and what is kept of the run.
@Suite(.serialized) struct GateJourneyTests {
  private static let project = """
    name: customers
    task: classification
    data:
      file: customers.csv
      target: left
      positive: "yes"
      drop: [id]
      test: 0.3
    models: [logistic]
    select: {folds: 0}
    balance: none
    training: {seed: 5, threads: 1}
    evaluation: {slices: [plan], fairness: [plan], importance: 0}
    """

  private func run(_ place: TemporaryProject, _ gates: [String], alias: String) async throws -> RunSummary {
    let list = gates.map { "\"\($0)\"" }.joined(separator: ", ")
    let file = try place.project(Self.project + "\ngates: [\(list)]\n")
    return try await MartletEngine().run(
      RunRequest(project: file, resume: nil, aliases: [alias], tags: [], note: "", surroundings: place.surroundings))
  }

  @Test func `gates judge what was measured of a real run`() async throws {
    let place = try TemporaryProject()
    try TableJourneyTests.write(place, rows: 600)
    let loose = [
      "accuracy>=0.3", "size<=100000000", "latency.p50<=60000", "latency.batch_p50<=60000~", "slices.accuracy>=0.05", "fairness.gap<=1",
    ]
    let first = try await run(place, loose, alias: "candidate")
    #expect(first.version == 1 && first.aliasGates?.allSatisfy(\.passed) == true, "\(first.aliasGates ?? [])")
    let registry = try ModelRegistry.open(at: place.surroundings.registry)
    #expect(try registry.aliases(of: "customers") == ["candidate": 1])
    let bundle = try registry.bundle(registry.resolve("customers@1"))
    let latency = try bundle.json(JSONValue.self, of: "report/latency.json")
    #expect(latency["calls"]?.intValue ?? 0 >= 10 && (170...190).contains(latency["batch_rows"]?.intValue ?? 0))
    let median = try #require(latency["p50"]?["value"]?.doubleValue)
    #expect(latency["p50"]?["lower"]?.doubleValue ?? .infinity <= median && latency["p50"]?["upper"]?.doubleValue ?? 0 >= median)
    let slices = try bundle.json(JSONValue.self, of: "report/slices.json")["slices"]?.arrayValue ?? []
    #expect(slices.map { $0["name"]?.stringValue ?? "" }.sorted() == ["plan = basic", "plan = gold, with extras", "plan = plus"])
    let gaps = try bundle.json(JSONValue.self, of: "report/fairness.json")["groups"]?.arrayValue ?? []
    #expect(gaps.contains { $0["metrics"]?["demographic_parity_difference"]?["value"]?.doubleValue != nil })

    // The same model does not get an alias where one gate says no; what was not measured is a no.
    for gate in [
      "latency.p50<=0.0000001", "slices.accuracy>=0.999", "fairness.gap<=0.000001", "size<=10", "latency.p12<=1000", "slices.speed>=0",
    ] {
      let refused = try await run(place, ["accuracy>=0.3", gate], alias: "strict")
      #expect(refused.version != nil && refused.aliasGates?.map(\.passed) == [true, false], "\(gate): \(refused.aliasGates ?? [])")
    }
    #expect(try registry.aliases(of: "customers") == ["candidate": 1])
    // Words that are no gate are found before the training.
    await #expect(throws: RegistryError.self) { try await run(place, ["accuracy"], alias: "strict") }
    #expect(try registry.versions(of: "customers").count == 7)
  }

  @Test func `a run is kept for MLflow's clients, with its settings, results and version`() async throws {
    let place = try TemporaryProject()
    try TableJourneyTests.write(place, rows: 120)
    let summary = try await run(place, [], alias: "candidate")
    let registry = try ModelRegistry.open(at: place.surroundings.registry)
    let store = try RunRecord.store(registry)
    let experiment = try #require(try store.findExperiment(named: "customers"))
    let version = try store.registeredVersion("customers", 1)
    let run = try store.run(version.run)
    #expect(run.info.experiment == experiment.id && run.info.status == .finished)
    let params = Dictionary(run.params.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    #expect(params["training.seed"] == "5" && params["data.target"] == "left" && params["evaluation.slices.0"] == "plan")
    #expect(!params.keys.contains { $0.hasPrefix("serve") })
    let accuracy = try #require(summary.metrics["accuracy"]?.value)
    #expect(run.metrics.first { $0.key == "accuracy" }?.value == accuracy)
    #expect(run.tags.contains(TrackingTag("martlet.version", "customers@1")))
    try store.close()
  }

  @Test func `a flood of strangers does not fill the log`() throws {
    let place = try TemporaryProject()
    let registry = try ModelRegistry.open(at: place.surroundings.registry, create: true)
    let audit = RegistryAudit(registry)
    func refuse(_ seconds: Double) throws {
      try audit.record(
        AuditEvent(
          time: Date(timeIntervalSince1970: 1_800_000_000 + seconds), actor: Principal.nobody.name, credential: "", action: "POST /x",
          object: "name=fashion", status: 401, request: "r", model: "fashion"))
    }
    for _ in 0..<100 { try refuse(1) }
    #expect(try registry.events().count == 20)
    try refuse(70)
    #expect(try registry.events().map(\.note).prefix(2) == ["POST /x: 401, name=fashion, request r", "80 more requests were refused"])
    #expect(try registry.events().map(\.name).prefix(2) == ["fashion", ""])
    // What is done is all written down; what a known key is refused is named and cut short like a stranger's.
    let time = Date(timeIntervalSince1970: 1_800_000_080)
    var ann = AuditEvent(time: time, actor: "ann", credential: "k1", action: "POST /y", object: "", status: 200, request: "")
    for _ in 0..<30 { try audit.record(ann) }
    #expect(try registry.events().count { $0.user == "ann" && $0.note == "POST /y: 200, credential k1" } == 30)
    ann.status = 403
    for _ in 0..<30 { try audit.record(ann) }
    #expect(try registry.events().count { $0.user == "ann" && $0.note == "POST /y: 403, credential k1" } == 20)
    try refuse(140)
    #expect(try registry.events().contains { $0.user == "ann" && $0.note == "10 more requests were refused, credential k1" })
    #expect(try registry.verifyAudit().isWhole)
  }

  @Test func `percentiles have the intervals of order statistics`() {
    let ten = LatencyReport.quantile(0.5, of: (1...10).map(Double.init), level: 0.95)
    #expect(ten.value == 5 && ten.lower == 2 && ten.upper == 9)
    let many = LatencyReport.quantile(0.99, of: (1...500).map(Double.init), level: 0.95)
    #expect(many.value == 495 && many.lower == 490 && many.upper == 500)
    // Forty values say nothing of where the 99th percentile ends.
    let few = LatencyReport.quantile(0.99, of: (1...40).map(Double.init), level: 0.95)
    #expect(few.upper == nil && few.value == 40)
    let one = LatencyReport.quantile(0.5, of: [3], level: 0.95)
    #expect(one.value == 3 && one.lower == nil && one.upper == nil)
  }
}
