import Bundles
import Commands
import Foundation
import Images
import Jobs
import MartletCore
import Recipes
import Registry
import Tables
import TextTasks
import Torch

/// `martlet predict --checkpoint`: a job over an input of any size that goes on after whatever killed it.
enum PredictionJob {
  /// What is asked, row by row.
  private struct Work: Sendable {
    let files: [String]
    /// Rows are files themselves, too many to be named one by one.
    var isFolderOfFiles = false
    let empty: Table
    let next: TableJob.Source
    let answer: TableJob.Answerer
  }

  /// Pictures are larger than rows.
  private static let picturesOfPart = 1024

  static func run(
    _ request: PredictRequest, _ job: PredictionJobRequest, _ version: ModelVersion, _ bundle: ModelBundle
  ) async throws -> PredictionSummary {
    guard let output = request.output else {
      throw ArgumentError("a job has nowhere to write to", expected: "--output FILE beside --checkpoint FOLDER")
    }
    let clock = ContinuousClock.now
    let quiet = request.surroundings.quiet
    let done = try await CancelledBySignals.run {
      let work = try Self.work(request.inputs, bundle, output: output, isQuiet: quiet)
      let partRows = job.partRows ?? (work.isFolderOfFiles ? picturesOfPart : 1 << 16)
      if !quiet { Terminal.note("\(version.reference): looking whether the input is what it was") }
      let identity = try JobIdentity(
        files: work.files, together: work.isFolderOfFiles, model: version.reference, modelDigest: version.digest,
        options: ["--part-rows": String(partRows), "--output": output, "--failures": job.failures ?? "beside the output"])
      let table = TableJob(
        folder: job.checkpoint, output: output, failures: job.failures ?? output + ".failed.jsonl", identity: identity, partRows: partRows,
        maxFailures: job.maxFailures)
      let reporter = ProgressLines(since: clock, isQuiet: quiet)
      let summary = try await table.run(work.next, empty: work.empty, answer: work.answer) { reporter.tell($0) }
      reporter.end()
      return summary
    }
    var summary = PredictionSummary(model: version.name, version: version.number, predictions: [])
    summary.output = output
    summary.rows = done.rows
    summary.unusualRows = bundle.manifest.kind.hasPrefix("table-") ? done.unusual : nil
    summary.seconds = (ContinuousClock.now - clock) / .seconds(1)
    summary.job = .init(
      checkpoint: job.checkpoint, isFinished: done.isFinished, failed: done.failed, failures: done.isFinished ? done.failures : nil,
      parts: done.parts, resumed: done.resumed)
    return summary
  }

  private static func work(_ inputs: [String], _ bundle: ModelBundle, output: String, isQuiet: Bool) throws -> Work {
    if TableBundle.kinds.contains(bundle.manifest.kind) { return try rows(inputs, TableModel(bundle: bundle)) }
    if TextBundle.kinds.contains(bundle.manifest.kind) {
      return try texts(inputs, TextAnswers(LearntTexts(bundle)), output: output, isQuiet: isQuiet)
    }
    return try pictures(inputs, bundle)
  }

  // Rows --------------------------------------------------------------------------------------------------------------------------------

  private static func rows(_ inputs: [String], _ model: TableModel) throws -> Work {
    let reader = try TableReader(inputs, options: TablePrediction.readOptions(model, inputs))
    // A column that is missing is no row's fault.
    if !reader.emptyTable.columns.isEmpty { _ = try model.completed(TablePrediction.typed(reader.emptyTable, model)) }
    return Work(files: reader.report.files, empty: reader.emptyTable, next: { try reader.next() }) { table in
      try await TorchThread.main.run {
        do {
          let asked = try TablePrediction.typed(table, model)
          return JobAnswer(try TablePrediction.added(model, to: table, typed: asked), unusual: model.unusualRows(asked))
        } catch let error as RecipeError {
          // Which row it is, the job says: here it is counted from the first of those that were asked together.
          let problem = error.row.map { error.problem.replacing(" in row \($0)", with: "", maxReplacements: 1) }
          throw ArgumentError(problem ?? error.problem, expected: error.expected, remedy: error.remedy)
        }
      }
    }
  }

  // Texts -------------------------------------------------------------------------------------------------------------------------------

  private static func texts(_ inputs: [String], _ answering: TextAnswers, output: String, isQuiet: Bool) throws -> Work {
    let files: [String], empty: Table, next: TableJob.Source
    try AskedTexts.check(inputs)
    let texts = try inputs.map(TextFiles.files)
    if texts.allSatisfy(\.isEmpty) {
      let reader = try TableReader(inputs, options: AskedTexts.options(answering, inputs))
      files = reader.report.files
      empty = reader.emptyTable
      next = { try reader.next() }
    } else {
      let all = try AskedTexts.read(answering, inputs)
      let once = OneTable(all)
      files = try zip(inputs, texts).flatMap { path, found in try found.isEmpty ? TableReader([path]).report.files : found }
      empty = try all.slice(0..<0)
      next = { once.take() }
    }
    let column = try answering.column(of: empty), hasLists = AskedTexts.holdsLists(output)
    if !isQuiet, let remark = answering.remark(on: column) { Terminal.note(remark) }
    return Work(files: files, empty: empty, next: next) { table in
      try await TorchThread.main.run {
        try TorchThreads.with(ImageTraining.cores()) {
          if let (_, problem) = answering.problems(table, column).first {
            throw ArgumentError(problem, expected: "a text in '\(column)'")
          }
          let answers = try table.rowCount == 0 ? [] : answering.answers(table, column)
          return JobAnswer(try answering.added(answers, to: table, hasLists: hasLists))
        }
      }
    }
  }

  // Pictures ----------------------------------------------------------------------------------------------------------------------------

  private static func pictures(_ inputs: [String], _ bundle: ModelBundle) throws -> Work {
    let preparation = try bundle.json(ImageRecipe.self, of: ModelBundle.WellKnown.recipe).preparation.plain
    let classifier = try TorchClassifier(bundle: bundle)
    let files = try pictures(of: inputs)
    let all = try Table([Column("input", files as [String?])])
    let once = OneTable(all)
    return Work(files: files, isFolderOfFiles: true, empty: try all.slice(0..<0), next: { once.take() }) { table in
      let paths = table.rowCount == 0 ? [] : try table.column("input").texts().compactMap { $0 }
      var values: [Float] = []
      for first in stride(from: 0, to: paths.count, by: 32) {
        let batch = paths[first..<min(first + 32, paths.count)]
        var floats: [Float] = []
        for path in batch { floats += try preparation.floats(try preparation.read(path)) }
        let outputs = try await classifier.predict([
          TorchClassifier.inputName: HostArray(floats, shape: [batch.count] + preparation.shape)
        ])
        values += try outputs[TorchClassifier.outputName]?.values(as: Float.self) ?? []
      }
      let labels = classifier.labels, classes = labels.count
      let best = paths.indices.map { row -> String? in
        labels.indices.max { (values[row * classes + $0], $1) < (values[row * classes + $1], $0) }.map { labels[$0] }
      }
      var columns = [try table.column("input"), Column("prediction", best)]
      for (place, label) in labels.enumerated() {
        columns.append(Column("probability_\(label)", paths.indices.map { Double(values[$0 * classes + place]) }))
      }
      return JobAnswer(try Table(columns))
    }
  }

  /// Files as they are given, and the pictures of folders, by name.
  private static func pictures(of inputs: [String]) throws -> [String] {
    var files: [String] = []
    for path in inputs {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw FileError(path: path, problem: "there is no such file or folder", remedy: "check the path")
      }
      guard isFolder.boolValue else {
        files.append(path)
        continue
      }
      let found = try FileManager.default.subpathsOfDirectory(atPath: path).sorted().filter { name in
        ImageFormat(path: name) != nil && !name.split(separator: "/").contains { $0.hasPrefix(".") }
      }
      guard !found.isEmpty else { throw FileError(path: path, problem: "the folder holds no pictures", expected: "JPEG, PNG or WebP") }
      files += found.map { path + "/" + $0 }
    }
    return files
  }
}
