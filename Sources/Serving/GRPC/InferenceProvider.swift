import GRPCCore
import HTTPTypes
import InferenceProtocol
import MartletCore
import SwiftProtobuf
import Web

/// The Open Inference Protocol over gRPC.
struct InferenceProvider: Inference_GRPCInferenceService.SimpleServiceProtocol {
  let service: InferenceService
  let repository: RepositoryControl
  /// Bytes of requests under way, those over HTTP included.
  let bodies: BodyLimits

  // MARK: The server

  func serverLive(request: Inference_ServerLiveRequest, context: ServerContext) async throws -> Inference_ServerLiveResponse {
    .with { $0.live = true }
  }

  func serverReady(request: Inference_ServerReadyRequest, context: ServerContext) async throws -> Inference_ServerReadyResponse {
    .with { $0.ready = service.readiness.isReady }
  }

  func serverMetadata(
    request: Inference_ServerMetadataRequest, context: ServerContext
  ) async throws -> Inference_ServerMetadataResponse {
    .with {
      $0.name = "martlet"
      $0.version = MartletVersion.current
      $0.extensions = InferenceService.extensions
    }
  }

  // MARK: Models

  func modelReady(request: Inference_ModelReadyRequest, context: ServerContext) async throws -> Inference_ModelReadyResponse {
    let isReady = try await service.isReady(request.name, request.version)
    return .with { $0.ready = isReady && service.readiness.isReady }
  }

  func modelMetadata(
    request: Inference_ModelMetadataRequest, context: ServerContext
  ) async throws -> Inference_ModelMetadataResponse {
    Inference_ModelMetadataResponse(service.description(try await service.find(request.name, request.version, for: CallIdentity.current)))
  }

  func modelConfig(request: Inference_ModelConfigRequest, context: ServerContext) async throws -> Inference_ModelConfigResponse {
    let description = service.description(try await service.find(request.name, request.version, for: CallIdentity.current))
    return .with { $0.config = Inference_ModelConfig(description) }
  }

  func modelStatistics(
    request: Inference_ModelStatisticsRequest, context: ServerContext
  ) async throws -> Inference_ModelStatisticsResponse {
    let statistics = try await service.statistics(request.name, request.version)
    return .with { $0.modelStats = statistics.map { Inference_ModelStatistics($0) } }
  }

  // MARK: Inference

  func modelInfer(request: Inference_ModelInferRequest, context: ServerContext) async throws -> Inference_ModelInferResponse {
    try await CallDeadline.run(isStopping: { !service.readiness.isReady }) { try await infer(request) }
  }

  /// One request with one answer.
  func infer(_ request: Inference_ModelInferRequest) async throws -> Inference_ModelInferResponse {
    let held = request.tensorBytes
    let all = bodies.held.add(held)
    defer { bodies.held.subtract(held) }
    guard all <= bodies.maxBytesInFlight else {
      throw HTTPProblem(.serviceUnavailable, "other requests fill the server's memory", remedy: "again later")
    }
    let hasContents = request.rawInputContents.isEmpty
    let answer: InferenceAnswer
    let options = RequestOptions(timeout: CallDeadline.current?.remaining)
    switch try await service.find(request.modelName, request.modelVersion, for: CallIdentity.current) {
    case .tensors(let call) where call.model.columns != nil:
      let document = try TensorDocument(request, limit: service.documentLimit)
      answer = try DocumentAnswer.read(try await service.infer(document, call, options), for: document, call)
    case .tensors(let call):
      let tensors = try InferenceRequest(request, signature: call.signature, byteLimit: service.byteLimit)
      answer = try await service.infer(tensors, call, options)
    case .language(let runner):
      answer = try await service.infer(try TensorDocument(request, limit: service.documentLimit), runner)
    }
    return Inference_ModelInferResponse(answer, hasContents: hasContents)
  }

  // MARK: The repository

  func repositoryIndex(
    request: Inference_RepositoryIndexRequest, context: ServerContext
  ) async throws -> Inference_RepositoryIndexResponse {
    let entries = repository.index().filter { !request.ready || $0.state == .ready }
    return .with { response in
      response.models = entries.map { entry in
        .with {
          $0.name = entry.name
          $0.version = entry.version
          $0.state = entry.state.rawValue
          $0.reason = entry.reason
        }
      }
    }
  }

  func repositoryModelLoad(
    request: Inference_RepositoryModelLoadRequest, context: ServerContext
  ) async throws -> Inference_RepositoryModelLoadResponse {
    for key in request.parameters.keys.sorted() where key != "version" {
      throw HTTPProblem(
        .badRequest, "the parameter '\(excerpt(key))' is not taken: models come from the registry as they were registered")
    }
    try await repository.load(request.modelName, version: request.parameters["version"]?.text)
    return .with {
      $0.modelName = request.modelName
      $0.isLoaded = true
    }
  }

  func repositoryModelUnload(
    request: Inference_RepositoryModelUnloadRequest, context: ServerContext
  ) async throws -> Inference_RepositoryModelUnloadResponse {
    for key in request.parameters.keys.sorted() where key != "version" && key != "unload_dependents" {
      throw HTTPProblem(.badRequest, "the parameter '\(excerpt(key))' is not taken", expected: "unload_dependents or version")
    }
    try await repository.unload(request.modelName, version: request.parameters["version"]?.text)
    return .with {
      $0.modelName = request.modelName
      $0.isUnloaded = true
    }
  }
}

extension Inference_ModelRepositoryParameter {
  fileprivate var text: String? {
    switch parameterChoice {
    case .stringParam(let text)?: text
    case .int64Param(let number)?: String(number)
    default: nil
    }
  }
}
