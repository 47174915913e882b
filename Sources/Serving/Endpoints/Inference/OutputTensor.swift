import HTTPTypes
import MartletCore
import Web

/// One output of an answer, before it is written as JSON, as raw bytes or as protobuf.
struct OutputTensor: Sendable {
  enum Value: Sendable {
    case array(HostArray)
    /// The elements of a tensor of type `BYTES`.
    case texts([[UInt8]])
  }

  let name: String
  let datatype: String
  let shape: [Int]
  let value: Value
  /// Goes behind the JSON.
  var isBinary = false

  init(_ name: String, _ array: HostArray) throws {
    guard let datatype = array.dtype.inferenceProtocolName else { throw OutputMissing(name: name) }
    self.name = name
    self.datatype = datatype
    shape = array.shape
    value = .array(array)
  }

  init(_ name: String, texts: [[UInt8]], shape: [Int]) {
    self.name = name
    datatype = "BYTES"
    self.shape = shape
    value = .texts(texts)
  }

  /// Little-endian, row-major; elements of `BYTES` as their length in four bytes and themselves.
  var raw: [UInt8] {
    switch value {
    case .array(let array): return array.bytes
    case .texts(let texts):
      var bytes: [UInt8] = []
      bytes.reserveCapacity(texts.reduce(0) { $0 + $1.count + 4 })
      for text in texts {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text)
      }
      return bytes
    }
  }

  /// The outputs that were asked for, of those that a model gave; all of the signature's where none was named.
  static func select(
    _ wanted: [RequestedOutput], of outputs: [String: HostArray], _ call: ModelCall, isBinary: Bool
  ) throws -> [OutputTensor] {
    let wanted = wanted.isEmpty ? call.signature.outputs.map { RequestedOutput($0.name) } : wanted
    return try wanted.map { output in
      guard let array = outputs[output.name] else { throw OutputMissing(name: output.name) }
      var tensor: OutputTensor
      if let classes = output.classes {
        tensor = try Classification.tensor(
          output.name, array, count: classes, labels: call.model.labels, isBatched: call.signature.isBatched)
      } else {
        tensor = try OutputTensor(output.name, array)
      }
      tensor.isBinary = output.isBinary ?? isBinary
      return tensor
    }
  }
}

/// A predictor that breaks its own signature: the server's fault, not the client's.
struct OutputMissing: MartletError {
  let name: String
  var problem: String { "the model gave no output '\(name)' that the protocol can carry" }
}

/// A whole answer.
struct InferenceAnswer: Sendable {
  let model: AnsweringModel
  var id: String?
  var parameters: [String: JSONValue] = [:]
  var outputs: [OutputTensor]

  /// The answer over REST: JSON, and behind it the tensors that were wanted as raw bytes.
  func reply() -> Reply {
    let size = outputs.reduce(256) { sum, output in
      if case .array(let array) = output.value { sum + array.elementCount * 8 } else { sum + 64 }
    }
    var writer = JSONWriter(capacity: size)
    write(to: &writer)
    var reply = Reply(writer.bytes, model: model)
    let binary = outputs.filter(\.isBinary)
    if !binary.isEmpty {
      reply.contentType = "application/octet-stream"
      reply.headers = [(.inferenceHeaderLength, String(writer.bytes.count))]
      for output in binary { reply.body += output.raw }
    }
    return reply
  }

  private func write(to writer: inout JSONWriter) {
    writer.raw("{\"model_name\":")
    writer.string(model.name)
    writer.raw(",\"model_version\":")
    writer.string(model.version)
    if let id {
      writer.raw(",\"id\":")
      writer.string(id)
    }
    if !parameters.isEmpty {
      writer.raw(",\"parameters\":")
      writer.value(.object(parameters))
    }
    writer.raw(",\"outputs\":")
    writer.array(outputs) { writer, output in
      writer.raw("{\"name\":")
      writer.string(output.name)
      writer.raw(",\"datatype\":")
      writer.string(output.datatype)
      writer.raw(",\"shape\":")
      writer.array(output.shape) { $0.integer($1) }
      if output.isBinary {
        writer.raw(",\"parameters\":{\"binary_data_size\":")
        writer.integer(output.byteCount)
        writer.raw("}}")
        return
      }
      writer.raw(",\"data\":")
      switch output.value {
      case .array(let array): writer.flat(array)
      case .texts(let texts): writer.array(texts) { $0.string(String(decoding: $1, as: UTF8.self)) }
      }
      writer.raw("}")
    }
    writer.raw("}")
  }
}

extension OutputTensor {
  /// Of `raw`.
  var byteCount: Int {
    switch value {
    case .array(let array): array.bytes.count
    case .texts(let texts): texts.reduce(0) { $0 + $1.count + 4 }
    }
  }
}
