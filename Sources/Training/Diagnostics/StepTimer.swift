/// What a step consists of, for the profile. Each phase is named after what it ends with.
enum StepPhase: Sendable {
  /// The batch is there; before it lies the wait for the loader.
  case batch
  /// The loss is computed.
  case forward
  /// The gradients are there.
  case backward
  /// Gradients were checked, clipped or scaled.
  case gradients
  /// The weights have changed.
  case optimizer
  /// Metrics and handlers are done.
  case end
  /// The next epoch begins; validation and what else lies between two epochs is no part of a step.
  case pause
}

/// Collects when the phases of a run's steps ended; `TrainingRun.timer` is `nil` unless a profile wants them.
final class StepTimer {
  private(set) var marks: [(phase: StepPhase, time: ContinuousClock.Instant)] = []

  /// The phase ends now.
  func mark(_ phase: StepPhase) { marks.append((phase, .now)) }
}
