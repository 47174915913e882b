import Bundles
import Charts
import Commands
import Evaluation
import Foundation
import Images
import MartletCore
import NN
import Project

/// Judges a classifier on a project's test part and writes the report.
struct ImageJudging: Sendable {
  let file: ImageProject
  let test: any ImageDataset
  let preparation: ImagePreparation
  let surroundings: Surroundings

  /// The evaluation of a classifier.
  func evaluate(_ classifier: TorchClassifier, modelBytes: Int?, parameters: Int?) async throws -> ClassificationEvaluation {
    let settings = file.project.evaluation
    let batches = PictureBatches(batcher: ImageBatcher(test, preparation: preparation), inputName: TorchClassifier.inputName)
    let quiet = surroundings.quiet || !Terminal.isInteractive
    let total = test.count
    let evaluation = try await ClassificationEvaluation.evaluate(
      classifier, on: batches, intervals: IntervalOptions(level: settings.intervals, seed: file.project.training.seed),
      modelBytes: modelBytes, parameterCount: parameters, mistakes: settings.worst, topK: Array(Set([3, 5] + settings.topK)).sorted()
    ) { done in
      if !quiet { Terminal.note("\rjudging \(done) of \(total)", terminator: done == total ? "\r\u{1B}[K" : "") }
    }
    return evaluation
  }

  /// Metrics as the registry keeps them.
  static func summaries(_ evaluation: ClassificationEvaluation) -> [String: MetricSummary] {
    evaluation.metrics.reduce(into: [:]) { result, item in
      let estimate = item.value
      result[item.key] = MetricSummary(
        estimate.value, lower: estimate.lower, upper: estimate.upper, level: estimate.level,
        higherIsBetter: MetricInfo.named(item.key)?.higherIsBetter)
    }
  }

  /// Writes `index.html` and `evaluation.json` into a folder.
  /// - Returns: the page's path.
  func writeReport(
    _ evaluation: ClassificationEvaluation, title: String, history: [String: [Double]], lineage: Lineage, to folder: String
  ) throws -> String {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var thumbnails: [Int: Data] = [:]
    for mistake in evaluation.worstMistakes {
      thumbnails[mistake.row] = try test.image(mistake.row, covering: (128, 128)).encoded(as: .png())
    }
    let report = ClassificationReport(
      title: title, subtitle: file.project.description ?? "judged on \(NumberText.grouped(test.count)) pictures that it never saw",
      evaluation: evaluation, history: history, lineage: facts(lineage), thumbnails: thumbnails,
      footer: "Written by Martlet \(MartletVersion.current). Everything on this page is in evaluation.json beside it, too.")
    let page = folder + "/index.html"
    try report.report.write(to: page)
    try AtomicFile.write(JSON.encode(evaluation), to: folder + "/evaluation.json")
    return page
  }

  private func facts(_ lineage: Lineage) -> [ReportFact] {
    var facts: [ReportFact] = lineage.data.map {
      ReportFact("\($0.role) data", "\(NumberText.grouped($0.items)) pictures, SHA-256 \($0.digest.prefix(16))…")
    }
    if let digest = lineage.configurationDigest { facts.append(ReportFact("Configuration", "SHA-256 \(digest.prefix(16))…")) }
    if let seed = lineage.seed { facts.append(ReportFact("Seed", "\(seed)")) }
    if let code = lineage.code {
      let state = code.isDirty == true ? ", with changes that are not committed" : ""
      facts.append(ReportFact("Code", "Martlet \(code.martlet)" + (code.commit.map { ", commit \($0.prefix(12))\(state)" } ?? "")))
    }
    for (name, version) in lineage.libraries.sorted(by: { $0.key < $1.key }) { facts.append(ReportFact(name, version)) }
    if let machine = lineage.machine {
      facts.append(ReportFact("Machine", "\(machine.processor), \(machine.cores) cores, \(machine.system)"))
    }
    return facts
  }
}

/// Prepared pictures with their classes, batch by batch.
struct PictureBatches: AsyncSequence, Sendable {
  let batcher: ImageBatcher
  let inputName: String
  var size = 256

  struct Iterator: AsyncIteratorProtocol {
    let batches: PictureBatches
    var position = 0

    mutating func next() async throws -> EvaluationBatch? {
      let count = batches.batcher.dataset.count
      guard position < count else { return nil }
      let items = Array(position..<Swift.min(position + batches.size, count))
      position += items.count
      let floats = try batches.batcher.floats(items: items, epoch: nil)
      let array = try HostArray(floats, shape: [items.count] + batches.batcher.preparation.shape)
      return EvaluationBatch(inputs: [batches.inputName: array], truth: try batches.batcher.labels(of: items).map(Int.init))
    }
  }

  func makeAsyncIterator() -> Iterator { Iterator(batches: self) }
}
