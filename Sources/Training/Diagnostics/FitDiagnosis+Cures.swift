extension FitDiagnosis.Cure {
  /// What helps, the likeliest first.
  static func of(_ verdict: FitDiagnosis.Verdict, _ curves: FitCurves, bestEpoch: Int?) -> [FitDiagnosis.Cure] {
    switch verdict {
    case .overfits: overfitting(curves, bestEpoch: bestEpoch)
    case .underfits:
      if curves.lateImprovement > 0.15 {
        [
          .init(
            action: "train longer", reason: "the loss is still falling", yaml: "training.epochs: \(3 * curves.training.count)",
            swift: "fit(…, epochs: \(3 * curves.training.count))"),
          learningRate("the steps may be too small"), bigger,
        ]
      } else {
        [
          bigger, learningRate("the steps may be too small to get on, or too large to settle"),
          .init(
            action: "restrain less", reason: "dropout, decay, mixing and strong augmentation keep the training loss up",
            yaml: "training.optimizer: {adamw: {weight-decay: 0}}", swift: "AdamW(weightDecay: 0), Dropout(0)"),
        ]
      }
    case .diverges:
      [
        learningRate("steps that are too large climb out of the valley"),
        .init(
          action: "clip the gradients", reason: "single batches with huge gradients throw the weights off", yaml: "training.clip: 1",
          swift: "TrainerOptions(clip: .norm(1))"),
        .init(
          action: "warm up", reason: "the first steps, with averages still empty, are the most dangerous",
          yaml: "training.schedule: {cosine: {warm-up: 0.1}}", swift: "schedule: .cosine(warmup: 0.1)"),
        .init(
          action: "look into the layers", reason: "a layer may explode at initialisation", yaml: nil,
          swift: "diagnose(model, loss: loss, batch: batch)"),
      ]
    case .tooNoisy:
      [
        .init(
          action: "validate on more items", reason: "few items make a jumping curve", yaml: "data.validation: 0.2", swift: nil),
        .init(
          action: "let the learning rate fall to almost nothing", reason: "at a constant rate the weights never come to rest",
          yaml: "training.schedule: cosine", swift: "schedule: .cosine()"),
        .init(
          action: "larger batches", reason: "their gradients are less noisy", yaml: "training.batch: 256",
          swift: "DataLoader(batchSize: 256)"),
      ]
    case .leakSuspected:
      [
        .init(
          action: "look for items that are in both sets", reason: "copies, crops and frames of one film belong on one side", yaml: nil,
          swift: "Folds.grouped(by:)"),
        .init(
          action: "look for the answer in the inputs", reason: "a watermark, a folder's name or a column that is known only afterwards",
          yaml: nil, swift: nil),
        .init(
          action: "compare with a harder split", reason: "by group or by time, as the model will be used", yaml: nil,
          swift: "crossValidate(.grouped(by: groups))"),
      ]
    case .fits, .unknown: []
    }
  }

  private static func overfitting(_ curves: FitCurves, bestEpoch: Int?) -> [FitDiagnosis.Cure] {
    var cures: [FitDiagnosis.Cure] = []
    if let bestEpoch, bestEpoch < curves.validation.count {
      cures.append(
        .init(
          action: "stop early", reason: "validation was best in epoch \(bestEpoch) of \(curves.validation.count)",
          yaml: "training.early-stopping: {patience: 3}", swift: "EarlyStopping(\"validation/loss\", .minimum, patience: 3)"))
    }
    cures += [
      .init(
        action: "augment the pictures", reason: "the network has learned the training items by heart", yaml: "data.augment: [flip, shift]",
        swift: "a BatchSource that augments, keyed by epoch and index"),
      .init(
        action: "mix items", reason: "between two items there is nothing to learn by heart", yaml: "training.mixing: {mix-up: 0.2}",
        swift: "TrainerOptions(mixing: .mixUp(alpha: 0.2))"),
      .init(
        action: "dropout", reason: "no unit can rely on a single other one", yaml: "model: {cnn: {dropout: 0.4}}", swift: "Dropout(0.4)"),
      .init(
        action: "more weight decay", reason: "small weights make smooth functions",
        yaml: "training.optimizer: {adamw: {weight-decay: 0.05}}", swift: "AdamW(weightDecay: 0.05)"),
      .init(
        action: "smooth the labels", reason: "the network need not become certain of single items", yaml: "training.label-smoothing: 0.1",
        swift: ".crossEntropy(labelSmoothing: 0.1)"),
      .init(
        action: "begin with pretrained weights, or a smaller model", reason: "fewer things to learn from few items", yaml: nil,
        swift: "model.load(from: path, strict: false)"),
    ]
    return cures
  }

  private static let bigger = FitDiagnosis.Cure(
    action: "a larger model", reason: "the model cannot say what the data say", yaml: "model: resnet18", swift: "more channels or layers")

  private static func learningRate(_ reason: String) -> FitDiagnosis.Cure {
    .init(
      action: "find the learning rate", reason: reason, yaml: "training.optimizer: {adamw: {learning-rate: …}}",
      swift: "trainer.findLearningRate(on: loader)")
  }
}
