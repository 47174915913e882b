import HTTPTypes
import MartletCore
import NIOCore
import Web

/// The Open Inference Protocol without its transport: what REST and gRPC have in common.
struct InferenceService: Sendable {
  let models: ModelRepository
  let languages: LanguageTable
  let byteLimit: Int
  let languageLimits: LanguageLimits
  let readiness: Readiness

  /// The protocol's names of what is offered beyond it.
  static let extensions = [
    "binary_tensor_data", "binary_tensor_data_output", "classification", "generate", "model_configuration", "model_repository",
    "model_repository(unload_dependents)", "parameters", "schedule_policy", "statistics",
  ]

  /// Models that take values of many types hold each in many times the memory of a byte.
  var documentLimit: Int { byteLimit / 16 }

  /// One model, of either kind.
  enum Found: Sendable {
    case tensors(ModelCall)
    case language(LanguageRunner)
  }

  /// The version that answers a request, held until the call is let go; loaded if it may be.
  /// - Parameter version: where it is `nil` or empty, the one that the server chooses.
  /// - Throws: `HTTPProblem` 404 naming what there is, 503 for a version that is not loaded.
  func find(_ name: String, _ version: String?, for request: RequestIdentity) async throws -> Found {
    try Caller.current.require(model: name)
    let version = version.flatMap { $0.isEmpty ? nil : $0 }
    if let runner = try language(name, version) { return .language(runner) }
    do {
      return .tensors(try await models.find(name, version: version, for: request))
    } catch let problem as HTTPProblem where problem.status == .notFound && models.versions(of: name).isEmpty {
      throw HTTPProblem.unknownModel(name, known: (models.names + languages.names).filter { Caller.current.maySee(model: $0) }.sorted())
    }
  }

  /// - Throws: `HTTPProblem` 404 for a version that a language model lacks.
  private func language(_ name: String, _ version: String?) throws -> LanguageRunner? {
    guard models.versions(of: name).isEmpty else { return nil }
    guard let version else { return languages.find(name) }
    guard languages.names.contains(name) else { return nil }
    if let runner = languages.find("\(name)@\(version)") { return runner }
    throw HTTPProblem(
      .notFound, "model '\(name)' has no version '\(excerpt(version))'", expected: languages.versions(of: name).joined(separator: ", "))
  }

  /// Whether a model answers now; asking loads nothing.
  /// - Throws: `HTTPProblem` 404 for a model that nobody knows.
  func isReady(_ name: String, _ version: String?) async throws -> Bool {
    try Caller.current.require(model: name)
    let version = version.flatMap { $0.isEmpty ? nil : $0 }
    if models.versions(of: name).contains(where: { version == nil || $0.model.version == version }) { return true }
    if models.index().contains(where: { $0.name == name && (version == nil || $0.version == version) }) { return false }
    _ = try await find(name, version, for: RequestIdentity(requestID: ""))
    return true
  }

  // MARK: About models

  func description(_ found: Found) -> ModelDescription {
    switch found {
    case .tensors(let call): ModelDescription(call.runner, versions: models.versions(of: call.model.name).map(\.model.version))
    case .language(let runner): ModelDescription(runner, versions: languages.versions(of: runner.model.name))
    }
  }

  /// - Parameters:
  ///   - name: all models where it is `nil` or empty.
  ///   - version: all versions where it is `nil` or empty.
  func statistics(_ name: String?, _ version: String?) async throws -> [InferenceStatistics] {
    guard let name, !name.isEmpty else {
      return models.runners.filter { Caller.current.maySee(model: $0.model.name) }.map { InferenceStatistics($0) }
        + languages.runners.filter { Caller.current.maySee(model: $0.model.name) }.map { InferenceStatistics($0) }
    }
    let version = version.flatMap { $0.isEmpty ? nil : $0 }
    let found = try await find(name, version, for: RequestIdentity(requestID: ""))
    if version != nil {
      return switch found {
      case .tensors(let call): [InferenceStatistics(call.runner)]
      case .language(let runner): [InferenceStatistics(runner)]
      }
    }
    return switch found {
    case .tensors: models.versions(of: name).map { InferenceStatistics($0) }
    case .language: languages.runners.filter { $0.model.name == name }.map { InferenceStatistics($0) }
    }
  }

  // MARK: Inference

  /// Asks a model that takes tensors.
  func infer(_ request: InferenceRequest, _ call: ModelCall, _ options: RequestOptions) async throws -> InferenceAnswer {
    let outputs = try await call.predict(request.inputs, options.with(request.parameters))
    return InferenceAnswer(
      model: call.answering, id: request.id,
      outputs: try OutputTensor.select(request.outputs, of: outputs, call, isBinary: request.hasBinaryOutputs))
  }

  /// Asks a model that reads whole requests.
  /// - Returns: the model's own bytes.
  /// - Throws: `HTTPProblem` 400 for inputs that are not of their types.
  func infer(_ document: TensorDocument, _ call: ModelCall, _ options: RequestOptions) async throws -> [UInt8] {
    try document.check(call.model.columns ?? [])
    let inputs = [
      ServedDocument.body: try HostArray(document.json),
      ServedDocument.kind: try HostArray([ServedDocument.Kind.tensors.rawValue], shape: []),
    ]
    let outputs = try await call.predict(inputs, options.with(document.parameters))
    guard let answer = outputs[ServedDocument.answer] else { throw OutputMissing(name: ServedDocument.answer) }
    return answer.bytes
  }

  /// Asks a language model, and waits for all of its text.
  func infer(_ document: TensorDocument, _ runner: LanguageRunner, _ channel: (any Channel)? = nil) async throws -> InferenceAnswer {
    let request = try TextInference(document, limits: languageLimits)
    let isBinary = document.outputs.first?.isBinary ?? document.hasBinaryOutputs
    return request.answer(try await request.complete(runner, channel), runner, isBinary: isBinary)
  }
}

extension LanguageTable {
  /// The versions of one name, the newest last.
  func versions(of name: String) -> [String] { runners.filter { $0.model.name == name }.map(\.model.version) }
}

extension RequestOptions {
  /// The parameters `timeout` (microseconds) and `priority` (1 is the most urgent, 0 leaves it to the server) of the protocol's
  /// scheduling extension.
  func with(_ parameters: [String: JSONValue]) -> RequestOptions {
    var options = self
    if let microseconds = parameters["timeout"]?.intValue, microseconds > 0 {
      let timeout = TimeAmount.microseconds(Int64(min(microseconds, 86_400_000_000)))
      options.timeout = options.timeout.map { min($0, timeout) } ?? timeout
    }
    if let level = parameters["priority"]?.intValue, level > 0 {
      options.priority = max(Self.priorities.lowerBound, Self.priorities.upperBound + 1 - min(level, 100))
    }
    return options
  }
}
