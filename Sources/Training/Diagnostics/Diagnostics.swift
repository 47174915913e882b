import NN
import Torch

/// Looks into the network every so many steps while it trains: `NetworkDiagnosis` with the size of the updates as well.
///
/// A step that is watched takes about twice as long; the others cost nothing. Clipped gradients are seen as they are after clipping.
public final class Diagnostics: Handler {
  /// The newest look.
  public private(set) var latest: NetworkDiagnosis?
  /// The first verdict of each kind and layer, with its step.
  public private(set) var findings: [(step: Int, verdict: DiagnosisVerdict)] = []
  private let interval: Int
  private let thresholds: DiagnosisThresholds
  private let stopsOn: Set<DiagnosisVerdict.Kind>
  private let report: ((NetworkDiagnosis) -> Void)?
  private var probe: LayerProbe?
  private var before: [(Parameter, Tensor)] = []

  /// - Parameters:
  ///   - every: steps between two looks; the first step is always looked at.
  ///   - stopsOn: verdicts that end the run.
  ///   - report: gets every look that found something.
  public init(
    every interval: Int = 100, thresholds: DiagnosisThresholds = DiagnosisThresholds(), stopsOn: Set<DiagnosisVerdict.Kind> = [],
    report: ((NetworkDiagnosis) -> Void)? = nil
  ) {
    self.interval = max(1, interval)
    self.thresholds = thresholds
    self.stopsOn = stopsOn
    self.report = report
  }

  public var name: String { "diagnostics" }

  public var recordedMetrics: [String]? { [] }

  public func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
    switch event {
    case .fitBegin: try watch(run)
    case .stepEnd:
      let answer = try judge(run)
      if run.step % interval == 0 { try watch(run) }
      return answer
    case .fitEnd, .failed, .interrupted: stop()
    default: break
    }
    return .continue
  }

  private func watch(_ run: TrainingRun) throws {
    stop()
    before = try run.model.parameters().map { ($0, try $0.value.detach().clone()) }
    probe = LayerProbe(run.model)
  }

  private func stop() {
    probe?.cancel()
    probe = nil
    before = []
  }

  private func judge(_ run: TrainingRun) throws -> HandlerAnswer {
    guard let probe, !probe.readings.isEmpty else { return .continue }
    defer { stop() }
    probe.cancel()
    var updates: [ObjectIdentifier: Double] = [:]
    try withoutGrad {
      for (parameter, old) in before {
        updates[ObjectIdentifier(parameter)] = try (parameter.value.detach() - old).linalgVectorNorm(dtype: .float64).double()
      }
    }
    let look = try NetworkDiagnosis(
      run.model, probe, loss: run.latest["step/loss"] ?? .nan, step: run.step, updates: updates, thresholds)
    latest = look
    guard !look.verdicts.isEmpty else { return .continue }
    for verdict in look.verdicts where !findings.contains(where: { $0.verdict.kind == verdict.kind && $0.verdict.layer == verdict.layer }) {
      findings.append((run.step, verdict))
    }
    report?(look)
    return look.verdicts.contains { stopsOn.contains($0.kind) } ? .stop : .continue
  }
}
