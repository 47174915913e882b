import Foundation
import MartletCore
import Testing

@testable import Project

@Suite struct ProjectTests {
  private let short = "name: fashion\ntask: image-classification\ndata:\n  dataset: fashion-mnist\n"

  private let long = """
    name: photos
    task: image-classification
    description: A hand-written file with everything in it
    data:
      train: {folder: photos/train}
      test: {csv: {path: test.csv, label: class}}
      validation: {idx: {images: v-images.gz, labels: v-labels.gz}}
      size: [32, 48]
      channels: 3
      normalize: {mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
      labels: [cat, dog]
      augment: [{crop: 2}, flip, {flip: vertical}, {rotate: {degrees: 5}}, {shift: 0.2}]
      limit: 1000
    model: {cnn: {widths: [8, 16, 32], dropout: 0}}
    training:
      epochs: 7
      batch: 64
      optimizer: {sgd: {learning-rate: 0.05, nesterov: true}}
      schedule: {step: {every: 3}}
      clip: 1
      label-smoothing: 0.1
      class-weights: balanced
      early-stopping: {patience: 2}
      checkpoint-every: 100
      seed: 9
      threads: 2
      workers: 0
    evaluation: {intervals: 0.9, top-k: [2], worst: 0, require: {accuracy: 0.8}}
    serve: {host: 0.0.0.0, port: 0}
    output: out
    """

  @Test func fourLinesAreEnough() throws {
    let project = try ProjectFile.parse(short)
    #expect(project.name == "fashion")
    #expect(project.data.dataset == "fashion-mnist")
    #expect(project.data.testPart == nil)
    #expect(project.data.validation == .share(0.1))
    #expect(project.data.size == .auto)
    #expect(project.data.normalize == .auto)
    #expect(project.model == NamedChoice("cnn", ["widths": [32, 64], "hidden": 128, "dropout": 0.25]))
    #expect(project.training.epochs == 5)
    #expect(
      project.training.optimizer
        == NamedChoice("adamw", ["learning-rate": 0.001, "weight-decay": 0.01, "betas": [0.9, 0.999], "epsilon": 1e-8, "amsgrad": false]))
    #expect(project.training.schedule == NamedChoice("one-cycle", ["warm-up": 0.3]))
    #expect(project.training.threads == .auto)
    #expect(project.evaluation.require.isEmpty)
    #expect(project.serve.port == 8080)
  }

  @Test func everythingIsUnderstood() throws {
    let project = try ProjectFile.parse(long)
    #expect(project.data.train == .folder(path: "photos/train"))
    #expect(project.data.testPart == .source(.csv(path: "test.csv", image: "image", label: "class")))
    #expect(project.data.validation == .source(.idx(images: "v-images.gz", labels: "v-labels.gz")))
    #expect(project.data.size == .fixed(height: 32, width: 48))
    #expect(project.data.normalize == .fixed(mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]))
    #expect(
      project.data.augment == [
        NamedChoice("crop", ["padding": 2]), NamedChoice("flip", ["direction": "horizontal", "probability": 0.5]),
        NamedChoice("flip", ["direction": "vertical", "probability": 0.5]), NamedChoice("rotate", ["degrees": 5]),
        NamedChoice("shift", ["share": 0.2]),
      ])
    #expect(project.model == NamedChoice("cnn", ["widths": [8, 16, 32], "hidden": 128, "dropout": 0]))
    #expect(
      project.training.optimizer
        == NamedChoice("sgd", ["learning-rate": 0.05, "weight-decay": 0, "momentum": 0.9, "nesterov": true, "dampening": 0]))
    #expect(project.training.schedule == NamedChoice("step", ["every": 3, "factor": 0.1]))
    #expect(project.training.earlyStopping == EarlyStoppingChoice(metric: "validation/loss", patience: 2, minimumChange: 0))
    #expect(project.training.workers == .value(0))
    #expect(project.training.clip == 1)
    #expect(project.evaluation.require == ["accuracy": 0.8])
  }

  /// The typed value loses nothing of what the file says, so that the schema and the types cannot drift apart.
  @Test(arguments: [false, true]) func typesHoldAllThatTheSchemaKnows(isLong: Bool) throws {
    let text = isLong ? long : short
    let resolved = try ProjectFile.resolved(text, file: "f", overrides: [], folder: nil)
    let again = try ProjectFile.parse(text).jsonValue()
    #expect(Set(JSONLeaves.of(again)) == Set(JSONLeaves.of(resolved)))
  }

  @Test func configurationOutlivesTheRoundTrip() throws {
    let project = try ProjectFile.parse(long)
    let copy = try JSON.decode(Project.self, from: JSON.encode(project), source: "copy")
    #expect(copy == project)
    #expect(try copy.digest() == project.digest())
    #expect(try ProjectFile.parse(long + "\n# a comment\n").digest() == project.digest())
    #expect(try ProjectFile.parse(long, overrides: ["training.seed=10"]).digest() != project.digest())
  }

  @Test func anchorsAndMerges() throws {
    let text = """
      name: a
      task: image-classification
      data: {dataset: x}
      training: &t
        epochs: 2
        optimizer: &o {sgd: {momentum: 0.5}}
      evaluation: {worst: &w 3}
      """
    #expect(try ProjectFile.parse(text).training.epochs == 2)
    let merged = "name: a\ntask: image-classification\ndata: {dataset: x}\nserve:\n  <<: [{port: 1}, {port: 2, host: h}]\n  host: own\n"
    #expect(try ProjectFile.parse(merged).serve == ProjectServing(host: "own", port: 1))
  }

  @Test func scalarsFollowTheCoreSchema() {
    func json(_ text: String) -> JSONValue { DocumentNode(content: PlainScalar.content(of: text), place: .whole).json }
    #expect(json("0o17") == 15)
    #expect(json("0x1F") == 31)
    #expect(json("+12") == 12)
    #expect(json("1e3") == 1000.0)
    #expect(json(".5") == 0.5)
    #expect(json("5.") == 5.0)
    #expect(json("~") == nil)
    #expect(json("yes") == "yes")
    #expect(json("True") == true)
    for text in ["1_000", "1e", ".", "-", "1.2.3", "0x", "nan", "inf", "12:30", "1,5"] { #expect(json(text) == .string(text)) }
  }
}

/// Every leaf of a document as `path=value`, numbers compared as numbers.
enum JSONLeaves {
  static func of(_ value: JSONValue, path: String = "") -> [String] {
    switch value {
    case .object(let members): members.isEmpty ? [path + "={}"] : members.flatMap { of($0.value, path: path + "." + $0.key) }
    case .array(let elements): elements.isEmpty ? [path + "=[]"] : elements.enumerated().flatMap { of($1, path: path + "[\($0)]") }
    case .int, .double: ["\(path)=\(value.doubleValue ?? .nan)"]
    case .string(let text): [path + "='\(text)'"]
    case .bool(let flag): [path + "=\(flag)"]
    case .null: [path + "=null"]
    }
  }
}
