import NN
import Synchronization
import Torch

/// Measures where the time of some steps goes: waiting for the loader, forward, backward, optimizer, and layer by layer.
///
/// Watched steps are somewhat slower, the others not at all. On a GPU the layers' times are those of starting the work, not of doing it.
public final class Profile: Handler {
  /// What was measured, once the steps are over (or the run is).
  public private(set) var report: ProfileReport?
  private let steps: Range<Int>
  private let tracePath: String?
  private var timer: StepTimer?
  private var layers: LayerTimes?

  /// - Parameters:
  ///   - steps: which steps are watched, counted from 0 in this process. The very first ones allocate memory and are not typical.
  ///   - trace: a file for `chrome://tracing` or ui.perfetto.dev.
  public init(steps: Range<Int> = 2..<12, trace: String? = nil) {
    self.steps = steps
    tracePath = trace
  }

  public var name: String { "profile" }
  private var seen = 0

  public var recordedMetrics: [String]? { [] }

  public func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
    switch event {
    case .fitBegin:
      seen = 0
      if steps.lowerBound <= 0, !steps.isEmpty { start(run) }
    case .epochBegin:
      timer?.mark(.pause)
    case .stepEnd:
      seen += 1
      if seen == steps.lowerBound, !steps.isEmpty { start(run) }
      if seen >= steps.upperBound { try finish(run) }
    case .fitEnd, .failed, .interrupted: try finish(run)
    default: break
    }
    return .continue
  }

  private func start(_ run: TrainingRun) {
    let timer = StepTimer()
    self.timer = timer
    run.timer = timer
    layers = LayerTimes(run.model)
  }

  private func finish(_ run: TrainingRun) throws {
    guard let timer, let layers else { return }
    // The last step's own end comes after its handlers.
    timer.mark(.end)
    run.timer = nil
    self.timer = nil
    self.layers = nil
    layers.cancel()
    let report = ProfileReport(timer, layers)
    self.report = report
    if let tracePath { try report.writeTrace(to: tracePath) }
  }
}

/// When each layer's calls began and ended, and when gradients reached their outputs.
final class LayerTimes {
  struct Call {
    let path: String
    let description: String
    let start: ContinuousClock.Instant
    let end: ContinuousClock.Instant
    /// The time of the modules called inside.
    let inner: Duration
    let hasInner: Bool
  }

  /// A gradient that reached the output of a layer.
  struct Arrival: Sendable {
    let path: String
    let time: ContinuousClock.Instant
  }

  private(set) var calls: [Call] = []
  private let arrivals = Arrivals()
  private var open: [(start: ContinuousClock.Instant, inner: Duration, hasInner: Bool)] = []
  private var observation: ForwardObservation?

  init(_ model: Module) {
    observation = model.observeForward { [unowned self] _, _ in
      open.append((.now, .zero, false))
    } _: { [unowned self] (event) throws(TorchError) in
      let end = ContinuousClock.now
      guard let frame = open.popLast() else { return }
      if !open.isEmpty {
        open[open.count - 1].inner += frame.start.duration(to: end)
        open[open.count - 1].hasInner = true
      }
      guard isGradEnabled else { return }
      calls.append(
        Call(
          path: event.path, description: event.module.description, start: frame.start, end: end, inner: frame.inner,
          hasInner: frame.hasInner))
      guard !frame.hasInner, let output = event.outputs.first, output.requiresGrad else { return }
      let arrivals = arrivals
      let path = event.path
      try output.registerHook { _ in
        arrivals.add(Arrival(path: path, time: .now))
        return nil
      }
    }
  }

  var backward: [Arrival] { arrivals.all }

  func cancel() {
    observation?.cancel()
    observation = nil
  }

  private final class Arrivals: Sendable {
    private let list = Mutex<[Arrival]>([])
    func add(_ arrival: Arrival) { list.withLock { $0.append(arrival) } }
    var all: [Arrival] { list.withLock { $0 } }
  }
}
