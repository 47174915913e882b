import NN
import Torch

extension Trainer {
  /// Validation of the weights that the run will end with, if these are an exponential average, or of the present ones.
  func measureAveraged(_ validation: DataLoader, _ run: TrainingRun) async throws -> [(name: String, value: Double)] {
    guard options.averaging?.isValidated == true, let average = run.average else {
      return try await measure(validation, prefix: "validation/")
    }
    try average.swap()
    do {
      let measured = try await measure(validation, prefix: "validation/")
      try average.swap()
      return measured
    } catch {
      try average.swap()
      throw error
    }
  }

  /// Puts the average into the model at the end of a run. After stochastic averaging batch norm is measured anew, and the validation data
  /// gives `average/loss` and the metrics.
  func finishAverage(_ run: TrainingRun, _ train: DataLoader, _ validation: DataLoader?) async throws {
    guard let average = run.average, average.updates > 0 else { return }
    try average.swap()
    guard case .stochastic? = options.averaging else { return }
    try await updateBatchNorm(model, train, epoch: run.position.epoch) { batch in
      try withThreads { _ = try forward(batch) }
    }
    if let validation { try run.recordEpoch(try await measure(validation, prefix: "average/"), isEpoch: false) }
  }
}

extension TrainingRun {
  /// The weights that validation measures: the exponential average where there is one, the model's own otherwise.
  func validatedState() throws -> StateDictionary {
    var state = try model.state()
    guard let average, isAverageValidated, average.updates > 0, !average.isSwapped else { return state }
    for (name, tensor) in average.values { state[name] = tensor }
    return state
  }
}
