import Bundles
import Foundation
import HTTPTypes
import MartletCore
import Project
import Registry
import Serving
import Tables
import Testing

@testable import Commands
@testable import Martlet

/// The whole journey over tables that the test writes itself.
@Suite(.serialized) struct TableJourneyTests {
  let engine = MartletEngine()

  /// Customers who leave the more often the shorter they have stayed.
  static func write(_ place: TemporaryProject, rows: Int = 400, name: String = "customers.csv") throws {
    var random = KeyedRandom(seed: 7, purpose: "customers")
    var text = "id,tenure,plan,spend,since,left\n"
    for row in 0..<rows {
      let tenure = Int(random.uniform() * 60), plan = ["basic", "plus", "\"gold, with extras\""][Int(random.uniform() * 3)]
      let spend = random.bernoulli(0.1) ? "" : String((random.uniform() * 90 + 10).rounded())
      let leaves = random.uniform() < (tenure < 20 ? 0.7 : 0.1) + (plan == "basic" ? 0.1 : 0)
      text += "c\(row),\(tenure),\(plan),\(spend),20\(10 + row % 10)-0\(1 + row % 9)-15,\(leaves ? "yes" : "no")\n"
    }
    try AtomicFile.write(Data(text.utf8), to: place.folder + "/" + name)
  }

  static let small = """
    name: customers
    task: classification
    data:
      file: customers.csv
      target: left
      positive: "yes"
      drop: [id]
      derive: {short: "tenure < 12"}
      test: 0.25
    models:
      - boosting: {rounds: 15, max-depth: 3}
      - logistic
      - random_forest: {trees: 15, min-leaf: 5}
    balance: none
    select: {metric: auc, folds: 3}
    calibrate: platt
    threshold: {cost: {false-positive: 1, false-negative: 3}}
    training: {seed: 5, threads: 1}
    evaluation: {slices: [plan], fairness: [plan], importance: 2, require: {auc: 0.6}}
    """

  private func request(_ place: TemporaryProject, _ file: ProjectFile) -> RunRequest {
    RunRequest(project: file, resume: nil, aliases: ["candidate"], tags: [], note: "", surroundings: place.surroundings)
  }

  @Test func fromARowToAnAnswer() async throws {
    let place = try TemporaryProject()
    try Self.write(place)
    let file = try place.project(Self.small)
    let run = try await engine.run(request(place, file))
    #expect(run.version == 1 && run.gates.allSatisfy(\.passed))
    let candidates = try #require(run.candidates)
    #expect(candidates.map(\.name) == ["boosting", "logistic", "random_forest"] && candidates.count(where: \.isBest) == 1)
    #expect(candidates.allSatisfy { ($0.score ?? 0) > 0.6 && $0.problem == nil })
    #expect((run.metrics["auc"]?.value ?? 0) > 0.65)
    let page = try String(contentsOfFile: try #require(run.report), encoding: .utf8)
    for title in ["The models in comparison", "What it looks at", "Slice by slice", "The worst rows", "About the data", "data.html"] {
      #expect(page.contains(title), "\(title)")
    }

    // What the registry keeps is whole.
    let registry = try ModelRegistry.open(at: place.surroundings.registry)
    let version = try registry.resolve("customers@candidate")
    #expect(try registry.verify().isClean)
    let bundle = try registry.bundle(version)
    #expect(bundle.manifest.kind == "table-classifier" && bundle.manifest.labels == ["no", "yes"])
    #expect(bundle.manifest.lineage.data.map(\.items) == [300, 100])

    // Judging again gives the same numbers.
    let again = try await engine.evaluate(
      EvaluateRequest(project: file, reference: "customers", report: place.folder + "/again", surroundings: place.surroundings))
    for name in ["auc", "f1", "log_loss"] { #expect(again.metrics[name] == run.metrics[name], "\(name)") }

    // The file's answers, in another format.
    let output = place.folder + "/answers.parquet"
    let written = try await engine.predict(
      PredictRequest(
        reference: "customers", inputs: [place.folder + "/customers.csv"], top: nil, output: output, surroundings: place.surroundings))
    #expect(written.rows == 400)
    let customers = try Table.read(place.folder + "/customers.csv")
    #expect(written.unusualRows == (try TableModel(bundle: registry.bundle(version)).warnings(customers).count { !$0.isEmpty }))
    let answers = try Table.read(output)
    #expect(answers.columnNames.suffix(3) == ["prediction", "probability_no", "probability_yes"] && answers.rowCount == 400)
    let offline = try answers.column("probability_yes").numbers()

    // The server's numbers are the file's, bit for bit.
    let served = try MartletEngine.served(version, from: registry)
    func ask(_ body: String, _ kind: ServedDocument.Kind) async throws -> JSONValue {
      let outputs = try await served.predictor.predict([
        ServedDocument.body: HostArray(Array(body.utf8)), ServedDocument.kind: HostArray([kind.rawValue], shape: []),
      ])
      return try JSON.decode(JSONValue.self, from: Data(outputs[ServedDocument.answer]?.bytes ?? []), source: "answer")
    }
    let table = try Table.read(place.folder + "/customers.csv")
    func json(_ row: Int) throws -> String {
      let spend = try table.column("spend").numbers()[row]
      return
        "{\"tenure\": \(Int(try table.column("tenure").numbers()[row])), \"plan\": \"\(try table.column("plan").texts()[row] ?? "")\", "
        + "\"spend\": \(spend.isNaN ? "null" : String(spend)), \"since\": \"20\(10 + row % 10)-0\(1 + row % 9)-15\"}"
    }
    let single = try await ask(try json(0), .rows)
    #expect(single["probabilities"]?["yes"]?.doubleValue == offline[0] && single["model"] == "customers" && single["warnings"] == nil)
    let several = try await ask("{\"rows\": [\(try json(1)), \(try json(2))]}", .rows)
    #expect(several["predictions"]?.arrayValue?.compactMap { $0["probabilities"]?["yes"]?.doubleValue } == [offline[1], offline[2]])
    let csv = try String(contentsOfFile: place.folder + "/customers.csv", encoding: .utf8).split(separator: "\n")
    let lines = try await ask(csv.prefix(4).joined(separator: "\n") + "\n", .csv)
    #expect(lines["predictions"]?.arrayValue?.compactMap { $0["probabilities"]?["yes"]?.doubleValue } == Array(offline.prefix(3)))
    let tensors = try await ask(
      """
      {"id": "7", "inputs": [{"name": "tenure", "datatype": "FP64", "shape": [1], "data": [\(Int(try table.column("tenure").numbers()[3]))]},
       {"name": "plan", "datatype": "BYTES", "shape": [1], "data": ["\(try table.column("plan").texts()[3] ?? "")"]},
       {"name": "spend", "datatype": "FP64", "shape": [1], "data": [\(try table.column("spend").numbers()[3].isNaN ? "null" : String(table.column("spend").numbers()[3]))]},
       {"name": "since", "datatype": "BYTES", "shape": [1], "data": ["2013-04-15"]}]}
      """, .tensors)
    let outputs = try #require(tensors["outputs"]?.arrayValue)
    #expect(outputs.last?["data"]?.arrayValue?.last?.doubleValue == offline[3] && tensors["id"] == "7")

    // Columns, as TensorFlow Serving's clients send them.
    let single0 = try json(0), single1 = try json(1)
    func members(_ text: String) throws -> [String: JSONValue] {
      try JSON.decode(JSONValue.self, from: Data(text.utf8), source: "row").objectValue ?? [:]
    }
    let first = try members(single0), second = try members(single1)
    let columns = JSONValue.object(
      Dictionary(uniqueKeysWithValues: first.map { ($0.key, JSONValue.array([$0.value, second[$0.key] ?? .null])) }))
    let body = String(decoding: try JSON.encode(["inputs": columns, "signature_name": "serving_default"] as JSONValue), as: UTF8.self)
    let columnar = try await ask(body, .instances)
    #expect(columnar["predictions"] == nil && columnar["outputs"]?["label"]?.arrayValue?.count == 2)
    #expect(columnar["outputs"]?["probabilities"]?.arrayValue?.compactMap { $0.arrayValue?[1].doubleValue } == [offline[0], offline[1]])
    #expect(try await ask(body, .rows)["predictions"]?.arrayValue?.count == 2)
    let instances = try await ask("{\"instances\": [\(single0)], \"signature_name\": \"serving_default\"}", .instances)
    #expect(instances["predictions"]?.arrayValue?.count == 1)
    #expect(served.outputs.map(\.name) == outputs.compactMap { $0["name"]?.stringValue })
    #expect(served.outputs.map(\.datatype) == outputs.compactMap { $0["datatype"]?.stringValue })

    // What is strange is said; what is missing is named.
    let odd = try await ask(
      #"{"tenure": 900, "plan": "platinum", "spend": 20, "since": "2015-01-15"}"#, .rows)
    #expect(odd["warnings"]?.arrayValue?.count == 2)
    let rare = #"{"tenure": 900, "plan": "platinum", "spend": 20, "since": "2015-01-15"}"#
    let both = try await ask("{\"rows\": [\(rare), \(try json(1))]}", .rows)
    #expect(both["rows_with_warnings"] == 1 && both["predictions"]?.arrayValue?.map { $0["warnings"] == nil } == [false, true])
    let quiet = try await ask("{\"rows\": [\(rare)], \"parameters\": {\"warnings\": false}}", .rows)
    #expect(quiet["rows_with_warnings"] == nil && quiet["predictions"]?.arrayValue?.first?["warnings"] == nil)
    for (body, word) in [
      (#"{"plan": "basic"}"#, "tenure"),
      (#"{"tenure": "long", "plan": "basic", "spend": 1, "since": "2015-01-15"}"#, "'tenure' is \"long\""),
      ("[]", "no rows"), ("3", "neither"), ("{", "line 1, column 2"), ("{\n \"tenure\": 3 \"plan\"", "line 2, column 14"),
      (#"{"tenure": "NaN", "plan": "basic", "spend": 1, "since": "2015-01-15"}"#, #"'tenure' is "NaN"; expected a number"#),
      (#"{"tenure": true, "plan": "basic", "spend": 1, "since": "2015-01-15"}"#, "'tenure' is true; expected a number"),
      (#"{"tenure": 3, "plan": "basic", "spend": 1, "since": "2015-01-15", "tenure": 4}"#, "the key 'tenure' appears twice"),
    ] {
      let error = await #expect(throws: ArgumentError.self, "\(body)") { _ = try await ask(body, .rows) }
      #expect(error.map { "\($0)".contains(word) } == true, "\(body): \(error.map { "\($0)" } ?? "")")
    }
  }

  /// The same files, whatever the number of threads.
  @Test func threadsDoNotMatter() async throws {
    var digests: [[String: String]] = []
    for threads in [1, 2] {
      let place = try TemporaryProject()
      try Self.write(place, rows: 200)
      let file = try place.project(
        Self.small, overrides: ["training.threads=\(threads)", "evaluation.importance=0", "evaluation.fairness=[]"])
      _ = try await engine.run(request(place, file))
      let registry = try ModelRegistry.open(at: place.surroundings.registry)
      let manifest = try registry.bundle(try registry.resolve("customers")).manifest
      digests.append(
        Dictionary(
          uniqueKeysWithValues: manifest.files.filter {
            $0.path.hasPrefix("learner/") || ["config.json", "recipe.json", "data-schema.json"].contains($0.path)
          }.map { ($0.path, $0.sha256) }))
    }
    #expect(digests[0].count >= 4 && digests[0] == digests[1])
  }

  @Test func numbersGroupsAndAnomalies() async throws {
    let place = try TemporaryProject()
    try Self.write(place, rows: 200)
    for (text, metric) in [
      ("name: spend\ntask: regression\ndata: {file: customers.csv, target: spend, drop: [id, left]}\nmodels: [ridge, tree]\n", "rmse"),
      (
        "name: groups\ntask: clustering\ndata: {file: customers.csv, keep: [tenure, spend]}\nmodels: [kmeans: {clusters: 3}]\n",
        "silhouette"
      ),
      (
        "name: strange\ntask: anomaly-detection\ndata: {file: customers.csv, keep: [tenure, spend, plan]}\n"
          + "models: [isolation_forest: {trees: 20}]\n", "alarm_rate"
      ),
    ] {
      let file = try place.project(text, overrides: ["select.folds=2", "evaluation.importance=0", "training.threads=1"])
      let run = try await engine.run(request(place, file))
      #expect(run.version == 1 && run.metrics[metric] != nil, "\(text): \(run.metrics.keys.sorted())")
      let output = place.folder + "/\(file.project.name).csv"
      let written = try await engine.predict(
        PredictRequest(
          reference: file.project.name, inputs: [place.folder + "/customers.csv"], top: nil, output: output,
          surroundings: place.surroundings))
      #expect(written.rows == 200)
    }
  }

  @Test func initWritesAProjectThatRuns() async throws {
    let place = try TemporaryProject()
    try Self.write(place, rows: 200)
    func initialize(force: Bool = false) async throws -> InitSummary {
      try await engine.initialize(
        InitRequest(
          input: place.folder + "/customers.csv", target: "left", task: nil, folder: place.folder + "/new", force: force,
          surroundings: place.surroundings))
    }
    let summary = try await initialize()
    #expect(summary.task == "classification" && summary.rows == 200)
    let text = try String(contentsOfFile: summary.project, encoding: .utf8)
    #expect(text.contains("target: left") && text.contains("    - id ") && text.contains("positive: \"yes\""))
    await #expect(throws: ArgumentError.self) { _ = try await initialize() }
    _ = try await initialize(force: true)
    let file = try ProjectFile.load(summary.project, overrides: ["models=[tree]", "select.folds=0", "evaluation.importance=0"])
    let run = try await engine.run(request(place, file))
    #expect(run.version == 1)
  }

  @Test func brokenDataAreNotLearntFrom() async throws {
    let place = try TemporaryProject()
    try Self.write(place, rows: 200)
    var schema = try DataSchema.infer(try Table.read(place.folder + "/customers.csv"), target: "left")
    schema.columns = schema.columns.map { rule in
      var rule = rule
      if rule.name == "tenure" { rule.number = NumberRule(minimum: 0, maximum: 10) }
      return rule
    }
    try schema.write(to: place.folder + "/data-schema.json")
    let file = try place.project(
      "name: a\ntask: classification\ndata: {file: customers.csv, target: left, schema: data-schema.json}\nmodels: [tree]\n")
    let run = try await engine.run(request(place, file))
    #expect(run.version == nil && run.gates.first?.passed == false)
    #expect(ExitStatus.of(gates: run.gates) == 3)
  }

  /// The examples on a part of their tables, where these were fetched.
  @Test(arguments: [("churn", "churn"), ("diamonds", "diamonds"), ("letters", "letterrecognition"), ("shuttle", "shuttle")])
  func examplesLearnFromAPart(_ name: String, _ dataset: String) async throws {
    guard SharedFiles.path("data/\(dataset)") != nil else { return }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let place = try TemporaryProject()
    let file = try ProjectFile.load(
      root.path + "/Examples/\(name)/martlet.yml",
      overrides: [
        "data.limit=1500", "models=[tree]", "select.folds=0", "threshold=default", "evaluation.importance=0", "evaluation.require={}",
        "output=\(place.folder)/runs",
      ])
    let run = try await engine.run(request(place, file))
    #expect(run.version == 1)
    #expect((run.metrics["r2"] ?? run.metrics["accuracy"])?.value ?? 0 > 0.5)
  }

  @Test(arguments: [
    ("a,b\n", "no rows"), ("a,b\n1,x\n", "cannot be split"), ("a,b\n1,x\n2,x\n3,x\n", "'x' in every row"), ("b\nx\ny\n", "column"),
    ("a,b\n,x\n,y\n,x\n,y\n", "no column is left"), ("a,b\n1,\n2,\n", "missing in every row"),
  ])
  func nastyTablesAreNamed(_ text: String, _ word: String) async throws {
    let place = try TemporaryProject()
    try AtomicFile.write(Data(text.utf8), to: place.folder + "/nasty.csv")
    let file = try place.project(
      "name: nasty\ntask: classification\ndata: {file: nasty.csv, target: b}\nmodels: [tree]\nselect: {folds: 0}\n")
    let error = await #expect(throws: (any Error).self) { _ = try await engine.run(request(place, file)) }
    #expect(error.map { "\($0)".contains(word) } == true, "\(error.map { "\($0)" } ?? "")")
  }
}
