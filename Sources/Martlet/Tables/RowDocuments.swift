import Foundation
import MartletCore
import Selection
import Tables
import Web

/// Rows in the forms that clients send them in, and answers in the forms that clients read.
struct RowDocuments {
  private let model: TableModel
  private let types: [String: ColumnType]

  init(_ model: TableModel) {
    self.model = model
    types = Dictionary(model.configuration.inputs.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
  }

  /// What the Open Inference Protocol calls a type.
  static func datatype(_ type: ColumnType) -> String {
    switch type.kind {
    case .numeric: type.isInteger ? "INT64" : "FP64"
    case .boolean: "BOOL"
    default: "BYTES"
    }
  }

  // JSON --------------------------------------------------------------------------------------------------------------------------------

  /// One row `{…}`, rows `[{…}]`, or either under `input`, `inputs`, `instances` or `rows`; or columns, `{"columns": {name: […]}}`.
  /// TensorFlow Serving's clients send columns as `{"inputs": {name: […]}}`.
  /// Beside them `{"parameters": {"warnings": false}}` asks not to be told what is unusual about a row.
  /// - Throws: `JSONProblem` with the place, `ArgumentError` naming what is wrong.
  func rows(_ body: [UInt8]) throws -> Rows {
    let document = try JSONReader.value(of: body)
    var rows = try rows(document)
    rows.warns = types["parameters"] != nil || document["parameters"]?["warnings"]?.boolValue ?? true
    return rows
  }

  /// The rows of a request.
  struct Rows {
    var table: Table
    var isSingle = false
    /// They came as columns under `inputs`.
    var areInputs = false
    var warns = true
  }

  /// What may stand beside the rows.
  private static let asides: Set = ["parameters", "signature_name", "id"]

  private func rows(_ given: JSONValue) throws -> Rows {
    var document = given
    if case .object(let members) = document,
      members["parameters"] != nil || members.keys.count(where: { types[$0] != nil || !Self.asides.contains($0) }) == 1
    {
      for key in ["input", "inputs", "instances", "rows"] where types[key] == nil {
        if let inner = members[key] {
          if key == "inputs", case .object(let columns) = inner, !columns.isEmpty, columns.values.allSatisfy({ $0.arrayValue != nil }) {
            return Rows(table: try table(columns: columns.mapValues(Self.flat)), areInputs: true)
          }
          document = inner
          break
        }
      }
      if types["columns"] == nil, case .object(let columns)? = members["columns"] { return Rows(table: try table(columns: columns)) }
    }
    switch document {
    case .object(let row): return Rows(table: try table(rows: [row]), isSingle: true)
    case .array(let elements):
      let rows = try elements.enumerated().map { place, element -> [String: JSONValue] in
        guard case .object(let row) = element else {
          throw ArgumentError(
            "row \(place) is no object", expected: "{\(types.keys.sorted().prefix(3).map { "\"\($0)\": …" }.joined(separator: ", "))}")
        }
        return row
      }
      guard !rows.isEmpty else { throw ArgumentError("there are no rows", expected: "1 or more") }
      return Rows(table: try table(rows: rows))
    default: throw ArgumentError("the body is neither a row nor a list of rows", expected: "a JSON object by column, or a list of them")
    }
  }

  private func table(rows: [[String: JSONValue]]) throws -> Table {
    let names = Set(rows.flatMap(\.keys))
    return try table(
      columns: Dictionary(
        uniqueKeysWithValues: names.map { name in
          (name, JSONValue.array(rows.map { $0[name] ?? .null }))
        }), lacking: { name in rows.firstIndex { $0[name] == nil } })
  }

  /// - Parameter lacking: the first row that does not say anything about a column.
  private func table(columns: [String: JSONValue], lacking: (String) -> Int? = { _ in nil }) throws -> Table {
    var made: [Column] = []
    var lengths: [Int: String] = [:]
    for (name, value) in columns.sorted(by: { $0.key < $1.key }) {
      guard case .array(let values) = value else { throw ArgumentError("the column '\(name)' is no list", expected: "a value a row") }
      lengths[values.count] = name
      if let input = model.configuration.inputs.first(where: { $0.name == name }), !input.isOptional, let row = lacking(name) {
        throw ArgumentError("row \(row) has no '\(name)'", expected: "a value, as in every training row")
      }
      // Columns that the model does not know are left to it to ignore; those that others are computed from keep their own types.
      guard let type = types[name] else {
        if let column = Self.guessed(name, values) { made.append(column) }
        continue
      }
      made.append(try column(name, type, values))
    }
    guard lengths.count <= 1 else {
      let words = lengths.sorted { $0.key < $1.key }.map { "'\($0.value)' has \($0.key)" }.joined(separator: ", ")
      throw ArgumentError("the columns have different lengths: \(words)", expected: "a value a row")
    }
    guard !made.isEmpty else {
      // Nothing of the model's is there: it says itself what is missing.
      return try Table([Column("", [Double](repeating: 0, count: lengths.keys.first ?? 1))])
    }
    return try Table(made)
  }

  /// A column of values as the model's rows had them.
  private func column(_ name: String, _ type: ColumnType, _ values: [JSONValue]) throws -> Column {
    func wrong(_ row: Int, _ expected: String) -> ArgumentError {
      let text = (try? JSON.encode(values[row], pretty: false)).map { String(decoding: $0.prefix(60), as: UTF8.self) } ?? ""
      return ArgumentError("'\(name)' is \(text)" + (values.count > 1 ? " in row \(row)" : ""), expected: expected)
    }
    switch type.kind {
    case .numeric:
      return Column(
        name,
        try values.enumerated().map { row, value -> Double? in
          if value == .null { return nil }
          guard let number = value.doubleValue else { throw wrong(row, "a number") }
          return number
        })
    case .boolean:
      return Column(
        name,
        try values.enumerated().map { row, value -> Bool? in
          switch value {
          case .null: return nil
          case .bool(let flag): return flag
          case .int(0): return false
          case .int(1): return true
          default: throw wrong(row, "true or false")
          }
        })
    case .timestamp:
      if values.allSatisfy({ $0 == .null || $0.intValue != nil }) {
        return Column(name, microseconds: values.map { $0.intValue.map(Int64.init) })
      }
      let texts = try values.enumerated().map { row, value -> String? in
        if value == .null { return nil }
        guard let text = value.stringValue else { throw wrong(row, "a time such as 2024-01-31T12:00:00Z") }
        return text
      }
      return try Column(name, texts).cast(to: type)
    case .list: throw ArgumentError("'\(name)' holds lists, which requests cannot bring", expected: "a file, with martlet predict")
    case .text, .categorical:
      return Column(
        name,
        try values.enumerated().map { row, value -> String? in
          switch value {
          case .null: return nil
          case .string(let text): return text
          case .bool(let flag): return flag ? "true" : "false"
          case .int(let number): return String(number)
          case .double(let number): return number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
          default: throw wrong(row, "text")
          }
        })
    }
  }

  private static func guessed(_ name: String, _ values: [JSONValue]) -> Column? {
    if values.allSatisfy({ $0 == .null || $0.doubleValue != nil }) { return Column(name, values.map(\.doubleValue)) }
    if values.allSatisfy({ $0 == .null || $0.boolValue != nil }) { return Column(name, values.map(\.boolValue)) }
    return Column(name, values.map(\.stringValue))
  }

  // CSV ---------------------------------------------------------------------------------------------------------------------------------

  /// - Throws: `FileError`, `TableError` naming the line and the column.
  func csv(_ body: Data) throws -> Table {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-request-\(UUID().uuidString).csv").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try AtomicFile.write(body, to: path)
    var options = TableReadOptions(format: .csv)
    do {
      let known = Set(try TableReader([path], options: options).emptyTable.columnNames)
      for (name, type) in types where [.text, .categorical].contains(type.kind) && known.contains(name) { options.types[name] = .text }
      return try Table.read([path], options: options)
    } catch let error as FileError {
      // The file is nobody's business but ours.
      throw ArgumentError(error.problem.replacingOccurrences(of: path, with: "the body"), expected: error.expected, remedy: error.remedy)
    }
  }

  // Tensors -----------------------------------------------------------------------------------------------------------------------------

  /// The Open Inference Protocol v2, one tensor a column.
  /// - Throws: `JSONProblem`, `ArgumentError` naming the tensor that is wrong.
  func tensors(_ body: [UInt8]) throws -> (table: Table, id: String?) {
    let document = try JSONReader.value(of: body)
    guard let inputs = document["inputs"]?.arrayValue else {
      throw ArgumentError("the request has no \"inputs\"", expected: #"{"inputs": [{"name", "datatype", "shape", "data"}]}"#)
    }
    var columns: [String: JSONValue] = [:]
    for (place, input) in inputs.enumerated() {
      guard let name = input["name"]?.stringValue else { throw ArgumentError("inputs[\(place)] has no name") }
      guard columns[name] == nil else { throw ArgumentError("input '\(name)' appears twice") }
      guard let data = input["data"]?.arrayValue else {
        throw ArgumentError("input '\(name)' has no data", expected: "a list, a value a row")
      }
      let values = Self.flat(.array(data)).arrayValue ?? []
      if let shape = input["shape"]?.arrayValue?.compactMap(\.intValue), let rows = shape.first {
        guard rows == values.count, shape.dropFirst().allSatisfy({ $0 == 1 }) else {
          throw ArgumentError("input '\(name)' has shape \(shape) and \(values.count) values", expected: "a value a row")
        }
      }
      columns[name] = .array(values)
    }
    return (try table(columns: columns), document["id"]?.stringValue)
  }

  /// The same for [n, 1] as for [n].
  private static func flat(_ column: JSONValue) -> JSONValue {
    guard case .array(let values) = column else { return column }
    return .array(values.map { value in if case .array(let inner) = value, inner.count == 1 { inner[0] } else { value } })
  }

  /// Answers as TensorFlow Serving gives columns: the only one, or an object of all.
  func columns(_ answer: TableModel.Answer) -> JSONValue {
    let tensors = outputs(answer)
    let columns = tensors.map { tensor -> JSONValue in
      let data = tensor["data"]?.arrayValue ?? []
      guard let shape = tensor["shape"]?.arrayValue, shape.count == 2, let width = shape[1].intValue, width > 0 else { return .array(data) }
      return .array(stride(from: 0, to: data.count, by: width).map { .array(Array(data[$0..<$0 + width])) })
    }
    if columns.count == 1 { return columns[0] }
    let names = tensors.map { $0["name"]?.stringValue ?? "" }
    return .object(Dictionary(zip(names, columns), uniquingKeysWith: { first, _ in first }))
  }

  /// Answers as tensors.
  func outputs(_ answer: TableModel.Answer) -> [JSONValue] {
    func tensor(_ name: String, _ datatype: String, _ shape: [Int], _ data: [JSONValue]) -> JSONValue {
      .object(["name": .string(name), "datatype": .string(datatype), "shape": .array(shape.map(JSONValue.int)), "data": .array(data)])
    }
    let rows = answer.output.rows
    switch answer.output {
    case .probabilities(let values, let labels):
      return [
        tensor("label", "BYTES", [rows], answer.decided.map { .string(labels[$0]) }),
        tensor("probabilities", "FP64", [rows, labels.count], values.map(JSONValue.double)),
      ]
    case .values(let values): return [tensor("value", "FP64", [rows], values.map(JSONValue.double))]
    case .clusters(let groups): return [tensor("cluster", "INT64", [rows], groups.map(JSONValue.int))]
    case .scores(let scores, let threshold):
      return [
        tensor("anomaly", "BOOL", [rows], scores.map { .bool($0 > threshold) }),
        tensor("score", "FP64", [rows], scores.map(JSONValue.double)),
      ]
    }
  }

  /// The members of one row's answer.
  static func members(_ answer: TableModel.Answer, _ row: Int) -> [String: JSONValue] {
    switch answer.output {
    case .probabilities(let values, let labels):
      let own = labels.indices.map { (labels[$0], JSONValue.double(values[row * labels.count + $0])) }
      return [
        "prediction": .int(answer.decided[row]), "label": .string(labels[answer.decided[row]]),
        "probabilities": .object(Dictionary(own, uniquingKeysWith: { first, _ in first })),
      ]
    case .values(let values): return ["prediction": .double(values[row])]
    case .clusters(let groups): return ["prediction": .int(groups[row])]
    case .scores(let scores, let threshold): return ["prediction": .bool(scores[row] > threshold), "score": .double(scores[row])]
    }
  }
}
