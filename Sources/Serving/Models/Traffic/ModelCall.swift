package import MartletCore
import NIOCore
package import Web

/// One request's hold on the version that answers it. As long as it exists, the version stays.
package final class ModelCall: Sendable {
  package let runner: ModelRunner
  package let request: RequestIdentity
  private let traffic: Traffic?

  /// What has to be done beside answering.
  struct Traffic: Sendable {
    let observer: (any TrafficObserver)?
    let shadows: [ModelRunner]
    let lane: ShadowLane
  }

  /// Takes over leases of the runner and of the shadows.
  init(_ runner: ModelRunner, _ request: RequestIdentity, _ traffic: Traffic?) {
    self.runner = runner
    self.request = request
    self.traffic = traffic
  }

  deinit {
    runner.release()
    for shadow in traffic?.shadows ?? [] { shadow.release() }
  }

  package var model: ServedModel { runner.model }
  package var signature: Signature { runner.signature }
  var labelKeys: [[UInt8]] { runner.labelKeys }
  /// Its name and version, for the log.
  package var answering: AnsweringModel { AnsweringModel(name: model.name, version: model.version) }

  /// Computes the outputs of inputs that fit the signature.
  /// - Throws: `HTTPProblem` 503 where the queue is full, 504 after the deadline; `CancellationError` when the task is cancelled; the
  ///   model's own errors.
  package func predict(_ inputs: [String: HostArray], _ options: RequestOptions = RequestOptions()) async throws -> [String: HostArray] {
    Caller.current.charge(signature.isBatched ? signature.inputs.first.flatMap { inputs[$0.name]?.shape.first } ?? 1 : 1)
    guard let traffic else { return try await runner.predict(inputs, options) }
    let start = NIODeadline.now()
    do {
      let outputs = try await runner.predict(inputs, options)
      traffic.observer?.answered(
        model: model.name, version: model.version, request: request,
        outcome: TrafficOutcome(status: .succeeded, seconds: (NIODeadline.now() - start).seconds), outputs: outputs)
      for shadow in traffic.shadows {
        traffic.lane.send(ShadowLane.Work(runner: shadow, primary: model.version, request: request, inputs: inputs, expected: outputs))
      }
      return outputs
    } catch {
      traffic.observer?.answered(
        model: model.name, version: model.version, request: request,
        outcome: TrafficOutcome(error, seconds: (NIODeadline.now() - start).seconds), outputs: nil)
      throw error
    }
  }
}
