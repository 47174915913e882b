import Bundles
import Foundation
import MartletCore
import Project
import Registry
import Releases
import Selection
import Serving
import Tables

/// Answers requests about rows: JSON, CSV, or a tensor a column.
final class TableServing: Predictor {
  let signature = ServedDocument.signature
  private let model: TableModel
  private let name: String
  private let version: String
  private let bins: SchemaBins
  private let tally: InputTally
  /// One client's large file must not stand for all traffic.
  private static let countedRows = 1000

  /// A version of the registry, loaded and asked once, so that the first request is not the slow one.
  static func model(_ version: ModelVersion, _ bundle: ModelBundle) throws -> ServedModel {
    let model = try TableModel(bundle: bundle)
    let serving = TableServing(model, name: version.name, version: String(version.number))
    let columns = model.configuration.inputs.map { input in
      ServedColumn(name: input.name, datatype: RowDocuments.datatype(input.type), isOptional: input.isOptional)
    }
    return ServedModel(
      name: version.name, version: String(version.number), predictor: serving, labels: model.configuration.labels,
      platform: "martlet_tables", metrics: version.metrics.mapValues(\.value), columns: columns, outputs: outputs(model.configuration),
      batching: Batching.off, maxConcurrentCalls: max(1, Parallel.defaultThreads), memoryBytes: bundle.manifest.size, inputs: serving.tally)
  }

  /// The tensors that `RowDocuments.outputs` makes.
  static func outputs(_ configuration: TableModelConfiguration) -> [ServedOutput] {
    switch configuration.task {
    case .regression: [ServedOutput(name: "value", datatype: "FP64", shape: [nil])]
    case .clustering: [ServedOutput(name: "cluster", datatype: "INT64", shape: [nil])]
    case .anomalyDetection:
      [ServedOutput(name: "anomaly", datatype: "BOOL", shape: [nil]), ServedOutput(name: "score", datatype: "FP64", shape: [nil])]
    default:
      [
        ServedOutput(name: "label", datatype: "BYTES", shape: [nil]),
        ServedOutput(name: "probabilities", datatype: "FP64", shape: [nil, configuration.labels?.count]),
      ]
    }
  }

  init(_ model: TableModel, name: String, version: String) {
    self.model = model
    self.name = name
    self.version = version
    bins = SchemaBins(model.schema)
    tally = InputTally(bins.columns.map { InputCounts($0.name, learned: $0.learned) })
  }

  /// Counts rows that were answered.
  private func count(_ table: Table) throws {
    guard tally.isCounting else { return }
    tally.add(bins.counts(try model.completed(table.head(Self.countedRows))))
  }

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    try signature.check(inputs: inputs)
    let body = inputs[ServedDocument.body]?.bytes ?? []
    let kind = (inputs[ServedDocument.kind]?.bytes.first).flatMap(ServedDocument.Kind.init(rawValue:)) ?? .rows
    let answer: JSONValue
    do {
      answer = try self.answer(body, kind)
    } catch let error as ArgumentError {
      throw error
    } catch let error as any MartletError {
      // What a row or a file is wrong about is the client's to know.
      throw ArgumentError(error.problem, expected: error.expected, remedy: error.remedy)
    }
    return [ServedDocument.answer: try HostArray([UInt8](JSON.encode(answer, pretty: false)))]
  }

  private func answer(_ body: [UInt8], _ kind: ServedDocument.Kind) throws -> JSONValue {
    let documents = RowDocuments(model)
    switch kind {
    case .csv:
      let table = try documents.csv(Data(body))
      return envelope(try answers(table), isSingle: false)
    case .rows, .instances:
      let rows = try documents.rows(body)
      if kind == .instances, rows.areInputs {
        return .object(["outputs": documents.columns(try predicted(rows.table))])
      }
      let answers = try answers(rows.table, warns: rows.warns)
      return kind == .instances ? .object(["predictions": .array(answers)]) : envelope(answers, isSingle: rows.isSingle)
    case .tensors:
      let (table, id) = try documents.tensors(body)
      var members: [String: JSONValue] = [
        "model_name": .string(name), "model_version": .string(version),
        "outputs": .array(documents.outputs(try model.predict(table, threads: 1))),
      ]
      try count(table)
      let unusual = model.warnings(table).count { !$0.isEmpty }
      if unusual > 0 { members["parameters"] = .object(["rows_with_warnings": .int(unusual)]) }
      if let id { members["id"] = .string(id) }
      return .object(members)
    }
  }

  private func envelope(_ answers: [JSONValue], isSingle: Bool) -> JSONValue {
    var members: [String: JSONValue] = [:]
    if isSingle, case .object(let only)? = answers.first {
      members = only
    } else {
      members["predictions"] = .array(answers)
      let unusual = answers.count { $0["warnings"] != nil }
      if unusual > 0 { members["rows_with_warnings"] = .int(unusual) }
    }
    members["model"] = .string(name)
    members["version"] = .string(version)
    return .object(members)
  }

  private func predicted(_ table: Table) throws -> TableModel.Answer {
    guard table.rowCount > 0 else { throw ArgumentError("there are no rows", expected: "1 or more") }
    let answer = try model.predict(table, threads: 1)
    try count(table)
    return answer
  }

  /// An object a row.
  private func answers(_ table: Table, warns: Bool = true) throws -> [JSONValue] {
    let answer = try predicted(table)
    let warnings = warns ? model.warnings(table) : []
    return (0..<table.rowCount).map { row in
      var members = RowDocuments.members(answer, row)
      let words = warnings.indices.contains(row) ? warnings[row] : []
      if !words.isEmpty { members["warnings"] = .array(words.map(JSONValue.string)) }
      return .object(members)
    }
  }
}
