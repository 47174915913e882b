import HTTPTypes
import MartletCore
import NIOCore
import Web

/// A request of the Open Inference Protocol v2: JSON, with tensors in it or, by the binary tensor extension, behind it.
struct InferenceRequest {
  private(set) var id: String?
  private(set) var inputs: [String: HostArray] = [:]
  /// The outputs that the client asked for, in its order; all if empty.
  private(set) var outputs: [RequestedOutput] = []
  private(set) var parameters: [String: JSONValue] = [:]

  private let signature: Signature
  private let byteLimit: Int
  private var tail: ByteBuffer

  /// Outputs go behind the JSON unless they say otherwise.
  var hasBinaryOutputs: Bool { parameters["binary_data_output"]?.boolValue ?? false }

  /// - Parameter jsonLength: the value of `Inference-Header-Content-Length`; `nil` where all is JSON, 0 where all is one tensor.
  init(_ body: ByteBuffer, jsonLength: Int?, signature: Signature, byteLimit: Int) throws {
    self.signature = signature
    self.byteLimit = byteLimit
    tail = body
    let length = jsonLength ?? body.readableBytes
    guard length >= 0, let json = tail.readSlice(length: length) else {
      throw HTTPProblem(
        .badRequest, "Inference-Header-Content-Length is \(length)", expected: "at most the body's length, \(body.readableBytes)")
    }
    if jsonLength == 0 {
      try readRawInput()
    } else {
      guard length > 0 else { throw HTTPProblem(.badRequest, "the body is empty", expected: #"{"inputs": […]}"#) }
      try JSONReader.read(json) { reader in try readDocument(&reader) }
    }
    guard tail.readableBytes == 0 else {
      throw HTTPProblem(
        .badRequest, "\(tail.readableBytes) bytes follow the last tensor", expected: "as many bytes as the inputs' binary_data_size")
    }
    try InputResolver.check(inputs, signature)
  }

  /// A request that came otherwise than over REST.
  /// - Throws: `HTTPProblem` 400 where the inputs do not fit the signature.
  init(
    id: String?, inputs: [String: HostArray], outputs: [RequestedOutput], parameters: [String: JSONValue], signature: Signature
  ) throws {
    for (index, output) in outputs.enumerated() where outputs[..<index].contains(where: { $0.name == output.name }) {
      throw HTTPProblem(.badRequest, "output '\(output.name)' appears twice")
    }
    try InputResolver.check(inputs, signature)
    self.id = id
    self.inputs = inputs
    self.outputs = outputs
    self.parameters = parameters
    self.signature = signature
    byteLimit = 0
    tail = ByteBuffer()
  }

  private mutating func readDocument(_ reader: inout JSONReader) throws {
    var hasInputs = false
    try reader.readObject("the request") { reader, key in
      switch key {
      case "id": id = try reader.readString()
      case "inputs":
        hasInputs = true
        try reader.readArray("inputs") { reader, index in try readInput(&reader, index) }
      case "outputs": try reader.readArray("outputs") { reader, index in try readOutput(&reader, index) }
      case "parameters":
        guard case .object(let members) = try reader.readValue() else { throw reader.problem("parameters are no object") }
        parameters = members
      default: try reader.skipValue()
      }
    }
    guard hasInputs else { throw HTTPProblem(.badRequest, "the request has no \"inputs\"", expected: #"{"inputs": [{…}]}"#) }
  }

  // MARK: Inputs

  private mutating func readInput(_ reader: inout JSONReader, _ index: Int) throws {
    var name: String?, dtype: DType?, shape: [Int]?, parameters: [String: JSONValue] = [:]
    var array: HostArray?
    var dataOffset: Int?
    try reader.readObject("inputs[\(index)]") { reader, key in
      switch key {
      case "name": name = try reader.readString()
      case "datatype": dtype = try readDatatype(&reader)
      case "shape": shape = try readShape(&reader)
      case "parameters": parameters = try reader.readValue().objectValue ?? [:]
      case "data":
        dataOffset = reader.offset
        // The usual order of members names the type first; otherwise the numbers are read when it is known.
        if let dtype { array = try readData(&reader, dtype, name ?? "data", shape) } else { try reader.skipValue() }
      default: try reader.skipValue()
      }
    }
    guard let name else { throw reader.problem("inputs[\(index)] has no name") }
    guard inputs[name] == nil else { throw reader.problem("input '\(excerpt(name))' appears twice") }
    _ = try InputResolver.spec(named: name, in: signature)
    if parameters["shared_memory_region"] != nil { throw HTTPProblem.noSharedMemory(name) }
    guard let dtype else { throw reader.problem("input '\(name)' has no datatype", expected: "FP32, INT64 …") }
    guard let shape else { throw reader.problem("input '\(name)' has no shape", expected: "an array of dimensions") }
    if let size = parameters["binary_data_size"] {
      guard dataOffset == nil else { throw reader.problem("input '\(name)' has both data and binary_data_size", expected: "one of them") }
      inputs[name] = try readBinary(name, dtype, shape, size: size)
      return
    }
    guard let dataOffset else {
      throw reader.problem("input '\(name)' has no data", expected: "an array, or the parameter binary_data_size")
    }
    if array == nil {
      var again = reader
      again.offset = dataOffset
      array = try readData(&again, dtype, name, shape)
    }
    guard let array else { return }
    inputs[name] = try Self.fit(array, shape, name)
  }

  private func readData(_ reader: inout JSONReader, _ dtype: DType, _ name: String, _ shape: [Int]?) throws -> HostArray {
    let capacity = shape.flatMap { try? HostArray.elementCount(of: $0) } ?? 0
    return try reader.readTensor(dtype, name: excerpt(name), byteLimit: byteLimit, capacity: min(capacity, 1 << 20))
  }

  private func readDatatype(_ reader: inout JSONReader) throws -> DType {
    let place = reader.offset
    let text = try reader.readString()
    guard let dtype = DType(inferenceProtocolName: text) else {
      let known = DType.allCases.compactMap(\.inferenceProtocolName).joined(separator: ", ")
      throw reader.problem("datatype '\(excerpt(text))' is not taken here", expected: known, at: place)
    }
    return dtype
  }

  private func readShape(_ reader: inout JSONReader) throws -> [Int] {
    var shape: [Int] = []
    try reader.readArray("shape") { reader, _ in
      let place = reader.offset
      let number = try reader.readNumber()
      guard number.isInteger, let size = Int(number: number), size >= 0, shape.count < RawTensor.rankLimit else {
        throw reader.problem("a shape is a list of at most \(RawTensor.rankLimit) counts", expected: "an integer of 0 or more", at: place)
      }
      shape.append(size)
    }
    do { _ = try HostArray.elementCount(of: shape) } catch { throw HTTPProblem(.badRequest, because: error) }
    return shape
  }

  /// Nested data must have the shape; flat data must have as many elements.
  private static func fit(_ array: HostArray, _ shape: [Int], _ name: String) throws -> HostArray {
    if array.shape == shape { return array }
    let count = try HostArray.elementCount(of: shape)
    guard array.shape.count == 1, array.shape[0] == count else {
      throw HTTPProblem(
        .badRequest, "the data of '\(excerpt(name))' has shape \(array.shape)", expected: "shape \(shape), or \(count) numbers in a row")
    }
    return try array.reshaped(shape)
  }

  private mutating func readBinary(_ name: String, _ dtype: DType, _ shape: [Int], size: JSONValue) throws -> HostArray {
    let (wanted, overflow) = try HostArray.elementCount(of: shape).multipliedReportingOverflow(by: dtype.size)
    guard !overflow, size.intValue == wanted else {
      throw HTTPProblem(
        .badRequest, "binary_data_size of '\(name)' does not fit \(dtype) of shape \(shape)", expected: overflow ? nil : "\(wanted)")
    }
    guard let bytes = tail.readBytes(length: wanted) else {
      throw HTTPProblem(.badRequest, "the body ends before the tensor '\(name)' does", expected: "\(wanted) bytes")
    }
    return try RawTensor.array(name, dtype, shape, bytes)
  }

  /// The whole body is the only input, of which at most the batch dimension is free.
  private mutating func readRawInput() throws {
    guard signature.inputs.count == 1, let spec = signature.inputs.first else {
      throw HTTPProblem(.badRequest, "a body without JSON is one tensor, but the model has \(signature.inputs.count) inputs")
    }
    let bytes = tail.readBytes(length: tail.readableBytes) ?? []
    let known = spec.shape.compactMap { $0 }
    let unit = known.reduce(spec.dtype.size) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard unit > 0, spec.shape.count - known.count <= 1, bytes.count % unit == 0, !bytes.isEmpty else {
      throw HTTPProblem(
        .badRequest, "\(bytes.count) bytes do not fill '\(spec.name)'", expected: "\(spec.dtype) of shape \(spec.shapeDescription)")
    }
    let shape = spec.shape.map { $0 ?? bytes.count / unit }
    inputs[spec.name] = try RawTensor.array(spec.name, spec.dtype, shape, bytes)
  }

  // MARK: Outputs

  private mutating func readOutput(_ reader: inout JSONReader, _ index: Int) throws {
    var name: String?
    var parameters: [String: JSONValue] = [:]
    try reader.readObject("outputs[\(index)]") { reader, key in
      switch key {
      case "name": name = try reader.readString()
      case "parameters": parameters = try reader.readValue().objectValue ?? [:]
      default: try reader.skipValue()
      }
    }
    guard let name else { throw reader.problem("outputs[\(index)] has no name") }
    let output = try RequestedOutput(name, parameters: parameters)
    try Self.check(output, signature)
    guard !outputs.contains(where: { $0.name == name }) else { throw reader.problem("output '\(name)' appears twice") }
    outputs.append(output)
  }

  /// - Throws: `HTTPProblem` 400 with the nearest name if the model has no such output.
  static func check(_ output: RequestedOutput, _ signature: Signature) throws {
    let names = signature.outputs.map(\.name)
    guard !names.contains(output.name) else { return }
    let near = NearestName.of(String(output.name.prefix(64)), among: names)
    throw HTTPProblem(
      .badRequest, "unknown output '\(excerpt(output.name))'", expected: names.joined(separator: ", "), remedy: near.map { "'\($0)'" })
  }
}
