import Bundles
import Foundation
import MartletCore
import Registry
import Serving
import Tables
import TextTasks
import Torch
import Web

/// Answers requests about texts: `{"text": "…"}`, a list of such rows or of bare texts, CSV, or a tensor of texts.
final class TextServing: Predictor {
  let signature = ServedDocument.signature
  private let answering: TextAnswers
  private let name: String
  private let version: String
  private let thread = TorchThread(name: "texts")

  /// A version of the registry, loaded and asked once, so that the first request is not the slow one.
  static func model(_ version: ModelVersion, _ bundle: ModelBundle) throws -> ServedModel {
    let model = try LearntTexts(bundle)
    let answering = TextAnswers(model)
    _ = try answering.answers(["warm"])
    return ServedModel(
      name: version.name, version: String(version.number),
      predictor: TextServing(answering, name: version.name, version: String(version.number)),
      labels: model.labels.isEmpty ? nil : model.labels, platform: "martlet_texts",
      metrics: version.metrics.mapValues(\.value), columns: [ServedColumn(name: "text", datatype: "BYTES", isOptional: false)],
      outputs: [ServedOutput(name: "answer", datatype: "BYTES", shape: [nil])], batching: Batching.off, maxConcurrentCalls: 1)
  }

  init(_ answering: TextAnswers, name: String, version: String) {
    self.answering = answering
    self.name = name
    self.version = version
  }

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    try signature.check(inputs: inputs)
    let body = Data(inputs[ServedDocument.body]?.bytes ?? [])
    let kind = (inputs[ServedDocument.kind]?.bytes.first).flatMap(ServedDocument.Kind.init(rawValue:)) ?? .rows
    let (texts, isSingle, id) = try self.texts(body, kind)
    let answers = try await thread.run { [answering] in try answering.answers(texts).map(\.document) }
    let answer = envelope(answers, isSingle: isSingle, kind, id)
    return [ServedDocument.answer: try HostArray([UInt8](JSON.encode(answer, pretty: false)))]
  }

  private func envelope(_ answers: [[String: JSONValue]], isSingle: Bool, _ kind: ServedDocument.Kind, _ id: String?) -> JSONValue {
    let rows = JSONValue.array(answers.map { .object($0) })
    switch kind {
    case .instances: return .object(["predictions": rows])
    case .tensors:
      // One JSON document a text.
      let words = answers.map {
        (try? JSON.encode(JSONValue.object($0), pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
      }
      let output: JSONValue = [
        "name": "answer", "datatype": "BYTES", "shape": [.int(words.count)], "data": .array(words.map(JSONValue.string)),
      ]
      var members: [String: JSONValue] = [
        "model_name": .string(name), "model_version": .string(version), "outputs": .array([output]),
      ]
      if let id { members["id"] = .string(id) }
      return .object(members)
    default:
      var members = isSingle ? answers.first ?? [:] : ["predictions": rows]
      members["model"] = .string(name)
      members["version"] = .string(version)
      return .object(members)
    }
  }

  // Requests ------------------------------------------------------------------------------------------------------------------------------

  /// - Throws: `ArgumentError` naming what is wrong with the body.
  private func texts(_ body: Data, _ kind: ServedDocument.Kind) throws -> (texts: [String], isSingle: Bool, id: String?) {
    if kind == .csv {
      let table = try csv(body)
      return (try table.texts(of: answering.column(of: table)), false, nil)
    }
    let document: JSONValue
    do { document = try JSONReader.value(of: [UInt8](body)) } catch let error as any MartletError {
      throw ArgumentError(error.problem, expected: error.expected, remedy: error.remedy)
    }
    if kind == .tensors {
      guard case .array(let inputs)? = document["inputs"], let first = inputs.first, let data = first["data"] else {
        throw ArgumentError("the body has no input", expected: "inputs: [{name: text, datatype: BYTES, shape: [n], data: […]}]")
      }
      return (try list(data), false, document["id"]?.stringValue)
    }
    var given = document
    if case .object(let members) = document, members["text"] == nil {
      for key in ["input", "inputs", "instances", "rows"] { if let inner = members[key] { given = inner } }
    }
    switch given {
    case .array: return (try list(given), false, nil)
    default: return ([try text(given, row: nil)], true, nil)
    }
  }

  private func list(_ value: JSONValue) throws -> [String] {
    guard case .array(let elements) = value, !elements.isEmpty else { throw ArgumentError("there are no texts", expected: "1 or more") }
    guard elements.count <= 10_000 else {
      throw ArgumentError("there are \(elements.count) texts", expected: "at most 10,000 in one request")
    }
    return try elements.enumerated().map { try text($1, row: $0) }
  }

  private func text(_ value: JSONValue, row: Int?) throws -> String {
    if case .string(let text) = value { return text }
    if let text = value["text"]?.stringValue ?? value["source"]?.stringValue { return text }
    if let words = value["words"]?.arrayValue { return words.compactMap(\.stringValue).joined(separator: " ") }
    throw ArgumentError((row.map { "row \($0)" } ?? "the body") + " has no text", expected: "{\"text\": \"…\"}")
  }

  private func csv(_ body: Data) throws -> Table {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString).csv").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try AtomicFile.write(body, to: path)
    do { return try Table.read(path) } catch let error as any MartletError {
      throw ArgumentError("the body is no table: \(error.problem.replacingOccurrences(of: path, with: "it"))", expected: error.expected)
    }
  }
}
