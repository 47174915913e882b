import Foundation
import Logging
import MartletCore
import NIOCore
import Synchronization
import Web

extension ModelRunner {
  /// Computes a call, and then what waits, until nothing does.
  func work(on first: RunnerState.Assignment) async {
    var call: RunnerState.Assignment? = first
    while let current = call {
      await run(current)
      call = next(after: current)
    }
  }

  private func next(after done: RunnerState.Assignment) -> RunnerState.Assignment? {
    let (next, drainers) = state.withLock { state -> (RunnerState.Next, [CheckedContinuation<Void, Never>]) in
      let isKnown = state.ended(done)
      return (isKnown ? state.next(model.batching, now: .now()) : RunnerState.Next(), state.takeDrainers())
    }
    wake(drainers)
    if let alarm = next.alarm { ring(at: alarm) }
    guard let call = next.call, call.slot != done.slot else { return next.call }
    start(call)
    return nil
  }

  private func run(_ call: RunnerState.Assignment) async {
    // Read the inputs before asking who waits: a job that times out lets go of its inputs first.
    let parts = call.jobs.map { (job: $0, inputs: $0.inputs) }.filter { $0.job.isWaiting }
    guard let first = parts.first else { return }
    if parts.count == 1 { return await runAlone(first.job, first.inputs, call.predictor) }
    let counts = parts.map { $0.job.items ?? 1 }
    let items = counts.reduce(0, +)
    do {
      let start = NIODeadline.now()
      var joined: [String: HostArray] = [:]
      for name in first.inputs.keys {
        joined[name] = try BatchArithmetic.join(parts.compactMap { $0.inputs[name] }, fill: ragged?.fill[name])
      }
      let ready = NIODeadline.now()
      let outputs = try await call.predictor.predict(joined)
      let answered = NIODeadline.now()
      var answers = [[String: HostArray]](repeating: [:], count: parts.count)
      for (name, array) in outputs {
        for (index, part) in try BatchArithmetic.split(array, counts: counts, name: name).enumerated() {
          answers[index][name] = try cut(part, name, inputs: parts[index].inputs)
        }
      }
      let end = NIODeadline.now()
      let jobs = parts.map(\.job)
      metrics.executed(
        ModelMetrics.Execution(
          items: items, requests: jobs.count, queue: jobs.reduce(0) { $0 + (start - $1.arrival).count },
          total: jobs.reduce(0) { $0 + (end - $1.arrival).count }, input: (ready - start).count, infer: (answered - ready).count,
          output: (end - answered).count))
      for (job, answer) in zip(jobs, answers) {
        bill(job, from: start, to: end, batchItems: items)
        job.finish(.success(answer))
      }
    } catch {
      metrics.failed()
      logger.warning("a joined call failed; its requests run one by one", metadata: metadata(error, items: items))
      for (job, inputs) in parts where job.isWaiting {
        state.withLock { $0.calls[call.id]?.started = .now() }
        await runAlone(job, inputs, call.predictor)
      }
    }
  }

  private func runAlone(_ job: PredictionJob, _ inputs: [String: HostArray], _ predictor: any Predictor) async {
    let start = NIODeadline.now()
    do {
      let outputs = try await predictor.predict(inputs)
      let end = NIODeadline.now()
      metrics.executed(
        ModelMetrics.Execution(
          items: job.items ?? 1, requests: 1, queue: (start - job.arrival).count, total: (end - job.arrival).count, input: 0,
          infer: (end - start).count, output: 0))
      bill(job, from: start, to: end, batchItems: job.items ?? 1)
      job.finish(.success(outputs))
    } catch {
      metrics.failed()
      job.finish(.failure(error))
    }
  }

  /// Tells the request's trace and bill of its share of a call.
  private func bill(_ job: PredictionJob, from start: NIODeadline, to end: NIODeadline, batchItems: Int) {
    job.work?.add(
      RequestWork.Piece(
        model: model.name, version: model.version, arrival: job.arrival, start: start, end: end, items: job.items ?? 1,
        batchItems: batchItems))
  }

  /// An output that is as long as its padded inputs, at the item's own length.
  private func cut(_ output: HostArray, _ name: String, inputs: [String: HostArray]) throws -> HostArray {
    guard let ragged, ragged.outputs.contains(name), let input = ragged.fill.keys.sorted().first.flatMap({ inputs[$0] }),
      input.shape.count > 1
    else { return output }
    return try output.cut(to: input.shape[1])
  }

  private func metadata(_ error: any Error, items: Int) -> Logger.Metadata {
    ["model": .string(model.name), "version": .string(model.version), "items": .stringConvertible(items), "detail": .string("\(error)")]
  }
}
