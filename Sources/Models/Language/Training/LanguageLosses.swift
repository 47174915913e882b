public import NN
public import Torch

/// The mean cross-entropy of scores at each place against tokens, places with -100 left out.
///
/// - Parameters:
///   - scores: `[batch, length, classes]`.
///   - labels: `[batch, length]`, int64.
public func tokenCrossEntropy(_ scores: Tensor, _ labels: Tensor) throws(TorchError) -> Tensor {
  guard scores.ndim == 3, labels.shape == Array(scores.shape.dropLast()) else {
    throw TorchError(
      .value, "tokenCrossEntropy", "scores of shape \(scores.shape), labels of shape \(labels.shape)",
      expected: "[batch, length, classes] and [batch, length]")
  }
  return try crossEntropy(scores.reshape([-1, scores.shape[2]]), labels.reshape([-1]), ignoreIndex: -100)
}

/// The mean cross-entropy of the next token: the scores at a place are compared with the label one place further.
///
/// - Parameters:
///   - scores: `[batch, length, vocabulary]`.
///   - labels: `[batch, length]`, the ids themselves; -100 where nothing shall be learned.
public func nextTokenCrossEntropy(_ scores: Tensor, _ labels: Tensor) throws(TorchError) -> Tensor {
  guard scores.ndim == 3, labels.shape == Array(scores.shape.dropLast()), labels.shape[1] >= 2 else {
    throw TorchError(
      .value, "nextTokenCrossEntropy", "scores of shape \(scores.shape), labels of shape \(labels.shape)",
      expected: "[batch, length, vocabulary] and [batch, length], a length of 2 or more")
  }
  let length = labels.shape[1] - 1
  return try tokenCrossEntropy(scores.narrow(dim: 1, start: 0, length: length), labels.narrow(dim: 1, start: 1, length: length))
}

/// The mean of two cross-entropies: of the answer's first token and of its last.
///
/// - Parameters:
///   - scores: `[batch, length, 2]`.
///   - spans: `[batch, 2]`, int64: the first and the last place; a place behind the text is left out.
public func spanCrossEntropy(_ scores: Tensor, _ spans: Tensor) throws(TorchError) -> Tensor {
  guard scores.ndim == 3, scores.shape[2] == 2, spans.shape == [scores.shape[0], 2] else {
    throw TorchError(
      .value, "spanCrossEntropy", "scores of shape \(scores.shape), spans of shape \(spans.shape)",
      expected: "[batch, length, 2] and [batch, 2]")
  }
  let length = scores.shape[1]
  let places = try spans.clamp(min: 0, max: .int(length))
  let first = try crossEntropy(scores.select(dim: 2, index: 0), places.select(dim: 1, index: 0), ignoreIndex: length)
  let last = try crossEntropy(scores.select(dim: 2, index: 1), places.select(dim: 1, index: 1), ignoreIndex: length)
  return try (first + last) / 2
}

/// What a large model knows, for a small one to learn (Hinton, Vinyals, Dean 2015, arXiv:1503.02531): the divergence of both models'
/// softened scores, times the squared temperature, so that it weighs against other losses as it would without softening.
///
/// - Parameters:
///   - student: scores `[…, classes]`.
///   - teacher: scores of the same shape; they get no gradient.
///   - temperature: above 0; larger numbers show more of what the teacher thinks of the wrong classes.
///   - mask: which rows count, of the scores' shape without the classes; `nil` for all.
/// - Returns: the mean over the rows that count.
public func distillation(
  _ student: Tensor, teacher: Tensor, temperature: Double = 2, mask: Tensor? = nil
) throws(TorchError) -> Tensor {
  guard student.shape == teacher.shape, let classes = student.shape.last, classes > 0, temperature > 0 else {
    throw TorchError(
      .value, "distillation", "scores of shape \(student.shape) and \(teacher.shape), temperature \(temperature)",
      expected: "scores of one shape and a temperature above 0")
  }
  let wanted = try (teacher.detach() / temperature).softmax(dim: -1)
  let known = try (teacher.detach() / temperature).logSoftmax(dim: -1)
  let said = try (student / temperature).logSoftmax(dim: -1)
  let rows = try (wanted * (known - said)).sum(dims: [-1]) * (temperature * temperature)
  guard let mask else { return try rows.mean() }
  guard mask.shape == rows.shape else {
    throw TorchError(.value, "distillation", "the mask has shape \(mask.shape)", expected: "\(rows.shape)")
  }
  let weights = try mask.ne(0).to(rows.dtype)
  return try (rows * weights).sum() / weights.sum().clampMin(1)
}

/// Each text's partner has to be found among the partners of all texts of the batch (multiple negatives ranking, Henderson et al. 2017,
/// arXiv:1705.00652).
///
/// - Parameters:
///   - anchors: `[batch, dimension]`.
///   - partners: `[batch, dimension]`; further rows behind them are nobody's partners.
///   - scale: what cosines are multiplied with.
public func multipleNegatives(_ anchors: Tensor, _ partners: Tensor, scale: Double = 20) throws(TorchError) -> Tensor {
  guard anchors.ndim == 2, partners.ndim == 2, anchors.shape[1] == partners.shape[1], partners.shape[0] >= anchors.shape[0], scale > 0
  else {
    throw TorchError(
      .value, "multipleNegatives", "vectors of shape \(anchors.shape) and \(partners.shape), scale \(scale)",
      expected: "[batch, dimension], at least as many partners as anchors, and a scale above 0")
  }
  func unit(_ x: Tensor) throws(TorchError) -> Tensor {
    try x / x.linalgVectorNorm(dims: [1], keepDim: true).clampMin(1e-12)
  }
  let scores = try unit(anchors).matmul(unit(partners).t()) * scale
  return try crossEntropy(scores, Tensor.arange(.int(anchors.shape[0]), dtype: .int64, device: anchors.device))
}

extension Loss {
  /// ``tokenCrossEntropy(_:_:)``.
  public static var tokenCrossEntropy: Loss {
    Loss("tokenCrossEntropy") { (output, target) throws(TorchError) in try Models.tokenCrossEntropy(output, target) }
  }

  /// ``nextTokenCrossEntropy(_:_:)``.
  public static var nextTokenCrossEntropy: Loss {
    Loss("nextTokenCrossEntropy") { (output, target) throws(TorchError) in try Models.nextTokenCrossEntropy(output, target) }
  }

  /// ``spanCrossEntropy(_:_:)``.
  public static var spanCrossEntropy: Loss {
    Loss("spanCrossEntropy") { (output, target) throws(TorchError) in try Models.spanCrossEntropy(output, target) }
  }
}

extension LanguageModel {
  /// What a model of this task is usually trained with.
  ///
  /// Classes are told apart by cross-entropy; where `problem_type` in the configuration says `multi_label_classification` each class is a
  /// question of its own, and `regression` takes the squared error.
  /// - Throws: `ModelError` for tasks without a target: vectors are trained by ``multipleNegatives(_:_:scale:)`` and its like.
  public var usualLoss: Loss {
    get throws(ModelError) {
      switch task {
      case .classification(let labels, _):
        switch configuration["problem_type"]?.stringValue {
        case "multi_label_classification": .bceWithLogits
        case "regression": Self.regression
        default: labels == 1 ? Self.regression : .crossEntropy
        }
      case .tokenClassification, .maskedLanguageModel, .sequenceToSequence: .tokenCrossEntropy
      case .causalLanguageModel: .nextTokenCrossEntropy
      case .questionAnswering: .spanCrossEntropy
      case .hiddenStates, .embedding:
        throw ModelError("a model for \(task.name) has no usual loss", remedy: "multipleNegatives, infoNCE or a loss of your own")
      }
    }
  }

  /// Scores `[batch, 1]` against numbers `[batch]`, or of one shape.
  private static let regression = Loss("mse") { (output, target) throws(TorchError) in
    try mse(output.reshape(target.shape), target)
  }
}
