import Foundation
import MartletCore
import Project
import Testing

@testable import Commands

@Suite struct EngineCommandTests {
  private let folder: Folder
  private let engine = ScriptedEngine()

  init() throws { folder = try Folder() }

  @Test func runPassesEverythingOn() async throws {
    let project = try folder.project()
    let outcome = await martlet(
      "run", project, "--set", "training.epochs=2", "--alias", "staging", "--tag", "a", "--tag", "b", "--note", "why", "--resume", "runs/1",
      "--quiet", engine: engine, registry: folder.registry)
    #expect(outcome.exitCode == 0)
    let asked = try #require(engine.asked.run)
    #expect(asked.project.project.images?.training.epochs == 2)
    #expect(asked.project.folder == folder.path)
    #expect(asked.aliases == ["staging"] && asked.tags == ["a", "b"] && asked.note == "why" && asked.resume == "runs/1")
    #expect(asked.surroundings == Surroundings(registry: folder.registry, quiet: true, json: false))
    #expect(outcome.output.contains("accuracy  0.9200  0.9100 to 0.9300"))
    #expect(outcome.output.contains("fashion@1 is registered, after 80.2 s."))
    #expect(outcome.notes.isEmpty)
  }

  @Test func initPassesEverythingOn() async throws {
    let outcome = await martlet(
      "init", "rows.csv", "--target", "churn", "-o", "new", "--force", engine: engine, registry: folder.registry)
    #expect(outcome.exitCode == 0)
    let asked = try #require(engine.asked.initialize)
    #expect(asked.input == "rows.csv" && asked.target == "churn" && asked.task == nil && asked.folder == "new" && asked.force)
    #expect(outcome.output.contains("id is left out\nmartlet.yml and data-schema.json are written: classification, 7 rows of 3 columns"))
    #expect(await martlet("init", "texts", "--task", "embedding", engine: engine, registry: folder.registry).exitCode == 0)
    #expect(engine.asked.initialize?.target == nil && engine.asked.initialize?.task == "embedding")
    #expect(
      await martlet("init", "rows.csv", "--task", "regression", engine: engine, registry: folder.registry).exitCode == 2)
    #expect(
      await martlet("init", "rows.csv", "--target", "a", "--task", "image-classification", engine: engine, registry: folder.registry)
        .exitCode == 2)
  }

  /// A requirement is held against what the project's task is judged by.
  @Test(arguments: [
    ("task: token-classification\ndata: {file: t.csv}", "span_f1", "accurracy"),
    ("task: token-classification\ndata: {file: t.csv}", "f1_PER", "f1_"),
    ("task: embedding\ndata: {file: t.csv}", "recall_at_1", "span_f1"),
    ("task: translation\ndata: {file: t.csv}", "chrf", "accuracy"),
    ("task: language-model\ndata: {file: t.csv}", "bits_per_character", "bleu"),
    ("task: text-classification\ndata: {file: t.csv}", "f1_micro", "perplexity"),
    (
      "task: multi-task\nheads: {topic: {text-classification: {file: t.csv}}, who: {token-classification: {file: t.csv}}}",
      "topic_accuracy", "accuracy"
    ),
    ("task: multi-task\nheads: {who: {token-classification: {file: t.csv}}}", "who_f1_PER", "topic_accuracy"),
  ])
  func textsAreAskedForTheirOwnMetrics(_ body: String, _ known: String, _ unknown: String) async throws {
    _ = try folder.write("t.csv", "text,label\n")
    func run(_ metric: String) async throws -> Outcome {
      let file = try folder.write("texts.yml", "name: a\n\(body)\nevaluation: {require: {\(metric): 0.001}}\n")
      return await martlet("run", file, engine: engine, registry: folder.registry)
    }
    #expect(try await run(known).notes.contains("no evaluation has") == false)
    let refused = try await run(unknown)
    #expect(refused.exitCode == 2 && refused.notes.contains("'\(unknown)'"), "\(refused)")
  }

  @Test func runDocumentHasMetricsByName() async throws {
    let outcome = await martlet("run", try folder.project(), "--json", engine: engine)
    let document = try outcome.json()
    #expect(document["metrics"]?["accuracy"]?["value"] == 0.92)
    #expect(document["metrics"]?["accuracy"]?["lower"]?.doubleValue.map { abs($0 - 0.91) < 1e-12 } == true)
    #expect(document["version"] == 1)
    #expect(try outcome.decode(RunSummary.self).training.steps == 2110)
    #expect(engine.asked.run?.surroundings.json == true)
  }

  @Test func gatesDecideTheExitCode() async throws {
    let project = try folder.project("evaluation: {require: {accuracy: 0.95}}\n")
    let refused = await martlet("run", project, engine: engine)
    #expect(refused.exitCode == 3)
    #expect(refused.output.contains("nothing is registered:\n  accuracy is 0.92; at least 0.95 is required"))
    #expect(await martlet("run", project, "--json", engine: engine).exitCode == 3)
    #expect(await martlet("run", project, "--set", "evaluation.require.accuracy=0.9", engine: engine).exitCode == 0)
    #expect(await martlet("evaluate", "--project", project, engine: engine).exitCode == 3)
  }

  @Test func `a version that gates refuse is registered without its alias`() async throws {
    let project = try folder.project("gates: [\"accuracy>=0.99\"]\n")
    let refused = await martlet("run", project, "--alias", "production", engine: engine)
    #expect(refused.exitCode == 3)
    #expect(refused.output.contains("fashion@1 is registered"))
    #expect(refused.output.contains("it does not get the alias 'production':\n  accuracy is at least 0.91; at least 0.99 is required\n"))
    let told = await martlet("run", project, "--alias", "production", "--json", engine: engine)
    let document = try told.json()
    #expect(told.exitCode == 3 && document["aliasGates"]?.arrayValue?.first?["passed"] == false)
    // Who asks for no alias is refused none.
    #expect(await martlet("run", project, engine: engine).exitCode == 0)
  }

  @Test func `a server keeps track of runs where somebody says so`() async throws {
    _ = await martlet("serve", "a", engine: engine)
    #expect(engine.asked.serve?.listening.isTracking == false)
    _ = await martlet("serve", "a", "--tracking", engine: engine)
    #expect(engine.asked.serve?.listening.isTracking == true)
    _ = await martlet("serve", "--project", try folder.project("serve: {tracking: true}\n"), engine: engine)
    #expect(engine.asked.serve?.listening.isTracking == true)
  }

  @Test func interruptionsSayHowToGoOn() async throws {
    let engine = ScriptedEngine(interrupted: true)
    let run = await martlet("run", try folder.project(), engine: engine)
    #expect(run.exitCode == 1)
    #expect(run.output.hasSuffix("interrupted; nothing is registered\ntry: martlet run --resume runs/1\n"))
    let train = await martlet("train", try folder.project(), engine: engine)
    #expect(train.exitCode == 1)
    #expect(train.output.hasSuffix("run: runs/1\ntry: martlet train --resume runs/1\n"))
  }

  @Test func trainSaysWhatItDid() async throws {
    let outcome = await martlet("train", "--project", try folder.project(), engine: engine)
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("train/loss      0.2100"))
    #expect(outcome.output.contains("done: 5 epochs, 2110 steps, 75.4 s\n"))
    #expect(try await martlet("train", try folder.project(), "--json", engine: engine).decode(TrainSummary.self).epochs == 5)
  }

  @Test func evaluateTakesTheProjectsModelByDefault() async throws {
    let project = try folder.project()
    let outcome = await martlet("evaluate", "--project", project, "--report", "r", engine: engine)
    #expect(outcome.exitCode == 0)
    #expect(engine.asked.evaluate?.reference == "fashion")
    #expect(engine.asked.evaluate?.report == "r")
    #expect(outcome.output.contains("fashion@2 on 10000 pictures, 3.00 s"))
    _ = await martlet("evaluate", "other@production", "--project", project, engine: engine)
    #expect(engine.asked.evaluate?.reference == "other@production")
    let document = try await martlet("evaluate", "--project", project, "--json", engine: engine).json()
    #expect(document["metrics"]?["accuracy"]?["upper"] != nil)
  }

  @Test func predictAnswersForEachInput() async throws {
    let outcome = await martlet("predict", "fashion@2", "a.png", "b.png", "--top", "1", engine: engine)
    #expect(outcome.exitCode == 0)
    #expect(engine.asked.predict?.inputs == ["a.png", "b.png"])
    #expect(engine.asked.predict?.top == 1)
    #expect(outcome.output.contains("a.png  boot        0.7500  shirt 0.2500"))
    let mixed = await martlet("predict", "fashion", "a.png", "b.txt", "--top", "0", "--json", engine: engine)
    #expect(mixed.exitCode == 1)
    #expect(engine.asked.predict?.top == nil)
    let answers = try mixed.decode(PredictionSummary.self).predictions
    #expect(answers.map(\.label) == ["boot", nil])
    #expect(answers[1].error == "b.txt: not a picture")
  }

  @Test func `predict prints what a model answers, and no empty columns`() async throws {
    let tagged = await martlet("predict", "names", "a.conll", engine: engine)
    let lines = tagged.output.split(separator: "\n")
    #expect(lines.first?.split(separator: " ") == ["input", "answer"] && lines.last?.contains("Ann (PER)") == true, "\(tagged.output)")
    let document = try await martlet("predict", "names", "a.conll", "--json", engine: engine).json()
    let answer = try #require(document["predictions"]?.arrayValue?.first)
    #expect(answer["answer"]?["tags"] == ["B-PER", "O"] && answer["text"] == "Ann (PER)")
    #expect(answer["probabilities"] == nil && answer["prediction"] == nil && answer["label"] == nil)
    let several = await martlet("predict", "colours", "a.md", "b.log", engine: engine).output
    #expect(several.contains("red, blue") && several.contains("0.9000, 0.6000") && several.contains("green 0.1"), "\(several)")
    #expect(several.contains("none"), "\(several)")
  }

  @Test func serveFindsItsSettings() async throws {
    let project = try folder.project("serve: {port: 9000, host: 0.0.0.0}\n")
    let outcome = await martlet("serve", "--project", project, "--port", "0", "--ready-file", "f", engine: engine)
    #expect(outcome.output == "stopped after 1 request in 61 min 1 s\n")
    let asked = try #require(engine.asked.serve)
    #expect(asked.references == ["fashion"] && asked.port == 0 && asked.host == "0.0.0.0" && asked.readyFile == "f")
    _ = await martlet("serve", "a", "b@3", "--host", "::1", "--project", project, engine: engine)
    #expect(engine.asked.serve?.references == ["a", "b@3"])
    #expect(engine.asked.serve?.port == 9000)
    #expect(engine.asked.serve?.host == "::1")
    let drafted = try folder.project("serve: {drafts: {large: small@2, other: tiny}}\n")
    _ = await martlet("serve", "large", "--project", drafted, "--draft", "large=small@3", "--draft", "least", engine: engine)
    #expect(engine.asked.serve?.listening.drafts == ["large": "small@3", "other": "tiny", "*": "least"])
    #expect(await martlet("serve", "large", "--draft", "=small", engine: engine).exitCode == 2)
  }

  @Test func previewPassesEverythingOn() async throws {
    let outcome = await martlet(
      "data", "preview", try folder.project(), "--part", "train", "--count", "9", "--augmented", "-o", "x.png", engine: engine)
    #expect(outcome.exitCode == 0)
    #expect(engine.asked.preview?.part == .train && engine.asked.preview?.count == 9 && engine.asked.preview?.augmented == true)
    #expect(outcome.output.hasSuffix("9 pictures of 28x28x1 in x.png\n"))
    #expect(
      try await martlet("data", "preview", try folder.project(), "--part", "test", "--json", engine: engine).decode(PreviewSummary.self)
        .shown == 64)
    #expect(engine.asked.preview?.part == .test)
  }

  @Test func doctorsExitCodeFollowsItsReport() async throws {
    let good = await martlet("doctor", engine: engine)
    #expect(good.exitCode == 0)
    #expect(good.output == "✓ libtorch  2.13.0+cpu\n! GPU       none\n✓ registry  writable\n")
    let bad = await martlet("doctor", engine: ScriptedEngine(accuracy: 0), unicode: false)
    #expect(bad.exitCode == 1)
    #expect(bad.output.hasSuffix("x registry  writable\n            try: chmod u+w\n"))
    #expect(try await martlet("doctor", "--json", engine: engine).decode(DoctorReport.self).isHealthy)
  }

  @Test func errorsOfTheEngineKeepTheirWords() async throws {
    let failing = ScriptedEngine(failure: ArgumentError("port 80 is taken", expected: "a free port", remedy: "--port 0"))
    let plain = await martlet("serve", "fashion", engine: failing)
    #expect(plain.exitCode == 1)
    #expect(plain.notes == "error: port 80 is taken\n  expected: a free port\n  try: --port 0\n")
    #expect(plain.output.isEmpty)
    let json = await martlet("serve", "fashion", "--json", engine: failing)
    #expect(
      try json.decode(ErrorDocument.self) == ErrorDocument(ArgumentError("port 80 is taken", expected: "a free port", remedy: "--port 0")))
    #expect(json.notes.isEmpty)
    #expect(await martlet("doctor", engine: ScriptedEngine(failure: CancellationError())).notes == "error: interrupted\n")
  }

  @Test func withoutAnEngineThereIsAReason() async throws {
    let outcome = await martlet("doctor")
    #expect(outcome.exitCode == 1)
    #expect(outcome.notes.hasPrefix("error: this program has no engine"))
  }

  @Test func requestsAndSummariesAreDocuments() async throws {
    _ = await martlet("run", try folder.project(), engine: engine)
    let request = try #require(engine.asked.run)
    #expect(try JSON.decode(RunRequest.self, from: JSON.encode(request), source: "request") == request)
  }

  @Test func `rows that are not shown are told, and what is read is not written over`() async {
    let engine = ScriptedEngine(rows: 1500)
    let shown = await martlet("predict", "customers", "new.csv", engine: engine)
    #expect(shown.exitCode == 0 && shown.notes == "1 of 1,500 rows shown; --output FILE writes all, --json shows all\n", "\(shown.notes)")
    for quiet in ["--json", "--quiet"] {
      #expect(await martlet("predict", "customers", "new.csv", quiet, engine: engine).notes.isEmpty)
    }
    let over = await martlet("predict", "customers", "new.csv", "-o", "./new.csv", engine: engine)
    #expect(over.exitCode == 2 && over.notes.contains("is one of the inputs"))
  }

  @Test func `a job of predictions says where it keeps what is done`() async {
    let engine = ScriptedEngine()
    let done = await martlet(
      "predict", "customers@3", "new.csv", "-o", "out.csv", "--checkpoint", "jobs/1", "--max-failures", "5", "--part-rows", "100",
      engine: engine)
    #expect(done.exitCode == ExitStatus.done)
    #expect(
      engine.asked.predict?.job == PredictionJobRequest(checkpoint: "jobs/1", partRows: 100, maxFailures: 5, failures: nil))
    let nowhere = await martlet("predict", "customers", "new.csv", "--checkpoint", "jobs/1", engine: engine)
    #expect(nowhere.exitCode == ExitStatus.usage && nowhere.notes.contains("--output"))
    let noJob = await martlet("predict", "customers", "new.csv", "-o", "out.csv", "--max-failures", "5", engine: engine)
    #expect(noJob.exitCode == ExitStatus.usage && noJob.notes.contains("--checkpoint"))
  }

  @Test func `a job writes over nothing that it reads`() async throws {
    let engine = ScriptedEngine()
    func predict(_ input: String, _ output: String, failures: String? = nil) async -> Outcome {
      let job = folder.path + "/job"
      guard let failures else { return await martlet("predict", "a", input, "--checkpoint", job, "-o", output, engine: engine) }
      return await martlet("predict", "a", input, "--checkpoint", job, "-o", output, "--failures", failures, engine: engine)
    }
    let input = try folder.write("new.csv", "tenure\n1\n"), link = folder.path + "/link.csv", roundabout = folder.path + "/./a/../new.csv"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: input)
    try FileManager.default.createDirectory(atPath: folder.path + "/a", withIntermediateDirectories: true)
    for output in [input, link, roundabout] {
      let refused = await predict(input, output)
      #expect(refused.exitCode == ExitStatus.usage && refused.notes.contains("--output '\(output)' is one of the inputs"), "\(refused)")
    }
    // The other way around: the input is the link.
    #expect(await predict(link, input).exitCode == ExitStatus.usage)
    let failures = await predict(input, folder.path + "/out.csv", failures: roundabout)
    #expect(failures.exitCode == ExitStatus.usage && failures.notes.contains("--failures"))
    // Where the rejected rows go by themselves counts, too.
    let rejected = try folder.write("out.csv.failed.jsonl", "{}\n")
    #expect(await predict(rejected, folder.path + "/out.csv").exitCode == ExitStatus.usage)
    let both = await predict(input, folder.path + "/out.csv", failures: folder.path + "/./out.csv")
    #expect(both.exitCode == ExitStatus.usage && both.notes.contains("expected two files"))
    #expect(engine.asked.predict == nil)
    #expect(await predict(input, folder.path + "/out.csv").exitCode == ExitStatus.done)
  }

  @Test func `a stream takes from the project what the command line leaves out`() async throws {
    let engine = ScriptedEngine()
    let project = try folder.project(
      """
      stream:
        from: kafka://a:9092/in
        to: kafka://a:9092/out
        dead: amqp://b/dead
        group: g
        batch: 8
        batch-delay: 5
        attempts: 2
        prefetch: 64
        identity: key
        metrics: figures.prom

      """)
    #expect(await martlet("stream", "--project", project, engine: engine).exitCode == ExitStatus.done)
    var asked = try #require(engine.asked.stream)
    #expect(asked.reference == "fashion" && asked.from == "kafka://a:9092/in" && asked.to == "kafka://a:9092/out")
    #expect(asked.dead == "amqp://b/dead" && asked.group == "g" && asked.batch == 8 && asked.batchDelay == 5 && asked.attempts == 2)
    #expect(asked.prefetch == 64 && asked.identity == .key && asked.metrics == folder.path + "/figures.prom")
    _ = await martlet(
      "stream", "fashion@2", "--project", project, "--batch", "9", "--identity", "message", "--to", "amqp://c/out", "--metrics", "m",
      engine: engine)
    asked = try #require(engine.asked.stream)
    #expect(asked.reference == "fashion@2" && asked.batch == 9 && asked.identity == .message && asked.to == "amqp://c/out")
    #expect(asked.metrics == "m" && asked.attempts == 2 && asked.from == "kafka://a:9092/in")
    // Half a project, and half a command line.
    let half = try folder.project("stream: {from: 'kafka://a/in', dead: 'kafka://a/dead'}\n")
    let refused = await martlet("stream", "--project", half, engine: engine)
    #expect(refused.exitCode == ExitStatus.usage && refused.notes.contains("--to is missing") && refused.notes.contains("stream.to"))
    #expect(await martlet("stream", "--project", half, "--to", "kafka://a/out", engine: engine).exitCode == ExitStatus.done)
    let wrong = try folder.project("stream: {batch: 0}\n")
    #expect(await martlet("stream", "--project", wrong, engine: engine).exitCode == ExitStatus.usage)
  }

  @Test func `a stream goes from address to address`() async {
    let engine = ScriptedEngine()
    let addresses = ["--from", "kafka://a:9092/in", "--to", "amqp://b/out", "--dead", "kafka://a:9092/dead"]
    func stream(_ more: String...) async -> Outcome {
      await martlet(
        "stream", "fashion@2", addresses[0], addresses[1], addresses[2], addresses[3], addresses[4], addresses[5],
        more.first ?? "--batch", more.last ?? "8", engine: engine)
    }
    let done = await stream()
    #expect(
      done.exitCode == ExitStatus.done && done.output.hasPrefix("stopped after 1,203 messages: 1,200 answered, 2 dead, 1 known already, 12")
    )
    let asked = engine.asked.stream
    #expect(asked?.reference == "fashion@2" && asked?.to == "amqp://b/out" && asked?.batch == 8 && asked?.identity == .message)
    #expect(await stream("--identity", "hash").exitCode == ExitStatus.usage)
    #expect(await stream("--prefetch", "0").exitCode == ExitStatus.usage)
    #expect(await martlet("stream", "fashion", "--from", "kafka://a/in", engine: engine).exitCode == ExitStatus.usage)
  }
}
