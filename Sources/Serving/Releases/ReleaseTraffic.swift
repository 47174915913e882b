import MartletCore
import Releases
import Synchronization
import Web

/// Splits the traffic of models that are being released, and counts what becomes of it.
final class ReleaseTraffic: TrafficPolicy, TrafficObserver {
  let recorder: TrafficRecorder
  private let splits = Mutex<[String: TrafficSplit]>([:])

  init(recorder: TrafficRecorder = TrafficRecorder()) { self.recorder = recorder }

  func set(_ split: TrafficSplit?, for model: String) { splits.withLock { $0[model] = split } }

  func choose(model: String, request: RequestIdentity) -> TrafficDecision {
    guard let split = splits.withLock({ $0[model] }) else { return TrafficDecision() }
    let version = split.version(for: request.client ?? request.requestID)
    guard split.isShadowing, version == split.baseline else { return TrafficDecision(version: version) }
    return TrafficDecision(version: version, shadows: [split.candidate])
  }

  func answered(model: String, version: String, request: RequestIdentity, outcome: TrafficOutcome, outputs: [String: HostArray]?) {
    record(model, version, id: request.requestID, outcome, outputs)
  }

  func shadowed(
    model: String, version: String, primary: String, request: RequestIdentity, outcome: TrafficOutcome, outputs: [String: HostArray]?,
    expected: [String: HostArray]
  ) {
    // What the other version has answered is no fault of the client's.
    let outcome = outcome.status == .refused ? TrafficOutcome(status: .failed, seconds: outcome.seconds) : outcome
    record(model, version, id: nil, outcome, outputs)
    // A shadow that fails does not agree; one that nobody had time for says nothing.
    guard outcome.status == .succeeded || outcome.status == .failed || outcome.status == .late else { return }
    let agrees = outputs.map { OutputComparison.agree($0, expected) } ?? false
    recorder.compared(model, baseline: primary, candidate: version, agree: agrees)
  }

  func dropped(model: String, version: String, request: RequestIdentity) {}

  private func record(_ model: String, _ version: String, id: String?, _ outcome: TrafficOutcome, _ outputs: [String: HostArray]?) {
    switch outcome.status {
    // Neither says anything about the version.
    case .refused, .abandoned: return
    case .succeeded, .failed, .rejected, .late:
      // Reading an answer costs as much as a small model: only while somebody compares.
      let isReleased = splits.withLock { $0[model] != nil }
      recorder.answered(
        model, version: version, id: id.flatMap { $0.isEmpty ? nil : $0 }, seconds: outcome.seconds,
        hasFailed: outcome.status != .succeeded,
        answer: isReleased ? outputs.flatMap(OutputComparison.answer) : nil)
    }
  }
}
