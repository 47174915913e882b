import MartletCore
import Web

/// What the Open Inference Protocol tells about a model, over REST and gRPC alike.
struct ModelDescription: Sendable {
  struct Tensor: Sendable {
    let name: String
    let datatype: String
    /// -1 for a free dimension.
    let shape: [Int]
    var isOptional = false
  }

  let name: String
  let version: String
  let versions: [String]
  let platform: String
  let inputs: [Tensor]
  let outputs: [Tensor]
  /// Items in one call; 0 where the model knows no items.
  let maxBatch: Int
  let instances: Int
  /// Microseconds that a request may wait for others.
  let delay: Double
  /// A request may have many answers.
  let isDecoupled: Bool

  init(_ runner: ModelRunner, versions: [String]) {
    let model = runner.model
    name = model.name
    version = model.version
    self.versions = versions
    platform = model.platform
    if let columns = model.columns {
      inputs = columns.map { Tensor(name: $0.name, datatype: $0.datatype, shape: [-1], isOptional: $0.isOptional) }
      outputs = model.outputs.map { Tensor(name: $0.name, datatype: $0.datatype, shape: $0.shape.map { $0 ?? -1 }) }
      maxBatch = 0
    } else {
      inputs = runner.signature.inputs.map(Self.tensor)
      outputs = runner.signature.outputs.map(Self.tensor)
      maxBatch = runner.signature.isBatched ? max(1, (model.batching as? Batching)?.maxItems ?? 1) : 0
    }
    instances = max(1, runner.instances.wanted) * model.maxConcurrentCalls
    delay = ((model.batching as? Batching)?.maxDelay ?? .zero) / .microseconds(1)
    isDecoupled = false
  }

  /// A language model: a text in, a text out, as the servers of language models behind this protocol have it.
  init(_ runner: LanguageRunner, versions: [String]) {
    let model = runner.model
    name = model.name
    version = model.version
    self.versions = versions
    platform = model.platform
    inputs = [
      Tensor(name: TextInference.input, datatype: "BYTES", shape: [1]),
      Tensor(name: TextInference.settings, datatype: "BYTES", shape: [1], isOptional: true),
      Tensor(name: TextInference.isStreamed, datatype: "BOOL", shape: [1], isOptional: true),
    ]
    outputs = [Tensor(name: TextInference.output, datatype: "BYTES", shape: [1])]
    maxBatch = 0
    instances = 1
    delay = 0
    isDecoupled = true
  }

  private static func tensor(_ spec: TensorSpec) -> Tensor {
    Tensor(name: spec.name, datatype: spec.dtype.inferenceProtocolName ?? spec.dtype.description, shape: spec.shape.map { $0 ?? -1 })
  }

  /// `GET /v2/models/M`
  func writeMetadata(to writer: inout JSONWriter) {
    func write(_ tensors: [Tensor], to writer: inout JSONWriter) {
      writer.array(tensors) { writer, tensor in
        writer.raw("{\"name\":")
        writer.string(tensor.name)
        writer.raw(",\"datatype\":")
        writer.string(tensor.datatype)
        writer.raw(",\"shape\":")
        writer.array(tensor.shape) { $0.integer($1) }
        writer.raw("}")
      }
    }
    writer.raw("{\"name\":")
    writer.string(name)
    writer.raw(",\"versions\":")
    writer.strings(versions)
    writer.raw(",\"platform\":")
    writer.string(platform)
    writer.raw(",\"inputs\":")
    write(inputs, to: &writer)
    writer.raw(",\"outputs\":")
    write(outputs, to: &writer)
    writer.raw("}")
  }

  /// `GET /v2/models/M/config`, with the members of the model configuration extension that mean something here.
  var configuration: JSONValue {
    // With a batch size the batch dimension is not among the dimensions.
    func tensors(_ tensors: [Tensor], areInputs: Bool) -> JSONValue {
      .array(
        tensors.map { tensor in
          let dimensions = maxBatch > 0 ? tensor.shape.dropFirst() : tensor.shape[...]
          var members: [String: JSONValue] = [
            "name": .string(tensor.name), "data_type": .string(Self.configurationType(tensor.datatype)),
            "dims": .array(dimensions.map { .int($0) }),
          ]
          if areInputs { members["optional"] = .bool(tensor.isOptional) }
          return .object(members)
        })
    }
    var members: [String: JSONValue] = [
      "name": .string(name), "platform": .string(platform), "backend": "martlet", "max_batch_size": .int(maxBatch),
      "input": tensors(inputs, areInputs: true), "output": tensors(outputs, areInputs: false),
      "instance_group": [["name": .string("\(name)_0"), "kind": "KIND_CPU", "count": .int(instances)]],
      "model_transaction_policy": ["decoupled": .bool(isDecoupled)], "parameters": ["version": ["string_value": .string(version)]],
    ]
    if maxBatch > 1 {
      members["dynamic_batching"] = ["preferred_batch_size": [.int(maxBatch)], "max_queue_delay_microseconds": .int(Int(delay))]
    }
    return .object(members)
  }

  static func configurationType(_ datatype: String) -> String { datatype == "BYTES" ? "TYPE_STRING" : "TYPE_" + datatype }
}
