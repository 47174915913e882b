import Bundles
import Charts
import Commands
import Evaluation
import Foundation
import MartletCore
import Models
import NN
import Project
import TextTasks
import Torch
import Training

/// Trains one body with several heads as a project describes it.
struct HeadsTraining: TextLearning {
  let file: ProjectFile
  let project: TextProject
  let folder: RunFolder
  /// Each head as if it were trained alone.
  let heads: [(name: String, weight: Double, training: TextTraining)]

  /// - Parameter settings: those of a model that knows the classes already; `nil` learns them.
  /// - Throws: `ArgumentError`, `TableError` naming the head and what does not fit.
  init(_ file: ProjectFile, folder: RunFolder, surroundings: Surroundings, known settings: MultiTextSettings? = nil) throws {
    guard let project = file.project.text, project.task == .multiTask else {
      throw ArgumentError("\(file.path) is a project for \(file.project.task.rawValue)", expected: "one for multi-task")
    }
    self.file = file
    self.project = project
    self.folder = folder
    heads = try project.headProjects().map { head in
      guard MultiHeadLanguageModel.isName(head.name) else {
        throw ArgumentError("a head called '\(head.name)'", expected: "letters, digits, - and _, a letter first")
      }
      var known: [String]?
      if let settings {
        guard let own = settings.heads.first(where: { $0.name == head.name }) else {
          throw ArgumentError(
            "the model has no head '\(head.name)'", expected: settings.heads.map(\.name).joined(separator: ", "))
        }
        known = own.settings.labels
      }
      do {
        let training = try TextTraining(file, head.project, folder: folder, surroundings: surroundings, known: known)
        return (name: head.name, weight: head.weight, training: training)
      } catch let error as ArgumentError {
        throw ArgumentError("heads.\(head.name): \(error.problem)", expected: error.expected, remedy: error.remedy)
      }
    }
  }

  var trainings: [TextTraining] { heads.map(\.training) }

  func run(resuming isResuming: Bool) async throws -> TextTraining.Outcome {
    let splits = Dictionary(uniqueKeysWithValues: heads.map { ($0.name, $0.training.parts.split) })
    try AtomicFile.write(JSON.encode(splits, pretty: false), to: folder.path + "/split.json")
    return try await TextTraining.noted(in: folder) { try await learn(resuming: isResuming) }
  }

  private func learn(resuming isResuming: Bool) async throws -> TextTraining.Outcome {
    guard let first = heads.first?.training else { throw ArgumentError("heads is empty", expected: "1 or more heads") }
    // The first maker's texts make a new tokenizer: it gets those of all.
    let trainings = trainings
    let maker = TextModelMaker(project: first.project, file: file, labels: first.examples.labels) {
      try trainings.flatMap { try $0.examples.allTexts($0.parts.training) }
    }
    let makers = heads.enumerated().map { (name: $1.name, weight: $1.weight, maker: $0 == 0 ? maker : $1.training.maker) }
    let adapter = maker.adapter
    let (model, lesson) = try await TorchThread.main.run { try UncheckedBox(make(makers, adapter)) }.value
    first.note(model.network, body: model.network.base, lesson, of: allParts)
    return try await first.fit(model.network, lesson, resuming: isResuming) {
      let tokenizer = model.heads[0].model.tokenizer
      let network = try adapter.finish(model.network) { try maker.network(.hiddenStates, tokenizer) }
      let served = try MultiTextModel(model.settings, network: network, tokenizer: model.heads[0].model.tokenizerFiles)
      try served.save(to: folder.path + "/model")
      return .many(served)
    } unfinished: {
      .many(model)
    }
  }

  private func make(
    _ makers: [(name: String, weight: Double, maker: TextModelMaker)], _ adapter: TextAdapter
  ) throws -> (MultiTextModel, TextLesson) {
    let model = try TextModelMaker.makeTogether(makers)
    try adapter.attach(to: model.network)
    if project.recompute { model.network.base.body.recomputation = checkpointed }
    let parts = zip(heads, model.heads).map { (name: $0.name, weight: $0.weight, training: $0.training, model: $1.model) }
    let mixing = project.mixing.flatMap(MixedTextOrder.Mixing.init(rawValue:)) ?? .proportional
    return (model, try TextLesson(parts, mixing: mixing))
  }

  func judging(_ model: LearntTexts) throws -> any TextJudge {
    guard case .many(let model) = model else {
      throw ArgumentError("a model of one task", expected: "one with the heads \(heads.map(\.name).joined(separator: ", "))")
    }
    return HeadsJudgement(
      heads: try heads.map { head in
        guard let own = model.heads.first(where: { $0.name == head.name }) else {
          throw ArgumentError("the model has no head '\(head.name)'", expected: model.heads.map(\.name).joined(separator: ", "))
        }
        return (name: head.name, judgement: TextJudgement(head.training, own.model))
      })
  }
}

/// Judges every head on its own test part. Metrics get the head's name before their own: `topic_accuracy`.
struct HeadsJudgement: TextJudge {
  let heads: [(name: String, judgement: TextJudgement)]

  func judge() async throws -> TextJudgement.Verdict {
    var result = TextJudgement.Verdict(metrics: [:])
    for (name, judgement) in heads {
      let own = try await judgement.judge()
      for (metric, value) in own.metrics { result.metrics["\(name)_\(metric)"] = value }
      result.sections += own.sections.map { .init("\(name): \($0.title)", note: $0.note, $0.blocks) }
      result.heads[name] = own.classes
    }
    return result
  }

  func write(
    _ verdict: TextJudgement.Verdict, history: [String: [Double]], title: String, lineage: Lineage, to folder: String
  ) throws -> String {
    guard let first = heads.first?.judgement else { throw ArgumentError("there are no heads", expected: "1 or more") }
    // Heads of classes have a page of their own.
    for (name, judgement) in heads {
      guard let classes = verdict.heads[name] else { continue }
      var own = TextJudgement.Verdict(metrics: [:])
      own.classes = classes
      _ = try judgement.write(own, history: [:], title: "\(title), \(name)", lineage: lineage, to: folder + "/" + name)
    }
    return try first.write(verdict, history: history, title: title, lineage: lineage, to: folder)
  }
}
