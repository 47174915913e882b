import Foundation
import Images
import MartletCore
import Project
import Registry
import Serving
import Testing

@testable import Commands
@testable import Martlet

/// The whole journey on pictures that the test draws itself. One suite after the other: libtorch's random state belongs to the process.
@Suite(.serialized) struct JourneyTests {
  let engine = MartletEngine()

  private func request(_ place: TemporaryProject, _ file: ProjectFile, resume: String? = nil) -> RunRequest {
    RunRequest(project: file, resume: resume, aliases: ["candidate"], tags: ["test"], note: "a note", surroundings: place.surroundings)
  }

  @Test func fromPicturesToAnswers() async throws {
    let place = try TemporaryProject()
    try place.writePictures()
    let file = try place.project(TemporaryProject.small)
    let run = try await engine.run(request(place, file))
    #expect(run.version == 1 && run.training.epochs == 4 && !run.training.interrupted)
    let accuracy = try #require(run.metrics["accuracy"])
    // The squares are at three different places; a network that has learned anything tells them apart.
    #expect(accuracy.value > 0.8 && (accuracy.lower ?? 1) <= accuracy.value && accuracy.higherIsBetter == true)
    let page = try String(contentsOfFile: try #require(run.report), encoding: .utf8)
    #expect(page.contains("class-0") && page.contains("Confusion"))

    // What the registry keeps is whole and says where it comes from.
    let registry = try ModelRegistry.open(at: place.surroundings.registry)
    let version = try registry.resolve("squares@candidate")
    #expect(version.tags == ["test"] && version.note == "a note" && version.metrics["accuracy"]?.value == accuracy.value)
    #expect(try registry.verify().isClean)
    let manifest = try registry.manifest(of: version)
    #expect(manifest.labels == ["class-0", "class-1", "class-2"])
    #expect(manifest.lineage.seed == 3 && manifest.lineage.data.map(\.role) == ["training", "validation", "test"])
    #expect(manifest.lineage.training["weights"]?.stringValue == run.training.weights)

    // Judging again gives the same numbers.
    let again = try await engine.evaluate(
      EvaluateRequest(project: file, reference: "squares@1", report: place.folder + "/again", surroundings: place.surroundings))
    #expect(again.items == 18)
    for name in ["accuracy", "f1_macro", "log_loss"] { #expect(again.metrics[name] == run.metrics[name], "\(name)") }

    // Offline answers, one of them about something that is no picture.
    let pictures = (0..<3).map { "\(place.folder)/photos/class-\($0)/0.png" }
    try Data("hello".utf8).write(to: URL(fileURLWithPath: place.folder + "/text.png"))
    let offline = try await engine.predict(
      PredictRequest(reference: "squares", inputs: pictures + [place.folder + "/text.png"], top: nil, surroundings: place.surroundings))
    #expect(offline.predictions.count == 4 && offline.predictions[3].error?.contains("text") == true)
    let sums = offline.predictions.prefix(3).map { $0.probabilities?.values.reduce(0, +) ?? 0 }
    #expect(sums.allSatisfy { abs($0 - 1) < 1e-5 })

    // The server gives the same answers.
    let served = try MartletEngine.served(version, from: registry)
    var options = ServerOptions()
    options.port = 0
    options.logsRequests = false
    let (addresses, continuation) = AsyncStream.makeStream(of: ModelServer.Address.self)
    let server = try ModelServer(models: [served], options: options) { continuation.yield($0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      for await address in addresses {
        for (picture, expected) in zip(pictures, offline.predictions) {
          let answer = try await post(Data(contentsOf: URL(fileURLWithPath: picture)), to: address.url + "/predict", type: "image/png")
          #expect(answer["label"]?.stringValue == expected.label)
          #expect(answer["model"]?.stringValue == "squares" && answer["version"]?.stringValue == "1")
          for (label, probability) in try #require(expected.probabilities) {
            let served = try #require(answer["probabilities"]?[label]?.doubleValue)
            #expect(abs(served - probability) < 1e-6)
          }
        }
        break
      }
      group.cancelAll()
    }
  }

  private func post(_ body: Data, to url: String, type: String) async throws -> JSONValue {
    // curl stands for somebody else's client.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["curl", "-sS", "-X", "POST", "-H", "Content-Type: \(type)", "--data-binary", "@-", url]
    let input = Pipe(), output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: body)
    try input.fileHandleForWriting.close()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return try JSON.decode(JSONValue.self, from: data, source: url)
  }

  @Test func aSeedRepeatsAndAnInterruptedRunGoesOn() async throws {
    let place = try TemporaryProject()
    try place.writePictures()
    let file = try place.project(TemporaryProject.small, overrides: ["training.checkpoint-every=3"])
    let (engine, surroundings) = (engine, place.surroundings)
    @Sendable func train(_ resume: String? = nil) async throws -> TrainSummary {
      try await engine.train(TrainRequest(project: file, resume: resume, surroundings: surroundings))
    }
    let first = try await train(), second = try await train()
    #expect(first.weights != nil && first.weights == second.weights && first.run != second.run)

    // Cancelled as Ctrl-C would, somewhere in the middle.
    let task = Task { try await train() }
    let folder = place.folder + "/runs/squares/3"
    while !FileManager.default.fileExists(atPath: folder + "/checkpoints/last/trainer.json") { try await Task.sleep(for: .milliseconds(2)) }
    task.cancel()
    let stopped = try await task.value
    if stopped.interrupted {
      #expect(stopped.weights == nil && stopped.steps < first.steps)
      let resumed = try await train(folder)
      #expect(resumed.weights == first.weights && resumed.steps == first.steps)
      print("SHA-256 of the weights: whole \(first.weights ?? ""), repeated \(second.weights ?? ""), resumed \(resumed.weights ?? "")")
    } else {
      // The machine was faster than the cancellation: the run must then equal the others.
      #expect(stopped.weights == first.weights)
    }

    // The run's folder alone is enough to go on, overrides included; its state is noted.
    let remembered = try RunFiles.project(of: folder)
    #expect(remembered == file && remembered.project.images?.training.checkpointEvery == 3)
    #expect(try String(contentsOfFile: folder + "/" + RunFiles.state, encoding: .utf8).contains("finished"))

    let other = try place.project(TemporaryProject.small, overrides: ["training.batch=4"])
    let error = await #expect(throws: ArgumentError.self) {
      try await engine.train(TrainRequest(project: other, resume: folder, surroundings: place.surroundings))
    }
    #expect(error?.problem.contains("training.batch = 8") == true)
  }

  @Test func aGateThatSaysNoRegistersNothing() async throws {
    let place = try TemporaryProject()
    try place.writePictures(each: 10)
    let file = try place.project(
      TemporaryProject.small + "\nevaluation:\n  require: {accuracy: 1.0, log_loss: 0.000001}\n", overrides: ["training.epochs=1"])
    let run = try await engine.run(request(place, file))
    #expect(run.version == nil && run.gates.contains { !$0.passed } && run.report != nil)
    #expect(try ModelRegistry.open(at: place.surroundings.registry).models().isEmpty)
  }

  @Test func wrongDataAreErrorsThatNameThemselves() async throws {
    let place = try TemporaryProject()
    func message(_ text: String) async throws -> String {
      let file = try place.project(text)
      do {
        _ = try await engine.train(TrainRequest(project: file, resume: nil, surroundings: place.surroundings))
        return "no error"
      } catch { return "\(error)" }
    }
    // One class only.
    try place.writePictures(classes: 1)
    #expect(try await message(TemporaryProject.small).contains("class-0"))
    // An empty class folder.
    try FileManager.default.createDirectory(atPath: place.folder + "/photos/empty", withIntermediateDirectories: true)
    #expect(try await message(TemporaryProject.small).contains("empty"))
    try FileManager.default.removeItem(atPath: place.folder + "/photos/empty")
    // A text file among the pictures.
    try place.writePictures()
    try Data("not a picture".utf8).write(to: URL(fileURLWithPath: place.folder + "/photos/class-1/note.png"))
    #expect(try await message(TemporaryProject.small).contains("note.png"))
    try FileManager.default.removeItem(atPath: place.folder + "/photos/class-1/note.png")
    // Pictures of several sizes, and no size in the project.
    try place.writePictures(classes: 3, each: 2, size: 20, name: "photos")
    #expect(try await message(TemporaryProject.small).contains("differ in size"))
    // A damaged picture in the test part is found before training.
    try FileManager.default.removeItem(atPath: place.folder + "/photos")
    try place.writePictures(each: 10)
    let test = try ImageParts(ImageProject(place.project(TemporaryProject.small))).test
    let whole = try Data(contentsOf: URL(fileURLWithPath: test.name(0)))
    try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: test.name(0)))
    #expect(try await message(TemporaryProject.small).contains("truncated"))
    let run = try FileManager.default.contentsOfDirectory(atPath: place.folder + "/runs/squares").compactMap { Int($0) }.max() ?? 0
    #expect(!FileManager.default.fileExists(atPath: "\(place.folder)/runs/squares/\(run)/checkpoints"))
    #expect(try String(contentsOfFile: "\(place.folder)/runs/squares/\(run)/state.json", encoding: .utf8).contains("failed"))
    // Two classes of one name.
    let pixels = (0..<12 * 16).map { UInt8(truncatingIfNeeded: $0) }
    try Data([0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 4, 0, 0, 0, 4] + pixels).write(to: URL(fileURLWithPath: place.folder + "/images"))
    try Data([0, 0, 8, 1, 0, 0, 0, 12] + (0..<12).map { UInt8($0 % 3) }).write(to: URL(fileURLWithPath: place.folder + "/labels"))
    let twins = try await message(
      "name: x\ntask: image-classification\ndata: {train: {idx: {images: images, labels: labels}}, labels: [a, a, b]}\n")
    #expect(twins.contains("two classes are called 'a'"), "\(twins)")
    // A data set that nobody fetched.
    let missing = try await message("name: x\ntask: image-classification\ndata: {dataset: no-such-thing}\n")
    #expect(missing.contains("no-such-thing"))
    #expect(!FileManager.default.fileExists(atPath: place.surroundings.registry))
  }

  @Test func aModelIsNotJudgedOnOtherClasses() async throws {
    let place = try TemporaryProject()
    try place.writePictures(each: 10)
    let file = try place.project(TemporaryProject.small, overrides: ["training.epochs=1"])
    _ = try await engine.run(request(place, file))
    let pixels = (0..<12 * 144).map { UInt8(truncatingIfNeeded: $0) }
    try Data([0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0, 12] + pixels).write(to: URL(fileURLWithPath: place.folder + "/images"))
    try Data([0, 0, 8, 1, 0, 0, 0, 12] + (0..<12).map { UInt8($0 % 3) }).write(to: URL(fileURLWithPath: place.folder + "/labels"))
    let other = try place.project(
      "name: x\ntask: image-classification\ndata: {train: {idx: {images: images, labels: labels}}, test: 0.5, validation: 0}\n")
    let error = await #expect(throws: ArgumentError.self) {
      try await engine.evaluate(EvaluateRequest(project: other, reference: "squares", report: nil, surroundings: place.surroundings))
    }
    #expect(error?.problem.contains("class-0") == true)
  }

  @Test func aContactSheetAndADoctor() async throws {
    let place = try TemporaryProject()
    try place.writePictures(each: 5)
    let output = place.folder + "/sheet.png"
    let preview = try await engine.preview(
      PreviewRequest(
        project: place.project(TemporaryProject.small), part: .train, count: 6, augmented: true, output: output,
        surroundings: place.surroundings))
    #expect(preview.size == [12, 12] && preview.channels == 1)
    #expect(try Image.read(output).width > 50)
    let report = try await engine.doctor(DoctorRequest(surroundings: place.surroundings))
    #expect(report.isHealthy, "\(report.checks.filter { $0.state == .bad })")
    #expect(report.checks.contains { $0.name == "libtorch" })
    // A registry that is damaged is not healthy.
    _ = try ModelRegistry.open(at: place.surroundings.registry, create: true)
    try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: place.surroundings.registry + "/registry.sqlite"))
    let sick = try await engine.doctor(DoctorRequest(surroundings: place.surroundings))
    #expect(sick.checks.first { $0.name == "registry" }?.state == .bad)
  }
}

@Suite struct ShippedProjectsTests {
  @Test(arguments: [
    "fashion", "digits", "flights", "churn", "shuttle", "letters", "diamonds", "names", "reviews-en-lora", "bible-verses",
    "bible-translation", "requests",
  ]) func examplesAreValid(_ name: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = try ProjectFile.load(root.path + "/Examples/\(name)/martlet.yml", checkingFiles: false)
    #expect(file.project.name == name)
  }
}
