import MartletCore

/// The names of what a run measures, as far as they are known, to find names that nobody measures before time is spent on training.
struct MeasuredNames {
  /// Of every epoch, in the order in which they are shown.
  let epochs: [String]
  /// Of single steps.
  let steps: [String]
  /// An objective or a handler of the user's own may measure more.
  var isOpen: Bool
  let validates: Bool

  /// - Parameter own: what the objective measures beside the loss; `nil` while that is not known.
  init(metrics: [String], own: [String]?, penalty: Bool, validates: Bool) {
    let names = ["loss"] + metrics + (own ?? [])
    epochs =
      names.map { "train/" + $0 } + (penalty ? ["train/penalty"] : []) + ["train/itemsPerSecond"]
      + (validates ? names.map { "validation/" + $0 } : [])
    steps = ["step/loss", "step/gradientNorm", "step/lossScale"]
    isOpen = own == nil
    self.validates = validates
  }

  /// - Parameter extra: what handlers record; a name that ends in `/` stands for all below it.
  func check(_ wanted: String, by who: String, extra: [String]) throws {
    let known = epochs + extra
    if known.contains(wanted) || extra.contains(where: { $0.hasSuffix("/") && wanted.hasPrefix($0) }) { return }
    // Without validation data nobody measures it, whatever an objective measures.
    let needsValidation = wanted.hasPrefix("validation/") && !validates
    if isOpen, !needsValidation { return }
    throw ArgumentError(
      "there is no metric '\(wanted)' for \(who)", expected: "one of \(known.joined(separator: ", "))",
      remedy: needsValidation
        ? "pass validation data to fit, or watch a metric of the training data"
        : NearestName.of(wanted, among: known).map { "'\($0)'" } ?? "Trainer(…, metrics: [.accuracy]) for a loss of your own")
  }
}

extension Trainer {
  /// Looks for everything that the schedule and the handlers wait for among what this run measures.
  /// - Parameter own: what the objective measures beside the loss; `nil` while that is not known.
  /// - Throws: `ArgumentError` naming who waits, what for, and the nearest name.
  func checkWatched(_ handlers: [any Handler], validates: Bool, own: [String]?) throws {
    var names = MeasuredNames(
      metrics: metrics.map(\.name), own: own, penalty: options.penalty != nil, validates: validates)
    for plateau in schedule.plateaus { try names.check(plateau.metric, by: "the schedule '\(schedule.name)'", extra: []) }
    let recorded = handlers.map(\.recordedMetrics)
    names.isOpen = names.isOpen || recorded.contains { $0 == nil }
    let extra = names.steps + recorded.flatMap { $0 ?? [] }
    for handler in handlers {
      for wanted in handler.watchedMetrics {
        // A handler may record what looks like a metric of validation.
        if recorded.contains(where: { $0 == nil }) { continue }
        try names.check(wanted, by: "the handler '\(handler.name)'", extra: extra)
      }
    }
  }

  /// The same once the first step has shown what an objective of the user's own measures.
  func checkWatched(_ run: TrainingRun, validates: Bool) throws {
    guard let handlers = run.handlersToCheck else { return }
    run.handlersToCheck = nil
    let known = Set(["loss", "penalty"] + metrics.map(\.name))
    try checkWatched(handlers, validates: validates, own: run.sums.names.filter { !known.contains($0) })
  }
}
