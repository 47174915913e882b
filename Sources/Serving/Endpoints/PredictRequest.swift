import HTTPTypes
import MartletCore
import NIOCore
import Web

/// The inputs of a prediction, as `POST /predict` and its relatives take them.
struct PredictRequest {
  let inputs: [String: HostArray]
  /// The client sent one item, so it gets one answer and not a list.
  let isSingle: Bool
  /// The client sent arrays by input, as TensorFlow Serving's clients do, so it gets arrays by output.
  private(set) var isColumnar = false

  /// Reads `{"input": …}`, `{"inputs": …}` or `{"instances": …}`.
  ///
  /// - `input`: one item or a batch, as nested or flat numbers; `{name: numbers}` for a model of several inputs.
  /// - `inputs`, `instances`: a list of items, each numbers or `{name: numbers}`; or `{name: numbers}`.
  init(json body: ByteBuffer, signature: Signature, byteLimit: Int) throws {
    var parser = PredictParser(signature: signature, byteLimit: byteLimit)
    var isColumnar = false
    try JSONReader.read(body) { reader in
      try reader.readObject("the body") { reader, key in
        switch key {
        case "input", "inputs", "instances", "examples":
          isColumnar = key == "inputs"
          guard !parser.hasInput else { throw reader.problem("'\(key)' beside another kind of input", expected: "only one of them") }
          parser.hasInput = true
          try parser.read(&reader, isList: key != "input")
        case "signature_name", "parameters", "id": try reader.skipValue()
        default:
          throw reader.problem("unknown key '\(excerpt(key))'", expected: "\"input\"")
        }
      }
    }
    guard parser.hasInput else { throw HTTPProblem(.badRequest, "the JSON has no \"input\"", expected: #"{"input": …}"#) }
    try InputResolver.check(parser.inputs, signature)
    inputs = parser.inputs
    isSingle = parser.isSingle
    self.isColumnar = isColumnar
  }

  /// Reads JSON, or a file that the model's adapter takes.
  /// - Throws: `HTTPProblem` 415 for what the model does not take.
  init(_ body: ByteBuffer, headers: HTTPFields, call: ModelCall, byteLimit: Int) throws {
    switch try RequestBodyKind(body, headers: headers) {
    case .json: try self.init(json: body, signature: call.signature, byteLimit: byteLimit)
    case .file(let mediaType, let bytes):
      guard let adapter = call.model.adapter else {
        throw HTTPProblem(
          .unsupportedMediaType, "model '\(call.model.name)' takes no files", expected: "application/json with {\"input\": …}")
      }
      guard adapter.mediaTypes.contains(mediaType) else {
        throw HTTPProblem(
          .unsupportedMediaType, "model '\(call.model.name)' does not take \(excerpt(mediaType))",
          expected: adapter.mediaTypes.joined(separator: ", "))
      }
      let arrays: [String: HostArray]
      do { arrays = try adapter.convert(bytes) } catch let error as any MartletError { throw HTTPProblem(.badRequest, because: error) }
      try self.init(adapted: arrays, signature: call.signature)
    }
  }

  /// Takes what an adapter made of a file: one item.
  init(adapted arrays: [String: HostArray], signature: Signature) throws {
    var inputs: [String: HostArray] = [:]
    for (name, array) in arrays {
      let spec = try InputResolver.spec(named: name, in: signature)
      inputs[name] = try InputResolver.resolve(array, as: spec, isBatched: signature.isBatched).array
    }
    try InputResolver.check(inputs, signature)
    self.inputs = inputs
    isSingle = true
  }
}

/// What was read of a body so far.
private struct PredictParser {
  let signature: Signature
  let byteLimit: Int
  var inputs: [String: HostArray] = [:]
  var isSingle = true
  var hasInput = false

  mutating func read(_ reader: inout JSONReader, isList: Bool) throws {
    if reader.peek() == UInt8(ascii: "{") {
      try readNamed(&reader)
    } else if isList, startsWithObject(reader) {
      try readItems(&reader)
    } else {
      guard signature.inputs.count == 1, let spec = signature.inputs.first else {
        let names = signature.inputs.map { "\"\($0.name)\": …" }.joined(separator: ", ")
        throw reader.problem("the model has \(signature.inputs.count) inputs", expected: "an object {\(names)}")
      }
      inputs[spec.name] = try readArray(&reader, spec, mustBeBatch: isList && signature.isBatched)
    }
  }

  private func startsWithObject(_ reader: JSONReader) -> Bool {
    var ahead = reader
    guard ahead.peek() == UInt8(ascii: "[") else { return false }
    ahead.offset += 1
    return ahead.peek() == UInt8(ascii: "{")
  }

  private mutating func readNamed(_ reader: inout JSONReader) throws {
    try reader.readObject("the input") { reader, name in
      let spec = try InputResolver.spec(named: name, in: signature)
      inputs[name] = try readArray(&reader, spec, mustBeBatch: false)
    }
  }

  private mutating func readArray(_ reader: inout JSONReader, _ spec: TensorSpec, mustBeBatch: Bool) throws -> HostArray {
    let capacity = spec.shape.compactMap { $0 }.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    let array = try reader.readTensor(spec.dtype, name: spec.name, byteLimit: byteLimit, capacity: max(0, min(capacity, 1 << 20)))
    let resolved = try InputResolver.resolve(array, as: spec, isBatched: signature.isBatched, mustBeBatch: mustBeBatch)
    if !resolved.isSingle { isSingle = false }
    return resolved.array
  }

  /// A list of items, each `{name: numbers}`.
  private mutating func readItems(_ reader: inout JSONReader) throws {
    var columns: [String: [HostArray]] = [:]
    var bytes = 0
    try reader.readArray("the inputs") { reader, index in
      try reader.readObject("item \(index)") { reader, name in
        let spec = try InputResolver.spec(named: name, in: signature)
        let array = try readArray(&reader, spec, mustBeBatch: false)
        guard !signature.isBatched || array.shape.first == 1 else {
          throw reader.problem("item \(index) is a batch itself", expected: "one item")
        }
        bytes += array.bytes.count
        guard bytes <= byteLimit else {
          throw TensorTooLarge(problem: "the items take more than \(byteLimit) bytes", remedy: "send fewer items in one request")
        }
        columns[name, default: []].append(array)
      }
      for (name, column) in columns where column.count != index + 1 {
        throw reader.problem("item \(index) has no '\(name)'", expected: "the same inputs in every item")
      }
    }
    for (name, column) in columns {
      for array in column where array.shape.dropFirst() != column[0].shape.dropFirst() {
        throw HTTPProblem(.badRequest, "the items' '\(name)' differ in shape", expected: "one shape in one request")
      }
      guard signature.isBatched || column.count == 1 else {
        throw HTTPProblem(.badRequest, "the model takes one item at a time", expected: "one item")
      }
      inputs[name] = try BatchArithmetic.join(column)
    }
    isSingle = false
  }
}
