import HTTPTypes
import MartletCore
import NIOCore
import Web

/// The answer of a model that reads whole requests, taken apart again where a client wants only parts of it, raw bytes or protobuf.
enum DocumentAnswer {
  /// - Throws: `HTTPProblem` 400 for an output that the model does not give.
  static func read(_ bytes: [UInt8], for request: TensorDocument, _ call: ModelCall) throws -> InferenceAnswer {
    let document = try JSONReader.read(ByteBuffer(bytes: bytes)) { try $0.readValue() }
    let given = try (document["outputs"]?.arrayValue ?? []).map { try tensor($0) }
    var answer = InferenceAnswer(
      model: call.answering, id: request.id, parameters: document["parameters"]?.objectValue ?? [:], outputs: [])
    let wanted = request.outputs.isEmpty ? given.map { RequestedOutput($0.name) } : request.outputs
    for output in wanted {
      guard var tensor = given.first(where: { $0.name == output.name }) else {
        let names = given.map(\.name)
        let near = NearestName.of(String(output.name.prefix(64)), among: names)
        throw HTTPProblem(
          .badRequest, "unknown output '\(excerpt(output.name))'", expected: names.joined(separator: ", "), remedy: near.map { "'\($0)'" })
      }
      if let classes = output.classes {
        guard case .array(let array) = tensor.value else {
          throw HTTPProblem(.badRequest, "output '\(output.name)' has no classes", expected: "a number for each class")
        }
        tensor = try Classification.tensor(output.name, array, count: classes, labels: call.model.labels, isBatched: true)
      }
      tensor.isBinary = output.isBinary ?? request.hasBinaryOutputs
      answer.outputs.append(tensor)
    }
    return answer
  }

  private static func tensor(_ document: JSONValue) throws -> OutputTensor {
    let name = document["name"]?.stringValue ?? ""
    let shape = (document["shape"]?.arrayValue ?? []).compactMap(\.intValue)
    let data = document["data"]?.arrayValue ?? []
    guard let datatype = document["datatype"]?.stringValue else { throw OutputMissing(name: name) }
    if datatype == "BYTES" { return OutputTensor(name, texts: data.map { Array(($0.stringValue ?? "").utf8) }, shape: shape) }
    switch DType(inferenceProtocolName: datatype) {
    case .float64?: return try OutputTensor(name, HostArray(data.map { $0.doubleValue ?? .nan }, shape: shape))
    case .float32?: return try OutputTensor(name, HostArray(data.map { Float($0.doubleValue ?? .nan) }, shape: shape))
    case .int64?: return try OutputTensor(name, HostArray(data.map { Int64($0.intValue ?? 0) }, shape: shape))
    case .bool?: return try OutputTensor(name, HostArray(data.map { $0.boolValue ?? false }, shape: shape))
    default: throw OutputMissing(name: name)
    }
  }
}
