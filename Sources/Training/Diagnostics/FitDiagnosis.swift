public import Charts
import Foundation

/// How well a training run fits, told from its curves, and what to change.
///
/// The training curve is measured while training: with dropout, augmentation and mixing it may lie above the validation curve, which is no
/// fault. The judgement needs 3 epochs or more; the more there are, the better it gets.
public struct FitDiagnosis: Sendable, Hashable {
  /// The judgement.
  public enum Verdict: String, Sendable, Hashable, CaseIterable {
    /// Training and validation are close and have stopped to improve.
    case fits
    /// Training goes on improving, validation does not or lies far behind.
    case overfits
    /// Neither is good: the model is too small, too restrained or not done.
    case underfits
    /// The loss grows.
    case diverges
    /// Validation jumps about more than it improves.
    case tooNoisy
    /// Validation is too good: items of it, or the answer itself, may be in the training data.
    case leakSuspected
    /// There are too few epochs, or no validation.
    case unknown
  }

  /// Something to change.
  public struct Cure: Sendable, Hashable {
    /// What to do.
    public let action: String
    /// Why it helps here.
    public let reason: String
    /// The setting in `martlet.yml`, where there is one.
    public let yaml: String?
    /// The setting in Swift, where there is one.
    public let swift: String?
  }

  /// The judgement.
  public let verdict: Verdict
  /// The numbers that it is based on, in sentences.
  public let evidence: [String]
  /// What to change, the likeliest help first.
  public let cures: [Cure]
  /// The epoch with the least validation loss, counted from 1.
  public let bestEpoch: Int?
  /// The curves, by name.
  public let curves: [String: [Double]]

  /// Judges a finished run.
  public init(_ result: TrainingResult) { self.init(history: result.history) }

  /// Judges what was measured, epoch by epoch: `train/loss` and `validation/loss`, better with `train/accuracy` and `validation/accuracy`.
  public init(history: [MetricRecord]) {
    func values(_ name: String) -> [Double] { history.filter { $0.name == name }.map(\.value) }
    self.init(
      training: values("train/loss"), validation: values("validation/loss"), trainingAccuracy: values("train/accuracy"),
      validationAccuracy: values("validation/accuracy"))
  }

  /// Judges curves, one value per epoch each; accuracies may be empty.
  public init(training: [Double], validation: [Double], trainingAccuracy: [Double] = [], validationAccuracy: [Double] = []) {
    let curves = FitCurves(
      training: training, validation: validation, trainingAccuracy: trainingAccuracy, validationAccuracy: validationAccuracy)
    (verdict, evidence) = curves.judge()
    bestEpoch = validation.indices.filter { validation[$0].isFinite }.min { validation[$0] < validation[$1] }.map { $0 + 1 }
    cures = Cure.of(verdict, curves, bestEpoch: bestEpoch)
    self.curves = [
      "train/loss": training, "validation/loss": validation, "train/accuracy": trainingAccuracy, "validation/accuracy": validationAccuracy,
    ].filter { !$0.value.isEmpty }
  }

  /// The judgement, its evidence and the cures as lines.
  public var text: String {
    var lines = ["\(verdict.title): " + evidence.joined(separator: "; ")]
    for (index, cure) in cures.enumerated() {
      let settings = [cure.yaml.map { "martlet.yml: \($0)" }, cure.swift].compactMap { $0 }.joined(separator: " · ")
      lines.append("\(index + 1). \(cure.action): \(cure.reason)" + (settings.isEmpty ? "" : " [\(settings)]"))
    }
    return lines.joined(separator: "\n")
  }

  /// The same for a report, with the curves.
  public var blocks: [ReportBlock] {
    let loss = LineChart(
      title: "Loss", xTitle: "epoch", yTitle: "loss",
      series: ["train/loss", "validation/loss"].compactMap { name in curves[name].map { LineChart.Series(name, values: $0) } })
    let table = TextTable(
      columns: [.init("what"), .init("why"), .init("martlet.yml"), .init("Swift")],
      rows: cures.map { [$0.action, $0.reason, $0.yaml ?? "", $0.swift ?? ""] })
    return [.notice("\(verdict.title): \(evidence.joined(separator: "; "))."), .charts([loss], isWide: true)]
      + (cures.isEmpty ? [] : [.table(table, caption: "What to try, in this order")])
  }
}

extension FitDiagnosis.Verdict {
  /// The judgement in words.
  public var title: String {
    switch self {
    case .fits: "The model fits"
    case .overfits: "The model overfits"
    case .underfits: "The model underfits"
    case .diverges: "Training diverges"
    case .tooNoisy: "Validation is too noisy to tell"
    case .leakSuspected: "Validation is suspiciously good"
    case .unknown: "There is too little to tell"
    }
  }
}
