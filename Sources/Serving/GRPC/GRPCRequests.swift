import Foundation
import HTTPTypes
import InferenceProtocol
import MartletCore
import Web

extension InferenceRequest {
  /// A request over gRPC to a model of tensors.
  /// - Throws: `HTTPProblem` 400 naming the tensor that is wrong, `TensorTooLarge`.
  init(_ message: Inference_ModelInferRequest, signature: Signature, byteLimit: Int) throws {
    var inputs: [String: HostArray] = [:]
    for (index, tensor) in message.inputs.enumerated() {
      guard inputs[tensor.name] == nil else { throw HTTPProblem(.badRequest, "input '\(excerpt(tensor.name))' appears twice") }
      _ = try InputResolver.spec(named: tensor.name, in: signature)
      if tensor.parameters["shared_memory_region"] != nil { throw HTTPProblem.noSharedMemory(tensor.name) }
      let dtype = try DType.named(tensor.datatype, of: tensor.name)
      let shape = try tensor.counts()
      let (bytes, overflow) = try RawTensor.checked(tensor.name, shape).multipliedReportingOverflow(by: dtype.size)
      guard !overflow, bytes <= byteLimit else {
        throw TensorTooLarge(
          problem: "'\(tensor.name)' of shape \(shape) takes more than \(byteLimit) bytes", remedy: "send fewer items in one request")
      }
      if let raw = try message.raw(index) {
        inputs[tensor.name] = try RawTensor.array(tensor.name, dtype, shape, [UInt8](raw))
      } else {
        inputs[tensor.name] = try tensor.contents.array(tensor.name, dtype, shape)
      }
    }
    let outputs = try message.outputs.map { output in
      let wanted = try RequestedOutput(output.name, parameters: output.parameters.mapValues(\.json))
      try Self.check(wanted, signature)
      return wanted
    }
    try self.init(
      id: message.id.isEmpty ? nil : message.id, inputs: inputs, outputs: outputs, parameters: message.parameters.mapValues(\.json),
      signature: signature)
  }
}

extension TensorDocument {
  /// A request over gRPC to a model of tables or texts.
  init(_ message: Inference_ModelInferRequest, limit: Int) throws {
    self.init()
    id = message.id.isEmpty ? nil : message.id
    parameters = message.parameters.mapValues(\.json)
    for (index, tensor) in message.inputs.enumerated() {
      if tensor.parameters["shared_memory_region"] != nil { throw HTTPProblem.noSharedMemory(tensor.name) }
      let shape = try tensor.counts()
      if let raw = try message.raw(index) {
        try add(try Input(tensor.name, tensor.datatype, shape, raw: [UInt8](raw), limit: limit))
        continue
      }
      let values = try tensor.contents.values(tensor.name, tensor.datatype)
      guard try values.count == RawTensor.checked(tensor.name, shape), values.count <= limit else {
        throw HTTPProblem(
          .badRequest, "'\(excerpt(tensor.name))' has \(values.count) values",
          expected: "as many as its shape \(shape) has, at most \(limit)")
      }
      try add(Input(name: tensor.name, datatype: tensor.datatype, shape: shape, data: .array(values)))
    }
    for output in message.outputs { try add(try RequestedOutput(output.name, parameters: output.parameters.mapValues(\.json))) }
  }
}

extension Inference_ModelInferRequest {
  /// The raw bytes of one input; `nil` where the inputs have contents.
  /// - Throws: `HTTPProblem` 400 where there is both, or not one for each input.
  fileprivate func raw(_ index: Int) throws -> Data? {
    guard !rawInputContents.isEmpty else { return nil }
    guard rawInputContents.count == inputs.count else {
      throw HTTPProblem(
        .badRequest, "there are \(rawInputContents.count) raw_input_contents for \(inputs.count) inputs", expected: "one for each input")
    }
    guard !inputs[index].hasContents || inputs[index].contents == Inference_InferTensorContents() else {
      throw HTTPProblem(
        .badRequest, "input '\(excerpt(inputs[index].name))' has contents beside raw_input_contents", expected: "one of them")
    }
    return rawInputContents[index]
  }

  /// About the memory that the tensors take.
  var tensorBytes: Int {
    rawInputContents.reduce(0) { $0 + $1.count }
      + inputs.reduce(0) { sum, input in
        let contents = input.contents
        return sum + contents.boolContents.count + (contents.intContents.count + contents.uintContents.count + contents.fp32Contents.count)
          * 4
          + (contents.int64Contents.count + contents.uint64Contents.count + contents.fp64Contents.count) * 8
          + contents.bytesContents.reduce(0) { $0 + $1.count + 16 }
      }
  }
}

extension Inference_ModelInferRequest.InferInputTensor {
  /// - Throws: `HTTPProblem` 400 for what is no shape.
  fileprivate func counts() throws -> [Int] {
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw HTTPProblem(.badRequest, "the shape of '\(excerpt(name))' has a negative dimension", expected: "dimensions of 0 or more")
    }
    let shape = shape.map { Int($0) }
    _ = try RawTensor.checked(name, shape)
    return shape
  }
}

extension Inference_InferTensorContents {
  /// The elements as an array of their type.
  fileprivate func array(_ name: String, _ dtype: DType, _ shape: [Int]) throws -> HostArray {
    func made<Element: TensorElement>(_ elements: [Element]) throws -> HostArray {
      let count = try RawTensor.checked(name, shape)
      guard elements.count == count else {
        throw HTTPProblem(.badRequest, "the contents of '\(excerpt(name))' have \(elements.count) \(dtype) elements", expected: "\(count)")
      }
      return try HostArray(elements, shape: shape)
    }
    func narrowed<Wide: BinaryInteger, Narrow: FixedWidthInteger & TensorElement>(
      _ elements: [Wide], _ type: Narrow.Type
    ) throws -> HostArray {
      try made(
        try elements.map { element in
          guard let value = Narrow(exactly: element) else {
            throw HTTPProblem(.badRequest, "\(element) in '\(excerpt(name))' does not fit \(dtype)", expected: "a \(dtype)")
          }
          return value
        })
    }
    switch dtype {
    case .bool: return try made(boolContents)
    case .int8: return try narrowed(intContents, Int8.self)
    case .int16: return try narrowed(intContents, Int16.self)
    case .int32: return try made(intContents)
    case .int64: return try made(int64Contents)
    case .uint8: return try narrowed(uintContents, UInt8.self)
    case .uint16: return try narrowed(uintContents, UInt16.self)
    case .uint32: return try made(uintContents)
    case .uint64: return try made(uint64Contents)
    case .float32: return try made(fp32Contents)
    case .float64: return try made(fp64Contents)
    case .float16, .bfloat16, .complex64, .complex128, .float8e4m3, .float8e5m2:
      throw HTTPProblem(.badRequest, "'\(excerpt(name))' of \(dtype) has no contents in this protocol", expected: "raw_input_contents")
    }
  }

  /// The elements as JSON values.
  fileprivate func values(_ name: String, _ datatype: String) throws -> [JSONValue] {
    switch datatype {
    case "BYTES": return try bytesContents.map { try TensorDocument.Input.text($0, name) }
    case "BOOL": return boolContents.map { .bool($0) }
    case "INT8", "INT16", "INT32": return intContents.map { .int(Int($0)) }
    case "INT64": return int64Contents.map { .int(Int($0)) }
    case "UINT8", "UINT16", "UINT32": return uintContents.map { .int(Int($0)) }
    case "UINT64": return uint64Contents.map { value in Int(exactly: value).map { .int($0) } ?? .double(Double(value)) }
    case "FP32": return fp32Contents.map { $0.isFinite ? .double(Double($0)) : .null }
    case "FP64": return fp64Contents.map { $0.isFinite ? .double($0) : .null }
    default:
      throw HTTPProblem(
        .badRequest, "'\(excerpt(name))' of datatype '\(excerpt(datatype))' has no contents", expected: "raw_input_contents")
    }
  }
}

extension Inference_InferParameter {
  var json: JSONValue {
    switch parameterChoice {
    case .boolParam(let value)?: .bool(value)
    case .int64Param(let value)?: .int(Int(value))
    case .uint64Param(let value)?: Int(exactly: value).map { .int($0) } ?? .double(Double(value))
    case .doubleParam(let value)?: .double(value)
    case .stringParam(let value)?: .string(value)
    case nil: .null
    }
  }

  init(_ value: JSONValue) {
    self.init()
    switch value {
    case .bool(let value): boolParam = value
    case .int(let value): int64Param = Int64(value)
    case .double(let value): doubleParam = value
    case .string(let value): stringParam = value
    case .null, .array, .object: break
    }
  }
}
