import GRPCCore
import InferenceProtocol
import MartletCore
import SwiftProtobuf
import Synchronization
import Web

extension InferenceProvider {
  /// Requests of one stream that are computed at the same time, at most. Their answers come in their order.
  private static let streamWidth = 16

  /// A request of a stream, and what comes of it.
  private enum Item: Sendable {
    case answer(Task<Inference_ModelStreamInferResponse, Never>)
    case text(Inference_ModelInferRequest, LanguageRunner)
  }

  func modelStreamInfer(
    request: RPCAsyncSequence<Inference_ModelInferRequest, any Error>, response: RPCWriter<Inference_ModelStreamInferResponse>,
    context: ServerContext
  ) async throws {
    let id = CallIdentity.current.requestID
    let places = Places(Self.streamWidth)
    let (items, continuation) = AsyncThrowingStream<Item, any Error>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          for try await message in request {
            try await places.take()
            continuation.yield(await item(message, id))
          }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      do {
        try await withRPCCancellationHandler {
          for try await item in items {
            switch item {
            case .answer(let task):
              let answer = await withTaskCancellationHandler {
                await task.value
              } onCancel: {
                task.cancel()
              }
              try await response.write(answer)
            case .text(let message, let runner): try await write(message, runner, id, to: response)
            }
            places.give()
          }
        } onCancelRPC: {
          // A server that stops cancels its calls, too, but those in flight may finish.
          guard service.readiness.isReady else { return }
          continuation.finish(throwing: RPCError(code: .cancelled, message: "the client has cancelled the stream"))
        }
      } catch {
        places.close()
        group.cancelAll()
        throw RPCError.from(error, requestID: id).error
      }
      group.cancelAll()
    }
  }

  /// Starts to work on a message of a stream.
  private func item(_ message: Inference_ModelInferRequest, _ id: String) async -> Item {
    if service.models.versions(of: message.modelName).isEmpty,
      case .language(let runner)? = try? await service.find(message.modelName, message.modelVersion, for: CallIdentity.current)
    {
      return .text(message, runner)
    }
    return .answer(
      Task {
        do {
          var answer = try await infer(message)
          answer.parameters[Self.isFinal] = .with { $0.boolParam = true }
          return .with { $0.inferResponse = answer }
        } catch {
          return Self.failure(error, message, id)
        }
      })
  }

  /// Tells a stream's client whether an answer is the last one to its request.
  private static let isFinal = "triton_final_response"
  /// Asks for an answer without outputs after the last one.
  private static let wantsFinal = "triton_enable_empty_final_response"

  private static func failure(
    _ error: any Error, _ message: Inference_ModelInferRequest, _ id: String
  ) -> Inference_ModelStreamInferResponse {
    .with {
      $0.errorMessage = RPCError.from(error, requestID: id).error.message
      // Without it a client would not know which of its requests failed.
      $0.inferResponse.id = message.id
      $0.inferResponse.modelName = message.modelName
    }
  }

  /// Sends the pieces of a text as they come.
  private func write(
    _ message: Inference_ModelInferRequest, _ runner: LanguageRunner, _ id: String,
    to response: RPCWriter<Inference_ModelStreamInferResponse>
  ) async throws {
    let generation: RunningGeneration
    let request: TextInference
    do {
      request = try TextInference(try TensorDocument(message, limit: service.documentLimit), limits: service.languageLimits)
      generation = try TextInference.start(runner, request.request)
    } catch {
      return try await response.write(Self.failure(error, message, id))
    }
    let hasContents = message.rawInputContents.isEmpty
    var isFirst = true
    func send(_ text: String, isLast: Bool) async throws {
      var answer = Inference_ModelInferResponse(request.answer(request.text(text, isFirst: isFirst), runner), hasContents: hasContents)
      answer.parameters[Self.isFinal] = .with { $0.boolParam = isLast }
      isFirst = false
      try await response.write(.with { $0.inferResponse = answer })
    }
    do {
      if request.isStreamed {
        for try await case .event(.text(let delta)) in generation.signals { try await send(delta.text, isLast: false) }
      } else {
        var text = ""
        for try await case .event(.text(let delta)) in generation.signals { text += delta.text }
        try await send(text, isLast: message.parameters[Self.wantsFinal]?.boolParam != true)
      }
      generation.cancel(CancellationError())
      try Task.checkCancellation()
    } catch let error as RPCError {
      generation.cancel(CancellationError())
      throw error
    } catch {
      return try await response.write(Self.failure(error, message, id))
    }
    guard message.parameters[Self.wantsFinal]?.boolParam == true else { return }
    try await response.write(
      .with {
        $0.inferResponse.id = message.id
        $0.inferResponse.modelName = runner.model.name
        $0.inferResponse.modelVersion = runner.model.version
        $0.inferResponse.parameters[Self.isFinal] = .with { $0.boolParam = true }
      })
  }
}

/// A number of places to be taken and given back. Who finds none waits.
private final class Places: Sendable {
  private struct State {
    var free: Int
    var waiting: [CheckedContinuation<Void, any Error>] = []
    var isClosed = false
  }

  private let state: Mutex<State>

  init(_ count: Int) { state = Mutex(State(free: count)) }

  /// - Throws: `CancellationError` once closed.
  func take() async throws {
    try await withCheckedThrowingContinuation { continuation in
      let answer: Result<Void, any Error>? = state.withLock { state in
        if state.isClosed { return .failure(CancellationError()) }
        if state.free > 0 {
          state.free -= 1
          return .success(())
        }
        state.waiting.append(continuation)
        return nil
      }
      if let answer { continuation.resume(with: answer) }
    }
  }

  func give() {
    let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
      state.free += 1
      return nil
    }
    next?.resume()
  }

  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(throwing: CancellationError()) }
  }
}
