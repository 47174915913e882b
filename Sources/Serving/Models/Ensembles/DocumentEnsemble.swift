import Foundation
import MartletCore
import Web

/// An ensemble of models that read whole requests: rows of a table in, one answer a row.
struct DocumentEnsemble: Predictor {
  let signature = ServedDocument.signature
  let members: EnsembleMembers
  let version: String

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    try signature.check(inputs: inputs)
    let kind = (inputs[ServedDocument.kind]?.bytes.first).flatMap(ServedDocument.Kind.init(rawValue:)) ?? .rows
    guard kind != .tensors else {
      throw ArgumentError("the ensemble '\(members.spec.name)' of tables answers no tensors", expected: "rows as JSON or CSV")
    }
    let (rows, isSingle) = try await combined(inputs)
    let document: JSONValue
    switch kind {
    case .instances: document = ["predictions": .array(rows)]
    default:
      var object: [String: JSONValue] = [:]
      if isSingle, case .object(let only)? = rows.first { object = only } else { object["predictions"] = .array(rows) }
      object["model"] = .string(members.spec.name)
      object["version"] = .string(version)
      document = .object(object)
    }
    return [ServedDocument.answer: try HostArray([UInt8](JSON.encode(document, pretty: false)))]
  }

  private func combined(_ inputs: [String: HostArray]) async throws -> (rows: [JSONValue], isSingle: Bool) {
    guard case .cascade(let confidence) = members.spec.rule else {
      let answers = try await members.all(inputs)
      let documents = try answers.map { try Self.rows($0.outputs) }
      let count = documents[0].rows.count
      guard documents.allSatisfy({ $0.rows.count == count }) else { throw RowsDiffer(counts: documents.map(\.rows.count)) }
      let weights = answers.map { members.spec.weights[$0.member] }
      let rows = (0..<count).map { row in Self.combine(documents.map { $0.rows[row] }, weights, isVote: members.spec.rule == .vote) }
      return (rows, documents[0].isSingle)
    }
    var best: (rows: [JSONValue], isSingle: Bool)?
    var failure: (any Error)?
    for member in members.spec.members.indices {
      let answer = try await members.one(member, inputs)
      failure = answer.failure ?? failure
      guard let outputs = answer.outputs else { continue }
      let found = try Self.rows(outputs)
      if let known = best {
        guard known.rows.count == found.rows.count else { throw RowsDiffer(counts: [known.rows.count, found.rows.count]) }
        // The rows that were sure keep their answer.
        let rows = zip(known.rows, found.rows).map { Self.isSure($0, confidence) ? $0 : $1 }
        best = (rows, known.isSingle)
      } else {
        best = found
      }
      if best?.rows.allSatisfy({ Self.isSure($0, confidence) }) ?? false { break }
    }
    guard let best else { throw failure ?? RowsDiffer(counts: []) }
    return best
  }

  private static func rows(_ outputs: [String: HostArray]) throws -> (rows: [JSONValue], isSingle: Bool) {
    let document = try JSON.decode(
      JSONValue.self, from: Data(outputs[ServedDocument.answer]?.bytes ?? []), source: "the answer of a member")
    if let rows = document["predictions"]?.arrayValue { return (rows, false) }
    guard case .object(var row) = document else { throw RowsDiffer(counts: []) }
    guard row["outputs"] == nil else {
      throw ArgumentError("an ensemble of tables takes no columns", expected: #"{"instances": [{…}]}"#)
    }
    row["model"] = nil
    row["version"] = nil
    return ([.object(row)], true)
  }

  private static func isSure(_ row: JSONValue, _ confidence: Double) -> Bool {
    let probabilities = row["probabilities"]?.objectValue?.values.compactMap(\.doubleValue)
    return probabilities?.max().map { $0 >= confidence } ?? true
  }

  /// One row's answer from the members' answers for it.
  static func combine(_ rows: [JSONValue], _ weights: [Double], isVote: Bool) -> JSONValue {
    let total = weights.reduce(0, +)
    var result: [String: JSONValue] = [:]
    if let warnings = rows.compactMap({ $0["warnings"] }).first { result["warnings"] = warnings }
    let documents = rows.map { $0["probabilities"]?.objectValue ?? [:] }
    if documents.allSatisfy({ !$0.isEmpty }) {
      var sums: [String: Double] = [:]
      for (index, document) in documents.enumerated() {
        for (label, value) in document {
          let own = isVote ? (rows[index]["label"]?.stringValue == label ? 1 : 0) : value.doubleValue ?? 0
          sums[label, default: 0] += own * weights[index] / total
        }
      }
      let best = sums.sorted { $0.key < $1.key }.max { $0.value < $1.value }?.key ?? ""
      // A class has the same number in all members; take it from one that chose it, or leave the number out.
      result["prediction"] = rows.first { $0["label"]?.stringValue == best }?["prediction"]
      result["label"] = .string(best)
      result["probabilities"] = .object(sums.mapValues { .double($0) })
      return .object(result)
    }
    let values = rows.compactMap { $0["prediction"] }
    let numbers = values.compactMap(\.doubleValue)
    if !isVote, numbers.count == rows.count {
      result["prediction"] = .double(zip(numbers, weights).reduce(0) { $0 + $1.0 * $1.1 } / total)
    } else {
      var votes: [JSONValue: Int] = [:]
      for value in values { votes[value, default: 0] += 1 }
      let most = votes.values.max() ?? 0
      result["prediction"] = values.first { votes[$0] == most }
    }
    return .object(result)
  }
}

/// Members that answer different numbers of rows: the server's fault, not the client's.
private struct RowsDiffer: MartletError {
  let counts: [Int]
  var problem: String { "the members of the ensemble answered \(counts) rows" }
}
