import HTTPTypes
import MartletCore
import NIOCore
import Web

/// A request of the Open Inference Protocol to a model that takes values of many types: columns of a table, texts.
///
/// Tensors of such a model become JSON values, however they came: as JSON, as raw bytes behind it, or as protobuf.
struct TensorDocument: Sendable {
  struct Input: Sendable {
    let name: String
    let datatype: String
    let shape: [Int]
    /// An array of values, nested or flat.
    let data: JSONValue

    /// The values in row-major order.
    var values: [JSONValue] { Self.flat(data) }

    private static func flat(_ value: JSONValue) -> [JSONValue] {
      guard case .array(let elements) = value else { return [value] }
      return elements.contains { if case .array = $0 { true } else { false } } ? elements.flatMap(flat) : elements
    }
  }

  var id: String?
  var parameters: [String: JSONValue] = [:]
  var inputs: [Input] = []
  var outputs: [RequestedOutput] = []
  var hasBinaryOutputs: Bool { parameters["binary_data_output"]?.boolValue ?? false }

  init() {}

  // MARK: REST

  /// - Parameters:
  ///   - jsonLength: the value of `Inference-Header-Content-Length`; `nil` where all is JSON, 0 where all is one text.
  ///   - names: of the inputs that the model takes; a body without JSON is the only one of them.
  ///   - limit: the most values of one tensor.
  /// - Throws: `JSONProblem`, `HTTPProblem` 400 naming the tensor that is wrong, `TensorTooLarge`.
  init(_ body: ByteBuffer, jsonLength: Int?, names: [String], limit: Int) throws {
    var tail = body
    let length = jsonLength ?? body.readableBytes
    guard length >= 0, let json = tail.readSlice(length: length) else {
      throw HTTPProblem(
        .badRequest, "Inference-Header-Content-Length is \(length)", expected: "at most the body's length, \(body.readableBytes)")
    }
    if jsonLength == 0 {
      guard names.count == 1 else {
        throw HTTPProblem(.badRequest, "a body without JSON is one tensor, but the model has \(names.count) inputs")
      }
      inputs = [try Self.text(names[0], tail)]
      return
    }
    guard length > 0 else { throw HTTPProblem(.badRequest, "the body is empty", expected: #"{"inputs": […]}"#) }
    try JSONReader.read(json) { reader in try read(&reader, &tail, limit) }
    guard tail.readableBytes == 0 else {
      throw HTTPProblem(
        .badRequest, "\(tail.readableBytes) bytes follow the last tensor", expected: "as many bytes as the inputs' binary_data_size")
    }
  }

  private static func text(_ name: String, _ bytes: ByteBuffer) throws -> Input {
    guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else { throw notText(name) }
    return Input(name: name, datatype: "BYTES", shape: [1], data: [.string(text)])
  }

  private mutating func read(_ reader: inout JSONReader, _ tail: inout ByteBuffer, _ limit: Int) throws {
    var hasInputs = false
    try reader.readObject("the request") { reader, key in
      switch key {
      case "id": id = try reader.readString()
      case "parameters":
        guard case .object(let members) = try reader.readValue() else { throw reader.problem("parameters are no object") }
        parameters = members
      case "inputs":
        hasInputs = true
        try reader.readArray("inputs") { reader, index in
          let start = reader.offset
          guard case .object(let members) = try reader.readValue() else { throw reader.problem("inputs[\(index)] is no object", at: start) }
          try add(try Self.input(members, index, &tail, limit))
        }
      case "outputs":
        try reader.readArray("outputs") { reader, index in
          let value = try reader.readValue()
          guard let name = value["name"]?.stringValue else { throw reader.problem("outputs[\(index)] has no name") }
          try add(try RequestedOutput(name, parameters: value["parameters"]?.objectValue ?? [:]))
        }
      default: try reader.skipValue()
      }
    }
    guard hasInputs else { throw HTTPProblem(.badRequest, "the request has no \"inputs\"", expected: #"{"inputs": [{…}]}"#) }
  }

  private static func input(_ members: [String: JSONValue], _ index: Int, _ tail: inout ByteBuffer, _ limit: Int) throws -> Input {
    guard let name = members["name"]?.stringValue else { throw HTTPProblem(.badRequest, "inputs[\(index)] has no name") }
    let datatype = members["datatype"]?.stringValue ?? ""
    let shape = try members["shape"].map { try self.shape($0, name) }
    if let shape { _ = try RawTensor.checked(name, shape) }
    let parameters = members["parameters"]?.objectValue ?? [:]
    if parameters["shared_memory_region"] != nil { throw HTTPProblem.noSharedMemory(name) }
    guard let size = parameters["binary_data_size"] else {
      guard let data = members["data"], data.arrayValue != nil else {
        throw HTTPProblem(.badRequest, "input '\(excerpt(name))' has no data", expected: "an array, or the parameter binary_data_size")
      }
      let input = Input(name: name, datatype: datatype, shape: shape ?? [data.arrayValue?.count ?? 0], data: data)
      if shape != nil, try input.values.count != HostArray.elementCount(of: input.shape) {
        throw HTTPProblem(
          .badRequest, "input '\(excerpt(name))' has \(input.values.count) values", expected: "as many as its shape \(input.shape) has")
      }
      return input
    }
    guard members["data"] == nil else {
      throw HTTPProblem(.badRequest, "input '\(excerpt(name))' has both data and binary_data_size", expected: "one of them")
    }
    guard let shape else { throw HTTPProblem(.badRequest, "input '\(excerpt(name))' has no shape", expected: "an array of dimensions") }
    guard let length = size.intValue, length >= 0, let bytes = tail.readBytes(length: min(length, tail.readableBytes + 1)) else {
      throw HTTPProblem(.badRequest, "the body ends before the tensor '\(excerpt(name))' does", expected: "binary_data_size bytes")
    }
    return try Input(name, datatype, shape, raw: bytes, limit: limit)
  }

  private static func shape(_ value: JSONValue, _ name: String) throws -> [Int] {
    guard let elements = value.arrayValue, elements.allSatisfy({ $0.intValue.map { $0 >= 0 } ?? false }) else {
      throw HTTPProblem(.badRequest, "the shape of '\(excerpt(name))' is no list of counts", expected: "integers of 0 or more")
    }
    return elements.compactMap(\.intValue)
  }

  mutating func add(_ input: Input) throws {
    guard !inputs.contains(where: { $0.name == input.name }) else {
      throw HTTPProblem(.badRequest, "input '\(excerpt(input.name))' appears twice")
    }
    inputs.append(input)
  }

  mutating func add(_ output: RequestedOutput) throws {
    guard !outputs.contains(where: { $0.name == output.name }) else {
      throw HTTPProblem(.badRequest, "output '\(excerpt(output.name))' appears twice")
    }
    outputs.append(output)
  }

  fileprivate static func notText(_ name: String) -> HTTPProblem {
    HTTPProblem(.badRequest, "the bytes of '\(excerpt(name))' are no UTF-8", expected: "text")
  }

  /// The request as JSON without anything behind it.
  var json: [UInt8] {
    var members: [String: JSONValue] = [
      "inputs": .array(
        inputs.map { input in
          [
            "name": .string(input.name), "datatype": .string(input.datatype), "shape": .array(input.shape.map { .int($0) }),
            "data": input.data,
          ]
        })
    ]
    if let id { members["id"] = .string(id) }
    var writer = JSONWriter(capacity: 4096)
    writer.value(.object(members))
    return writer.bytes
  }
}

extension TensorDocument.Input {
  /// A tensor of raw bytes.
  /// - Parameter limit: the most values; each takes many times the memory of a byte.
  init(_ name: String, _ datatype: String, _ shape: [Int], raw bytes: [UInt8], limit: Int) throws {
    let count = try RawTensor.checked(name, shape)
    guard count <= limit else {
      throw TensorTooLarge(problem: "'\(excerpt(name))' has \(count) values, and \(limit) is the most here", remedy: "send fewer rows")
    }
    if datatype == "BYTES" {
      let texts = try RawTensor.texts(name, count: count, bytes)
      self.init(name: name, datatype: datatype, shape: shape, data: .array(try texts.map { try Self.text($0, name) }))
      return
    }
    let dtype = try DType.named(datatype, of: name)
    let array = try RawTensor.array(name, dtype, shape, bytes)
    self.init(name: name, datatype: datatype, shape: shape, data: .array(array.jsonValues))
  }

  static func text(_ bytes: some Collection<UInt8>, _ name: String) throws -> JSONValue {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw TensorDocument.notText(name) }
    return .string(text)
  }
}

extension DType {
  /// - Throws: `HTTPProblem` 400 listing the types that there are.
  static func named(_ text: String, of tensor: String) throws -> DType {
    if let dtype = DType(inferenceProtocolName: text) { return dtype }
    let known = DType.allCases.compactMap(\.inferenceProtocolName).joined(separator: ", ")
    throw HTTPProblem(.badRequest, "the datatype '\(excerpt(text))' of '\(excerpt(tensor))' is not taken here", expected: known)
  }
}

extension HostArray {
  /// The elements as JSON values; what is no finite number is `null`.
  fileprivate var jsonValues: [JSONValue] {
    var writer = JSONWriter(capacity: elementCount * 4)
    writer.flat(self)
    // Written by us, so that it can be read.
    let value = try? JSONReader.read(ByteBuffer(bytes: writer.bytes)) { try $0.readValue() }
    return value?.arrayValue ?? []
  }
}
