import MartletCore

/// The documents that several routes take and give, as JSON schemas.
enum ComponentSchemas {
  static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

  static let text: JSONValue = ["type": "string"]
  static let integer: JSONValue = ["type": "integer"]
  static let number: JSONValue = ["type": "number"]
  static let flag: JSONValue = ["type": "boolean"]
  static let anything: JSONValue = [:]

  static func list(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

  /// - Parameter closed: there are no members but these.
  static func object(_ properties: [String: JSONValue], required: [String] = [], closed: Bool = false) -> JSONValue {
    var members: [String: JSONValue] = ["type": "object", "properties": .object(properties)]
    if !required.isEmpty { members["required"] = .array(required.map { .string($0) }) }
    if closed { members["additionalProperties"] = false }
    return .object(members)
  }

  static let datatypes: JSONValue = [
    "type": "string",
    "enum": ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BF16", "BYTES"],
  ]
  static let parameters: JSONValue = ["type": "object"]
  private static let counted = object(["count": integer, "ns": integer], required: ["count", "ns"], closed: true)

  static let all: [String: JSONValue] = [
    "Error": object(["error": text], required: ["error"], closed: true),
    "OpenAIError": object(
      [
        "error": object(
          [
            "message": text, "type": text, "param": ["type": ["string", "null"]], "code": ["type": ["string", "null"]],
          ], required: ["message", "type", "param", "code"])
      ], required: ["error"]),
    "Live": object(["live": flag], required: ["live"]),
    "Ready": object(["ready": flag, "live": flag], required: ["ready", "live"]),
    "ModelReady": object(["name": text, "ready": flag], required: ["name", "ready"], closed: true),
    "ServerMetadata": object(
      ["name": text, "version": text, "extensions": list(text)], required: ["name", "version", "extensions"], closed: true),
    "TensorMetadata": object(
      ["name": text, "datatype": datatypes, "shape": list(integer)], required: ["name", "datatype", "shape"], closed: true),
    "ModelMetadata": object(
      [
        "name": text, "versions": list(text), "platform": text, "inputs": list(reference("TensorMetadata")),
        "outputs": list(reference("TensorMetadata")),
      ], required: ["name", "versions", "platform", "inputs", "outputs"], closed: true),
    "ModelConfiguration": object(
      [
        "name": text, "platform": text, "backend": text, "max_batch_size": integer, "input": list(["type": "object"]),
        "output": list(["type": "object"]), "instance_group": list(["type": "object"]),
      ], required: ["name", "platform", "max_batch_size", "input", "output"]),
    "InferenceRequest": object(
      [
        "id": text, "parameters": parameters,
        "inputs": list(
          object(
            [
              "name": text, "datatype": datatypes, "shape": list(["type": "integer", "minimum": 0]), "parameters": parameters,
              "data": ["type": "array"],
            ], required: ["name", "datatype", "shape"])),
        "outputs": list(object(["name": text, "parameters": parameters], required: ["name"])),
      ], required: ["inputs"]),
    "InferenceAnswer": object(
      [
        "model_name": text, "model_version": text, "id": text, "parameters": parameters,
        "outputs": list(
          object(
            ["name": text, "datatype": datatypes, "shape": list(integer), "parameters": parameters, "data": ["type": "array"]],
            required: ["name", "datatype", "shape"])),
      ], required: ["model_name", "model_version", "outputs"], closed: true),
    "Statistics": object(
      [
        "model_stats": list(
          object(
            [
              "name": text, "version": text, "last_inference": integer, "inference_count": integer, "execution_count": integer,
              "inference_stats": object(
                [
                  "success": counted, "fail": counted, "queue": counted, "compute_input": counted, "compute_infer": counted,
                  "compute_output": counted, "cache_hit": counted, "cache_miss": counted,
                ], required: ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output"], closed: true),
              "batch_stats": list(
                object(
                  ["batch_size": integer, "compute_input": counted, "compute_infer": counted, "compute_output": counted],
                  required: ["batch_size", "compute_infer"], closed: true)),
            ], required: ["name", "version", "inference_count", "execution_count", "inference_stats", "batch_stats"], closed: true))
      ], required: ["model_stats"], closed: true),
    "RepositoryIndex": list(
      object(
        [
          "name": text, "version": text, "state": ["type": "string", "enum": ["UNAVAILABLE", "LOADING", "READY", "UNLOADING"]],
          "reason": text,
        ], required: ["name", "version", "state", "reason"], closed: true)),
    "GenerateRequest": object(["text_input": text, "id": text, "parameters": parameters], required: ["text_input"]),
    "GenerateAnswer": object(
      ["id": text, "model_name": text, "model_version": text, "text_output": text],
      required: ["model_name", "model_version", "text_output"], closed: true),
    "Prediction": object(
      [
        "prediction": anything, "label": ["type": ["string", "null"]], "probabilities": ["type": "object"],
        "predictions": list(["type": "object"]), "model": text, "version": text,
      ], required: ["model", "version"]),
    "Model": object(
      [
        "name": text, "version": text, "platform": text, "labels": ["type": ["array", "null"]], "metrics": ["type": "object"],
        "signature": ["type": "object"],
      ], required: ["name", "version", "platform", "metrics"]),
    "ModelStatus": object(
      [
        "name": text, "ready": flag, "id": text, "object": text,
        "model_version_status": list(
          object(["version": text, "state": text, "status": ["type": "object"]], required: ["version", "state", "status"])),
      ]),
  ]
}
