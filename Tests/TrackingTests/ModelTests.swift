import Bundles
import DatabaseTesting
import MartletCore
import Registry
import Testing

@testable import Tracking

@Suite(.serialized) struct ModelTests {
  private func logged(_ store: TrackingStore, _ run: String, name: String = "classifier") throws -> LoggedModel {
    let model = try store.createLoggedModel(in: "0", name: name, sourceRun: run, params: [TrackingTag("C", "1.0")])
    try store.put("flavors:\n", "MLmodel", below: model.artifacts)
    try store.put("weights", "data/model.skops", below: model.artifacts)
    return try store.finishLoggedModel(model.id, .ready)
  }

  @Test(arguments: TestDatabase.allCases)
  func `logged models are kept with parameters, tags and metrics`(database: TestDatabase) throws {
    try withStore(database) { store in
      let run = try store.startRun(in: "0").info.id
      let model = try logged(store, run)
      #expect(model.id.hasPrefix("m-") && model.status == .ready)
      try store.log(
        run,
        metrics: [MetricPoint("accuracy", 0.5, time: 1, model: model.id), MetricPoint("accuracy", 0.9, time: 2, step: 1, model: model.id)])
      try store.setLoggedModelTags(model.id, [TrackingTag("stage", "early")])
      let other = try store.createLoggedModel(in: "0", name: "other")
      func search(_ filter: String, _ order: [LoggedModelOrder] = []) throws -> [String] {
        try store.searchLoggedModels(in: ["0"], filter: filter, orderBy: order).elements.map(\.name)
      }
      #expect(try search("metrics.accuracy > 0.8") == ["classifier"])
      #expect(try search("params.C = '1.0' AND tags.stage LIKE 'e%'") == ["classifier"])
      #expect(try search("status = 'PENDING'") == ["other"])
      #expect(try search("source_run_id = '\(run)'") == ["classifier"])
      #expect(try search("", [LoggedModelOrder(field: "metrics.accuracy", ascending: false)]) == ["classifier", "other"])
      #expect(try search("", [LoggedModelOrder(field: "name", ascending: false)]) == ["other", "classifier"])
      try store.logLoggedModelParams(model.id, [TrackingTag("C", "1.0"), TrackingTag("D", "2")])
      #expect(kind { try store.logLoggedModelParams(model.id, [TrackingTag("C", "2.0")]) } == .invalid)
      #expect(try store.loggedModel(model.id).metrics.map(\.value) == [0.5, 0.9])
      try store.deleteLoggedModel(other.id)
      #expect(kind { _ = try store.loggedModel(other.id) } == .notFound)
      #expect(kind { _ = try store.createLoggedModel(in: "0", name: "a/b") } == .invalid)
    }
  }

  @Test(arguments: TestDatabase.allCases)
  func `a version that MLflow registers is a version of Martlet's registry`(database: TestDatabase) throws {
    try withStore(database) { store in
      let run = try store.startRun(in: "0").info.id
      let model = try logged(store, run)
      try store.log(run, metrics: [MetricPoint("accuracy", 0.9, time: 2, model: model.id)])
      _ = try store.createRegisteredModel("Iris Model", tags: [TrackingTag("team", "red")])
      #expect(kind { _ = try store.createRegisteredModel("Iris Model") } == .exists)
      let version = try store.registerVersion(
        of: "Iris Model", source: "models:/\(model.id)", loggedModel: model.id, description: "words",
        tags: [TrackingTag("checked", "yes"), TrackingTag("long words", "a, b")])
      #expect(version.number == 1 && version.run == run && version.model == "iris-model")
      let native = try store.registry.resolve("iris-model@1")
      #expect(native.kind == "mlflow" && native.note == "words" && native.tags == ["checked=yes"])
      #expect(native.metrics["accuracy"]?.value == 0.9)
      let bundle = try store.registry.bundle(native)
      #expect(bundle.manifest.files.map(\.path) == ["model/MLmodel", "model/data/model.skops"])
      // What changes in the run's folder afterwards does not reach the version.
      try store.put("evil", "MLmodel", below: model.artifacts)
      #expect(try store.registry.bundle(native).data(of: "model/MLmodel") == bundle.data(of: "model/MLmodel"))
      try store.setRegisteredAlias("Iris Model", "Champion", to: 1)
      #expect(try store.registry.resolve("iris-model@champion").number == 1)
      #expect(try store.registeredVersion("Iris Model", alias: "Champion").aliases == ["Champion"])
      #expect(kind { _ = try store.registeredVersion("Iris Model", alias: "nobody") } == .invalid)
      for alias in ["latest", "v3", "", "a b", "V12"] {
        #expect(kind { try store.setRegisteredAlias("Iris Model", alias, to: 1) } == .invalid)
      }
      try store.setVersionTag("Iris Model", 1, TrackingTag("checked", "no"))
      #expect(try store.registry.resolve("iris-model@1").tags == ["checked=no"])
      try store.deleteVersionTag("Iris Model", 1, key: "checked")
      #expect(try store.registeredVersion("Iris Model", 1).tags == [TrackingTag("long words", "a, b")])
      let copy = try store.registerVersion(of: "Iris Model", source: "models:/Iris Model@Champion")
      #expect(copy.source == "models:/Iris Model/1" && copy.run == run)
      #expect(try store.registry.bundle(store.registry.resolve("iris-model@2")).manifest.files == bundle.manifest.files)
      #expect(try store.moveVersion("Iris Model", 1, to: .production, archiving: false).stage == .production)
      #expect(try store.moveVersion("Iris Model", 2, to: .production, archiving: true).stage == .production)
      #expect(try store.registeredVersion("Iris Model", 1).stage == .archived)
      #expect(try store.registeredModel("Iris Model").latest.map(\.number) == [1, 2])
      try store.deleteVersion("Iris Model", 1)
      #expect(kind { _ = try store.registeredVersion("Iris Model", 1) } == .notFound)
      #expect(try store.registeredModel("Iris Model").aliases.isEmpty)
      #expect(try store.renameRegisteredModel("Iris Model", to: "Flowers").model == "iris-model")
      try store.deleteRegisteredModel("Flowers")
      #expect(try store.searchRegisteredModels().elements.isEmpty)
      #expect(try store.registry.models().isEmpty)
    }
  }

  @Test func `a version that Martlet registers is there for MLflow, with metrics, aliases, tags and files`() throws {
    try withStore(.sqlite) { store in
      let writer = try BundleWriter(at: store.registry.path + "/made")
      try writer.add(file: #filePath, as: "inner/source.txt")
      let bundle = try writer.finish(
        name: "digits", kind: "image-classifier", signature: Signature(inputs: [], outputs: []), metrics: ["accuracy": MetricSummary(0.75)])
      let native = try store.registry.register(bundle, tags: ["team=red", "fast"], note: "first", aliases: ["production"])
      let found = try store.searchVersions(filter: "name = 'digits' AND tags.team = 'red'").elements
      #expect(found.count == 1)
      let version = try #require(found.first)
      #expect(version.metrics == ["accuracy": 0.75] && version.aliases == ["production"] && version.description == "first")
      #expect(version.tags == [TrackingTag("fast", ""), TrackingTag("team", "red")] && version.user == native.registeredBy)
      #expect(try store.searchRegisteredModels(filter: "name LIKE 'dig%'").elements.map(\.name) == ["digits"])
      #expect(try store.registeredVersion("digits", alias: "production").number == 1)
      let root = try #require(try ArtifactPath.path(ofURI: version.storage))
      #expect(try store.listArtifacts(root).map(\.name) == ["inner", "manifest.json"])
      let file = try store.openArtifact(root + "/inner/source.txt")
      #expect(try file.read(6, at: 0) == Array("import".utf8))
      #expect(try store.openArtifact(root + "/manifest.json").size > 100)
      #expect(kind { _ = try store.openArtifact(root + "/inner/none") } == .notFound)
      #expect(kind { try store.checkWritable(root + "/inner/source.txt") } == .forbidden)
      #expect(kind { _ = try store.createRegisteredModel("digits") } == .exists)
      try store.setRegisteredModelTag("digits", TrackingTag("a", "b"))
      #expect(try store.searchRegisteredModels(filter: "tags.a = 'b'").elements.map(\.name) == ["digits"])
    }
  }

  @Test func `versions are registered only from what the run or the logged model holds`() throws {
    try withStore(.sqlite) { store in
      let run = try store.startRun(in: "0").info, other = try store.startRun(in: "0").info
      let model = try logged(store, run.id)
      try store.put("x", "model/MLmodel", below: run.artifacts)
      _ = try store.createRegisteredModel("m")
      let refused: [(String, String?, String?)] = [
        ("file:///etc", nil, nil), ("/etc/passwd", nil, nil), ("mlflow-artifacts:/../../etc", nil, nil),
        ("mlflow-artifacts:/%2e%2e/x", run.id, nil),
        ("runs:/\(run.id)/../../x", run.id, nil), ("runs:/\(run.id)/model", other.id, nil), ("runs:/\(run.id)/model", nil, nil),
        ("models:/\(model.id)", nil, nil),
        ("models:/m-" + String(repeating: "0", count: 32), nil, "m-" + String(repeating: "0", count: 32)),
        (run.artifacts + "/model", other.id, nil), (run.artifacts + "x/model", run.id, nil), ("http://169.254.169.254/latest", run.id, nil),
        ("mlflow-artifacts://other/1/x", run.id, nil), ("models://elsewhere/m/1", nil, nil), ("", nil, nil), (model.artifacts, run.id, nil),
      ]
      for (source, run, model) in refused {
        #expect(kind { _ = try store.registerVersion(of: "m", source: source, run: run, loggedModel: model) } == .invalid, "\(source)")
      }
      #expect(kind { _ = try store.registerVersion(of: "none", source: "runs:/\(run.id)/model", run: run.id) } == .notFound)
      #expect(try store.registerVersion(of: "m", source: "runs:/\(run.id)/model", run: run.id).number == 1)
      #expect(try store.registerVersion(of: "m", source: run.artifacts + "/model", run: run.id).number == 2)
      #expect(try store.registerVersion(of: "m", source: "s3://bucket/model").storage == "s3://bucket/model")
      let prompt = try store.registerVersion(of: "m", source: "prompt-template", tags: [TrackingTag("mlflow.prompt.is_prompt", "true")])
      #expect(prompt.number == 4)
      #expect(try store.searchVersions().elements.map(\.number).sorted() == [1, 2, 3], "prompts are left out")
      #expect(try store.searchVersions(filter: "tags.`mlflow.prompt.is_prompt` = 'true'").elements.map(\.number) == [4])
    }
  }

  @Test(arguments: TestDatabase.allCases)
  func `traces are kept, found and deleted`(database: TestDatabase) throws {
    try withStore(database) { store in
      for index in 1...3 {
        let info = TraceInfo(
          id: "tr-\(index)", experiment: "0", time: Int64(index), duration: 5, state: index == 2 ? "ERROR" : "OK",
          tags: [TrackingTag("mlflow.traceName", "t\(index)")], metadata: [TrackingTag("a", "b")], document: ["request_preview": "x"])
        _ = try store.saveTrace(info)
        try store.saveSpans([
          TraceSpan(trace: "tr-\(index)", span: "2", begun: 20, document: ["name": "later"]),
          TraceSpan(trace: "tr-\(index)", span: "1", begun: 10, document: ["name": "first"]),
        ])
      }
      #expect(try store.spans(of: "tr-1").map { $0["name"] } == ["first", "later"])
      #expect(try store.searchTraces(in: ["0"]).elements.map(\.id) == ["tr-3", "tr-2", "tr-1"])
      #expect(try store.searchTraces(in: ["0"], filter: "status = 'ERROR'").elements.map(\.id) == ["tr-2"])
      #expect(try store.searchTraces(in: ["0"], filter: "tags.`mlflow.traceName` = 't3'").elements.map(\.id) == ["tr-3"])
      try store.setTraceTag("tr-1", TrackingTag("seen", "yes"))
      #expect(try store.trace("tr-1").tags.contains(TrackingTag("seen", "yes")))
      try store.deleteTraceTag("tr-1", key: "seen")
      #expect(kind { try store.deleteTraceTag("tr-1", key: "seen") } == .notFound)
      #expect(try store.deleteTraces(in: "0", ids: ["tr-1", "tr-9"]) == 1)
      #expect(try store.deleteTraces(in: "0", until: 2) == 1)
      #expect(try store.spans(of: "tr-1").isEmpty && store.searchTraces(in: ["0"]).elements.map(\.id) == ["tr-3"])
    }
  }
}
