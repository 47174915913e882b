public import Foundation
import MartletCore
import NN
import Torch

/// Logs a run for TensorBoard: losses, metrics and learning rates, and where wanted the spread of weights and gradients.
///
/// On resume a new file begins, and TensorBoard forgets what the interrupted run had logged beyond the checkpoint. Nothing but the files is
/// written; `tensorboard --logdir FOLDER` shows them.
public final class TensorBoard: Handler {
  /// Where the event files lie: one folder per run, beside those of other runs.
  public let folder: String
  private let rateInterval: Int
  private let histogramInterval: Int?
  private let hyperparameters: [String: Hyperparameter]
  private let metrics: [String]
  private var file: EventFile?

  /// - Parameters:
  ///   - folder: the run's own folder.
  ///   - learningRateEvery: steps between two records of the learning rate.
  ///   - histogramsEvery: epochs between two histograms of every parameter and its gradient; none if `nil`.
  ///   - hyperparameters: the run's settings, for the table of runs.
  ///   - metrics: the metrics in that table.
  public init(
    _ folder: String, learningRateEvery rateInterval: Int = 10, histogramsEvery histogramInterval: Int? = nil,
    hyperparameters: [String: Hyperparameter] = [:], metrics: [String] = ["validation/loss", "validation/accuracy"]
  ) {
    self.folder = folder
    self.rateInterval = max(1, rateInterval)
    self.histogramInterval = histogramInterval.map { max(1, $0) }
    self.hyperparameters = hyperparameters
    self.metrics = metrics
  }

  public var name: String { "tensorBoard" }
  public var rank: Int { -10 }

  public var recordedMetrics: [String]? { [] }

  public func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
    switch event {
    case .fitBegin: try open(run)
    case .metrics(let records):
      for record in records { try file?.scalar(record.name, record.value, step: record.step, time: record.time) }
    case .stepEnd: if run.step % rateInterval == 0 { try logRates(run) }
    case .epochEnd:
      if let histogramInterval, (run.epoch + 1) % histogramInterval == 0 { try logHistograms(run) }
      try file?.flush()
    case .fitEnd: try close(isSuccess: true)
    case .interrupted, .failed: try close(isSuccess: false)
    default: break
    }
    return .continue
  }

  /// Logs a picture of a run in progress, as the bytes of a PNG file.
  public func image(_ tag: String, png: Data, _ run: TrainingRun) throws { try file?.image(tag, png: png, step: run.step) }

  /// Logs a text of a run in progress.
  public func text(_ tag: String, _ text: String, _ run: TrainingRun) throws { try file?.text(tag, text, step: run.step) }

  private func open(_ run: TrainingRun) throws {
    let file = try EventFile(in: folder, restartingAt: run.isResumed ? run.step + 1 : nil)
    if !hyperparameters.isEmpty { try file.hyperparameters(hyperparameters, metrics: metrics) }
    try file.flush()
    self.file = file
  }

  private func logRates(_ run: TrainingRun) throws {
    let rates = run.optimizer.learningRates
    for (index, rate) in rates.enumerated() {
      try file?.scalar(rates.count == 1 ? "learningRate" : "learningRate/\(index)", rate, step: run.step)
    }
  }

  private func logHistograms(_ run: TrainingRun) throws {
    for (name, parameter) in run.model.namedParameters() {
      let path = name.split(separator: ".").joined(separator: "/")
      let value = try parameter.value
      if value.count > 0, try value.detach().allFinite() { try file?.histogram("weights/" + path, value, step: run.step) }
      if let gradient = parameter.grad, gradient.count > 0, try gradient.allFinite() {
        try file?.histogram("gradients/" + path, gradient, step: run.step)
      }
    }
  }

  private func close(isSuccess: Bool) throws {
    if !hyperparameters.isEmpty { try file?.sessionEnd(isSuccess: isSuccess) }
    try file?.close()
    file = nil
  }
}
