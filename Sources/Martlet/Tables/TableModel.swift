import Bundles
import Foundation
import Learners
import MartletCore
import Project
import Recipes
import Selection
import Tables

/// What a model of tables needs beside its recipe and its learner: `config.json` of its bundle.
struct TableModelConfiguration: Codable, Sendable, Hashable {
  /// A column that rows have to bring.
  struct Input: Codable, Sendable, Hashable {
    var name: String
    var type: ColumnType
    /// Some training rows had no value, so that a row may lack the column.
    var isOptional: Bool
  }

  var format = 1
  var task: ProjectTask
  /// The candidate's name: learner and balance.
  var model: String
  var target: String?
  /// The classes in the order of the probabilities.
  var labels: [String]?
  var inputs: [Input]
  /// Columns that are computed where a row does not bring them.
  var derive: [String: String]
  var calibration: ProbabilityCalibration?
  var rule: DecisionRule
  /// Beside each other, what chose the model.
  var metric: String
}

/// A fitted model of tables, ready to answer: offline, in batches and over HTTP by the same lines.
struct TableModel: Sendable {
  let configuration: TableModelConfiguration
  let pipeline: FittedPipeline
  /// What training rows looked like.
  let schema: DataSchema

  /// What the model says about rows.
  struct Answer: Sendable {
    let output: PipelineOutput
    /// The place of each row's class; empty where there are no classes.
    let decided: [Int]
  }

  private static let learnerFolder = "learner"

  /// - Parameter table: rows with the model's columns; others are ignored.
  /// - Throws: `ArgumentError` naming all columns that are missing; `RecipeError` naming the column, the row and the value.
  func predict(_ table: Table, threads: Int = Parallel.defaultThreads) throws -> Answer {
    let output = try pipeline.predict(try completed(table), threads: threads)
    guard case .probabilities(var probabilities, let labels) = output else { return Answer(output: output, decided: []) }
    if let calibration = configuration.calibration { probabilities = calibration.applied(to: probabilities) }
    return Answer(
      output: .probabilities(probabilities, labels: labels), decided: configuration.rule.decide(probabilities, classes: labels.count))
  }

  /// The columns that the model reads, derived ones computed, optional ones that are not there empty.
  func completed(_ table: Table) throws -> Table {
    var table = table
    let wanted = configuration.derive.filter { !table.contains($0.key) }
    if !wanted.isEmpty { table = (try? TableLoader.deriving(wanted, in: table)) ?? table }
    let missing = configuration.inputs.filter { !table.contains($0.name) }
    let needed = missing.filter { !$0.isOptional }.map(\.name)
    guard needed.isEmpty else {
      let known = Set(configuration.inputs.map(\.name))
      let others = table.columnNames.filter { !known.contains($0) }
      let meant = needed.compactMap { name in NearestName.of(name, among: others).map { "'\($0)' as '\(name)'" } }
      throw ArgumentError(
        needed.count == 1
          ? "the column '\(needed[0])' is missing" : "the columns \(needed.map { "'\($0)'" }.joined(separator: ", ")) are missing",
        expected: configuration.inputs.map(\.name).joined(separator: ", "),
        remedy: meant.isEmpty ? nil : "name " + meant.joined(separator: ", "))
    }
    for input in missing { table = try table.setting(.missing(input.name, type: input.type, count: table.rowCount)) }
    return try table.selecting(configuration.inputs.map(\.name))
  }

  /// What is unusual about each row, in words.
  func warnings(_ table: Table) -> [[String]] {
    guard let table = try? completed(table) else { return [] }
    return RowCheck(schema).warnings(table).map { found in
      found.map { warning in
        let place = warning.column.map { "\($0): " } ?? ""
        return "\(place)\(warning.found.isEmpty ? warning.rule.rawValue : "'\(warning.found)'"), expected \(warning.expected)"
      }
    }
  }

  /// How many rows have something unusual about them.
  func unusualRows(_ table: Table) -> Int {
    (try? completed(table)).map { RowCheck(schema).unusualRows($0) } ?? 0
  }

  // Files -------------------------------------------------------------------------------------------------------------------------------

  func write(to writer: BundleWriter) throws {
    try writer.add(json: configuration, as: ModelBundle.WellKnown.configuration)
    try writer.add(json: pipeline.recipe, as: ModelBundle.WellKnown.recipe)
    try writer.add(json: schema, as: DataSchema.fileName)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-learner-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try pipeline.learner.archive().write(to: folder)
    try writer.add(folder: folder, as: Self.learnerFolder)
  }

  init(configuration: TableModelConfiguration, pipeline: FittedPipeline, schema: DataSchema) {
    self.configuration = configuration
    self.pipeline = pipeline
    self.schema = schema
  }

  /// - Throws: `BundleError`, `FileError`, `LearnerError`, `RecipeError` naming what does not fit.
  init(bundle: ModelBundle) throws {
    configuration = try bundle.json(TableModelConfiguration.self, of: ModelBundle.WellKnown.configuration)
    guard configuration.format == 1 else {
      throw ArgumentError("\(bundle.location) is of format \(configuration.format)", expected: "1", remedy: "use a newer martlet")
    }
    let recipe = try bundle.json(FittedRecipe.self, of: ModelBundle.WellKnown.recipe)
    let data = try bundle.data(of: DataSchema.fileName)
    schema = try DataSchema(json: data, source: DataSchema.fileName)
    // Verified files may lie in a store under other names: they are laid out as the learner wrote them.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-learner-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for file in bundle.manifest.files where file.path.hasPrefix(Self.learnerFolder + "/") {
      let place = folder + "/" + file.path.dropFirst(Self.learnerFolder.count + 1)
      try FileManager.default.createDirectory(
        atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: try bundle.path(of: file.path), toPath: place)
    }
    let learner = try LearnerCatalogue.fitted(LearnerArchive(folder: folder))
    pipeline = FittedPipeline(recipe: recipe, learner: learner, labels: configuration.labels)
  }
}

/// The bundles of models of tables.
enum TableBundle {
  private static let byTask: [ProjectTask: String] = [
    .classification: "table-classifier", .regression: "table-regressor", .clustering: "table-clusterer", .anomalyDetection: "table-anomaly",
  ]
  static let kinds = Set(byTask.values)

  static func kind(_ task: ProjectTask) -> String { byTask[task] ?? "table" }

  /// One input a column; what is no number or truth value is given as UTF-8 text.
  static func signature(_ configuration: TableModelConfiguration) -> Signature {
    let inputs = configuration.inputs.map { input -> TensorSpec in
      switch input.type.kind {
      case .numeric: TensorSpec(name: input.name, dtype: .float64, shape: [nil])
      case .boolean: TensorSpec(name: input.name, dtype: .bool, shape: [nil])
      default: TensorSpec(name: input.name, dtype: .uint8, shape: [nil, nil], note: "\(input.type) as text")
      }
    }
    let outputs: [TensorSpec] =
      switch configuration.task {
      case .clustering: [TensorSpec(name: "cluster", dtype: .int64, shape: [nil])]
      case .anomalyDetection: [TensorSpec(name: "score", dtype: .float64, shape: [nil], note: "higher is more unusual")]
      case .regression: [TensorSpec(name: "value", dtype: .float64, shape: [nil], note: configuration.target ?? "")]
      default:
        [
          TensorSpec(
            name: "probabilities", dtype: .float64, shape: [nil, configuration.labels?.count],
            note: "one per class, each row sums to 1")
        ]
      }
    return Signature(inputs: inputs, outputs: outputs)
  }
}
