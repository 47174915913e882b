public import MartletCore
import NN
import Torch

/// Ends the run when a metric has not improved for a while, and puts the best weights back.
public final class EarlyStopping: Handler {
  /// The metric that is watched.
  public let metric: String
  /// Which way it improves.
  public let goal: Goal
  /// Epochs without improvement that are still fine.
  public let patience: Int
  /// What counts as an improvement must exceed this.
  public let minimumDelta: Double
  /// Put the best weights back when the run ends, for whatever reason but cancellation.
  public let restoresBest: Bool

  /// The best value so far.
  public private(set) var best: Double?
  /// The epoch of the best value, from zero.
  public private(set) var bestEpoch: Int?
  private var bestWeights: StateDictionary?
  private var waited = 0

  /// - Parameters:
  ///   - metric: `validation/loss`, `validation/accuracy` …
  ///   - goal: which way it improves.
  ///   - patience: epochs without improvement that are still fine.
  public init(_ metric: String, _ goal: Goal, patience: Int, minimumDelta: Double = 0, restoresBest: Bool = true) {
    self.metric = metric
    self.goal = goal
    self.patience = patience
    self.minimumDelta = minimumDelta
    self.restoresBest = restoresBest
  }

  public var name: String { "earlyStopping" }
  public var watchedMetrics: [String] { [metric] }
  public var recordedMetrics: [String]? { [] }
  public var settings: JSONValue {
    [
      "metric": .string(metric), "goal": .string(goal.rawValue), "patience": .int(patience), "minimumDelta": .double(minimumDelta),
      "restoresBest": .bool(restoresBest),
    ]
  }

  public func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
    switch event {
    case .fitBegin: return waited > patience ? .stop : .continue
    case .epochEnd: return try judge(run)
    case .fitEnd: if bestEpoch != run.epoch { try restore(run) }
    case .failed: if try restore(run), let bestEpoch { run.note("the weights of the best epoch (\(bestEpoch + 1)) are back in the model") }
    default: break
    }
    return .continue
  }

  private func judge(_ run: TrainingRun) throws -> HandlerAnswer {
    guard let value = run.latest[metric] else {
      throw ArgumentError(
        "there is no metric '\(metric)' to stop on", expected: "one of \(run.latest.keys.sorted().joined(separator: ", "))",
        remedy: NearestName.of(metric, among: run.latest.keys).map { "'\($0)'" }
          ?? (run.latest.keys.contains { $0.hasPrefix("validation/") }
            ? "Trainer(…, metrics: [.accuracy]) for a loss of your own" : "pass validation data to fit"))
    }
    if goal.isBetter(value, than: best, by: minimumDelta) {
      (best, bestEpoch, waited) = (value, run.epoch, 0)
      if restoresBest { bestWeights = try run.validatedState().copied() }
      return .continue
    }
    waited += 1
    return waited > patience ? .stop : .continue
  }

  @discardableResult
  private func restore(_ run: TrainingRun) throws -> Bool {
    guard restoresBest, let bestWeights else { return false }
    try run.model.load(bestWeights)
    return true
  }

  public func state() throws -> SavedState? {
    SavedState(
      values: [
        "metric": .string(metric), "best": best.map { .double($0) } ?? .null, "bestEpoch": bestEpoch.map { .int($0) } ?? .null,
        "waited": .int(waited),
      ], tensors: bestWeights?.entries ?? [])
  }

  public func load(_ state: SavedState) throws {
    guard state.values["metric"]?.stringValue == metric else {
      throw StateMismatch(
        "the checkpoint's early stopping watched '\(state.values["metric"]?.stringValue ?? "nothing")'", expected: "'\(metric)'")
    }
    best = state.values["best"]?.doubleValue
    bestEpoch = state.values["bestEpoch"]?.intValue
    waited = state.values["waited"]?.intValue ?? 0
    bestWeights = state.tensors.isEmpty ? nil : try StateDictionary(state.tensors.map { ($0.name, $0.tensor) }).copied()
  }
}
