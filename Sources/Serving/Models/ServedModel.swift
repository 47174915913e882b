public import MartletCore
public import Releases
import Web

/// Turns the bytes of a file (a JPEG, a PNG) into a model's inputs, one item.
public struct InputAdapter: Sendable {
  /// The media types that it takes, such as `image/jpeg`.
  public let mediaTypes: [String]
  let convert: @Sendable ([UInt8]) throws -> [String: HostArray]

  /// - Parameters:
  ///   - mediaTypes: the media types that the closure understands, in lower case.
  ///   - convert: gets the whole file and returns arrays by input name, with or without the batch dimension. It is called from many tasks
  ///     at once. A `MartletError` that it throws is the client's fault and is shown to the client; any other error is an internal one.
  public init(mediaTypes: [String] = ["image/jpeg", "image/png"], _ convert: @escaping @Sendable ([UInt8]) throws -> [String: HostArray]) {
    self.mediaTypes = mediaTypes
    self.convert = convert
  }
}

/// A column that a model of tables takes, for clients that ask.
public struct ServedColumn: Sendable, Hashable {
  public let name: String
  /// As the Open Inference Protocol calls it: `FP64`, `INT64`, `BOOL`, `BYTES`.
  public let datatype: String
  /// A row may lack it.
  public let isOptional: Bool

  public init(name: String, datatype: String, isOptional: Bool) {
    self.name = name
    self.datatype = datatype
    self.isOptional = isOptional
  }
}

/// A tensor that a model of tables or texts answers with, for clients that ask.
public struct ServedOutput: Sendable, Hashable {
  public let name: String
  /// As the Open Inference Protocol calls it: `FP64`, `INT64`, `BOOL`, `BYTES`.
  public let datatype: String
  /// `nil` for a free dimension, such as the rows.
  public let shape: [Int?]

  public init(name: String, datatype: String, shape: [Int?]) {
    self.name = name
    self.datatype = datatype
    self.shape = shape
  }
}

/// What a model that reads whole requests is given and gives: the arrays of its predictor's signature.
///
/// Rows have columns of many types, which tensors cannot carry. Such a model gets the bytes of the request and what they are, and gives the
/// bytes of the answer, through the same queue as every other model.
public enum ServedDocument {
  /// What the bytes of a request are.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// `POST /predict`: rows as JSON.
    case rows
    /// The same as CSV with a header.
    case csv
    /// `POST /v1/…:predict`.
    case instances
    /// `POST /v2/…/infer`: one tensor a column.
    case tensors
  }

  public static let body = "body"
  public static let kind = "kind"
  public static let answer = "answer"

  /// The signature of a predictor of documents.
  public static let signature = Signature(
    inputs: [TensorSpec(name: body, dtype: .uint8, shape: [nil]), TensorSpec(name: kind, dtype: .uint8, shape: [])],
    outputs: [TensorSpec(name: answer, dtype: .uint8, shape: [nil])], isBatched: false)
}

/// Makes a model of a reference: `name` for the newest version, or `name@version`.
public typealias ModelLoader = @Sendable (_ reference: String) async throws -> ServedModel

/// Where a server gets models from while it runs.
public struct ModelSource: Sendable {
  let load: ModelLoader
  let knows: (@Sendable (String) async -> Bool)?

  /// - Parameters:
  ///   - onDemand: says which references there are, so that a request for one loads it; without it only an order does.
  ///   - load: makes a model of a reference.
  public init(onDemand: (@Sendable (_ reference: String) async -> Bool)? = nil, load: @escaping ModelLoader) {
    self.load = load
    knows = onDemand
  }
}

/// A model with a name and a version, ready to be served.
public struct ServedModel: Sendable {
  /// What requests call it by.
  public let name: String
  /// Any text without a slash: `3`, `v10`.
  public let version: String
  /// What answers.
  public let predictor: any Predictor
  /// The classes' names in the order of the columns of the output `probabilities`, or `nil` for a model that does not classify.
  public let labels: [String]?
  /// What kind of program answers, for clients that ask: `martlet_libtorch`, `onnx` …
  public let platform: String
  /// Measured on the version before it was served (`accuracy: 0.92`); shown by `GET /models/{name}`.
  public let metrics: [String: Double]
  /// What makes inputs of uploaded files, or `nil` where the model takes numbers only.
  public let adapter: InputAdapter?
  /// The columns of a model that reads whole requests (``ServedDocument``); `nil` for a model of tensors.
  public let columns: [ServedColumn]?
  /// The tensors that a model that reads whole requests answers with; a model of tensors has them in its signature.
  public let outputs: [ServedOutput]
  /// How waiting requests are joined.
  public let batching: any BatchingPolicy
  /// Calls of one instance at the same time, at most.
  public let maxConcurrentCalls: Int
  /// Copies of the model that compute at the same time; the first is ``predictor``.
  public let instances: [any Predictor]
  /// Makes a copy in the place of one that does not answer any more; `nil` where that is not possible.
  public let makeInstance: (@Sendable () async throws -> any Predictor)?
  /// Inputs to warm the model with before it takes over. Without any, zeros are taken where the signature says enough.
  public let samples: [[String: HostArray]]
  /// The same inputs always give the same outputs, so that they may come from the response cache.
  public let isCacheable: Bool
  /// Bytes that the model takes in memory; 0 where nobody knows.
  public let memoryBytes: Int
  /// Counts the inputs while a release compares them with training rows; `nil` where they cannot be counted.
  public let inputs: InputTally?
  /// Tells a copy that was loaded again from the one before.
  let identity = ModelIdentity()

  /// - Parameters:
  ///   - labels: by default those of the predictor, if it is a `Classifier`.
  ///   - adapter: what makes inputs of uploaded files; without it the model takes numbers only.
  ///   - columns: those of a model of tables, whose predictor has the signature of ``ServedDocument``.
  ///   - outputs: what such a model answers tensors with.
  ///   - batching: has an effect only where the signature says that items do not influence each other.
  ///   - replicas: more copies, with the same signature.
  ///   - makeInstance: makes a copy in the place of one that hangs.
  ///   - samples: inputs to warm the model with.
  ///   - inputs: what the predictor counts its inputs in.
  public init(
    name: String, version: String, predictor: any Predictor, labels: [String]? = nil, platform: String = "martlet",
    metrics: [String: Double] = [:], adapter: InputAdapter? = nil, columns: [ServedColumn]? = nil, outputs: [ServedOutput] = [],
    batching: any BatchingPolicy = Batching.whileBusy(maxItems: 32), maxConcurrentCalls: Int = 1, replicas: [any Predictor] = [],
    makeInstance: (@Sendable () async throws -> any Predictor)? = nil, samples: [[String: HostArray]] = [], isCacheable: Bool = true,
    memoryBytes: Int = 0, inputs: InputTally? = nil
  ) {
    self.name = name
    self.version = version
    self.predictor = predictor
    self.labels = labels ?? (predictor as? any Classifier)?.labels
    self.platform = platform
    self.metrics = metrics
    self.adapter = adapter
    self.columns = columns
    self.outputs = outputs
    self.batching = batching
    self.maxConcurrentCalls = max(1, maxConcurrentCalls)
    instances = [predictor] + replicas
    self.makeInstance = makeInstance
    self.samples = samples
    self.isCacheable = isCacheable
    self.memoryBytes = max(0, memoryBytes)
    self.inputs = inputs
  }
}

final class ModelIdentity: Sendable {}
