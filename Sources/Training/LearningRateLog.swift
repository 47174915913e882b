/// Records the learning rate that each step used: `learningRate`, or `learningRate/0`, `learningRate/1` … with several parameter groups.
public final class LearningRateLog: Handler {
  private let interval: Int

  /// - Parameter every: steps between two records.
  public init(every interval: Int = 1) { self.interval = max(1, interval) }

  public var recordedMetrics: [String]? { ["learningRate", "learningRate/"] }

  public func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
    guard case .stepEnd = event, run.step % interval == 0 else { return .continue }
    let rates = run.optimizer.learningRates
    try run.record(rates.enumerated().map { (name: rates.count == 1 ? "learningRate" : "learningRate/\($0.offset)", value: $0.element) })
    return .continue
  }
}
