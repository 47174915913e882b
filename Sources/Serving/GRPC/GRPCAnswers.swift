import Foundation
import InferenceProtocol
import MartletCore
import SwiftProtobuf
import Web

extension Inference_ModelInferResponse {
  /// - Parameter hasContents: elements in the outputs, as the request had them in its inputs; else all as raw bytes.
  init(_ answer: InferenceAnswer, hasContents: Bool) {
    self.init()
    modelName = answer.model.name
    modelVersion = answer.model.version
    id = answer.id ?? ""
    parameters = answer.parameters.mapValues { Inference_InferParameter($0) }
    // Either all outputs are raw or none; half precision has no contents.
    let hasContents = hasContents && answer.outputs.allSatisfy { !["FP16", "BF16"].contains($0.datatype) }
    outputs = answer.outputs.map { output in
      var tensor = InferOutputTensor()
      tensor.name = output.name
      tensor.datatype = output.datatype
      tensor.shape = output.shape.map { Int64($0) }
      if hasContents { tensor.contents = Inference_InferTensorContents(output) }
      return tensor
    }
    if !hasContents { rawOutputContents = answer.outputs.map { Data($0.raw) } }
  }
}

extension Inference_InferTensorContents {
  fileprivate init(_ output: OutputTensor) {
    self.init()
    guard case .array(let array) = output.value else {
      if case .texts(let texts) = output.value { bytesContents = texts.map { Data($0) } }
      return
    }
    func load<Element, Result>(_ type: Element.Type, _ convert: (Element) -> Result) -> [Result] {
      array.bytes.withUnsafeBytes { bytes in
        (0..<array.elementCount).map { convert(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: type)) }
      }
    }
    switch array.dtype {
    case .bool: boolContents = load(UInt8.self) { $0 != 0 }
    case .int8: intContents = load(Int8.self) { Int32($0) }
    case .int16: intContents = load(Int16.self) { Int32($0) }
    case .int32: intContents = load(Int32.self) { $0 }
    case .int64: int64Contents = load(Int64.self) { $0 }
    case .uint8: uintContents = load(UInt8.self) { UInt32($0) }
    case .uint16: uintContents = load(UInt16.self) { UInt32($0) }
    case .uint32: uintContents = load(UInt32.self) { $0 }
    case .uint64: uint64Contents = load(UInt64.self) { $0 }
    case .float32: fp32Contents = load(Float.self) { $0 }
    case .float64: fp64Contents = load(Double.self) { $0 }
    case .float16, .bfloat16, .complex64, .complex128, .float8e4m3, .float8e5m2: break
    }
  }
}

extension Inference_ModelMetadataResponse {
  init(_ model: ModelDescription) {
    func tensor(_ tensor: ModelDescription.Tensor) -> TensorMetadata {
      var metadata = TensorMetadata()
      metadata.name = tensor.name
      metadata.datatype = tensor.datatype
      metadata.shape = tensor.shape.map { Int64($0) }
      return metadata
    }
    self.init()
    name = model.name
    versions = model.versions
    platform = model.platform
    inputs = model.inputs.map(tensor)
    outputs = model.outputs.map(tensor)
  }
}

extension Inference_ModelConfig {
  /// The same as over REST, member by member.
  init(_ model: ModelDescription) {
    // With a batch size the batch dimension is not among the dimensions.
    func dimensions(_ tensor: ModelDescription.Tensor) -> [Int64] {
      (model.maxBatch > 0 ? tensor.shape.dropFirst() : tensor.shape[...]).map { Int64($0) }
    }
    self.init()
    name = model.name
    platform = model.platform
    backend = "martlet"
    maxBatchSize = Int32(clamping: model.maxBatch)
    input = model.inputs.map { tensor in
      var input = Inference_ModelInput()
      input.name = tensor.name
      input.dataType = Inference_DataType(protocolName: tensor.datatype)
      input.dims = dimensions(tensor)
      input.optional = tensor.isOptional
      return input
    }
    output = model.outputs.map { tensor in
      var output = Inference_ModelOutput()
      output.name = tensor.name
      output.dataType = Inference_DataType(protocolName: tensor.datatype)
      output.dims = dimensions(tensor)
      return output
    }
    var group = Inference_ModelInstanceGroup()
    group.name = "\(model.name)_0"
    group.kind = .cpu
    group.count = Int32(clamping: model.instances)
    instanceGroup = [group]
    if model.maxBatch > 1 {
      dynamicBatching.preferredBatchSize = [Int32(clamping: model.maxBatch)]
      dynamicBatching.maxQueueDelayMicroseconds = UInt64(max(0, model.delay))
    }
    parameters["version"] = .with { $0.stringValue = model.version }
    modelTransactionPolicy.decoupled = model.isDecoupled
  }
}

extension Inference_DataType {
  fileprivate init(protocolName: String) {
    let name = ModelDescription.configurationType(protocolName)
    self = Self.names.first { $0.value == name }?.key ?? .typeInvalid
  }

  private static let names: [Inference_DataType: String] = [
    .typeBool: "TYPE_BOOL", .typeUint8: "TYPE_UINT8", .typeUint16: "TYPE_UINT16", .typeUint32: "TYPE_UINT32", .typeUint64: "TYPE_UINT64",
    .typeInt8: "TYPE_INT8", .typeInt16: "TYPE_INT16", .typeInt32: "TYPE_INT32", .typeInt64: "TYPE_INT64", .typeFp16: "TYPE_FP16",
    .typeFp32: "TYPE_FP32", .typeFp64: "TYPE_FP64", .typeString: "TYPE_STRING", .typeBf16: "TYPE_BF16",
  ]
}

extension Inference_ModelStatistics {
  init(_ statistics: InferenceStatistics) {
    func duration(_ value: InferenceStatistics.Duration) -> Inference_StatisticDuration {
      .with {
        $0.count = value.count
        $0.ns = value.nanoseconds
      }
    }
    self.init()
    name = statistics.name
    version = statistics.version
    lastInference = statistics.lastInference
    inferenceCount = statistics.inferences
    executionCount = statistics.executions
    inferenceStats.success = duration(statistics.success)
    inferenceStats.fail = duration(statistics.fail)
    inferenceStats.queue = duration(statistics.queue)
    inferenceStats.computeInput = duration(statistics.computeInput)
    inferenceStats.computeInfer = duration(statistics.computeInfer)
    inferenceStats.computeOutput = duration(statistics.computeOutput)
    inferenceStats.cacheHit = duration(statistics.cacheHit)
    inferenceStats.cacheMiss = duration(statistics.cacheMiss)
    batchStats = statistics.batches.map { batch in
      .with {
        $0.batchSize = batch.size
        $0.computeInput = duration(batch.computeInput)
        $0.computeInfer = duration(batch.computeInfer)
        $0.computeOutput = duration(batch.computeOutput)
      }
    }
  }
}
