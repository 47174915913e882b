import MartletCore
public import Models
import NN
public import Torch
public import Training

/// What models of texts are trained by: each takes a batch of the source that goes with it to a loss.
public enum TextObjectives {
  public typealias Objective = (Batch) throws -> StepOutput

  /// The next token: `StreamBatches`, `TokenBatches` of ids, `PackedSequences` (whose texts do not see each other).
  public static func causal(_ model: LanguageModel) -> Objective {
    { batch in
      let input = TokenInput(batch.inputs, positions: batch.extras["positions"], segments: batch.extras["segments"])
      let scores = try model(input)
      return StepOutput(loss: try nextTokenCrossEntropy(scores, batch.targets), outputs: scores)
    }
  }

  /// Hidden tokens: `MaskedTokenBatches`.
  public static func masked(_ model: LanguageModel) -> Objective {
    { batch in
      let scores = try model(model.input(batch.inputs))
      return StepOutput(loss: try tokenCrossEntropy(scores, batch.targets), outputs: scores)
    }
  }

  /// Classes of texts, one for each or several: `ClassifiedTexts`.
  /// - Parameters:
  ///   - weights: of the classes, `[classes]`; `nil` for equal ones.
  ///   - teacher: a model of the same classes whose answers are learnt beside the truth, with its share of the loss.
  public static func classes(
    _ model: LanguageModel, hasSeveral: Bool, labelSmoothing: Double = 0, weights: Tensor? = nil,
    teacher: (model: LanguageModel, share: Double, temperature: Double)? = nil
  ) -> Objective {
    { batch in
      let input = TokenInput(batch.inputs, mask: batch.extras["mask"])
      let scores = try model(input)
      var loss =
        try hasSeveral
        ? bceWithLogits(scores, batch.targets)
        : crossEntropy(scores, batch.targets, weight: weights, labelSmoothing: labelSmoothing)
      if let teacher {
        let wanted = try withoutGrad { try teacher.model(input) }
        // Several classes are as many questions with two answers each.
        let pairs: (Tensor) throws -> Tensor = { scores in try hasSeveral ? Tensor.stack([scores, scores * 0], dim: -1) : scores }
        let told = try distillation(pairs(scores), teacher: pairs(wanted), temperature: teacher.temperature)
        loss = try loss * (1 - teacher.share) + told * teacher.share
      }
      return StepOutput(loss: loss, outputs: scores)
    }
  }

  /// Classes of tokens: `TokenBatches` of tokens.
  public static func tags(_ model: LanguageModel) -> Objective {
    { batch in
      let scores = try model(model.input(batch.inputs))
      return StepOutput(loss: try tokenCrossEntropy(scores, batch.targets), outputs: scores)
    }
  }

  /// Vectors: `PairBatches`. Each text's partner has to be found among all partners and negatives of the batch.
  public static func multipleNegatives(_ model: LanguageModel, scale: Double = 20) -> Objective {
    { batch in
      let (anchors, partners) = try vectors(model, batch)
      return StepOutput(loss: try Models.multipleNegatives(anchors, partners, scale: scale), outputs: anchors)
    }
  }

  /// Vectors: `PairBatches` with scores, which the cosines shall be.
  public static func cosine(_ model: LanguageModel) -> Objective {
    { batch in
      let (anchors, partners) = try vectors(model, batch)
      let cosines = try (anchors * partners.narrow(dim: 0, start: 0, length: batch.count)).sum(dims: [1])
      return StepOutput(loss: try mse(cosines, batch.targets), outputs: cosines)
    }
  }

  private static func vectors(_ model: LanguageModel, _ batch: Batch) throws -> (Tensor, Tensor) {
    guard let partners = batch.extras["partners"] else {
      throw ArgumentError("the batch has no partners", expected: "batches of PairBatches")
    }
    return (
      try model(TokenInput(batch.inputs, mask: batch.extras["mask"])),
      try model(TokenInput(partners, mask: batch.extras["partnerMask"]))
    )
  }

  /// Another text: `TranslationBatches`.
  /// - Throws: `ModelError` for a model that is no encoder-decoder.
  public static func translation(_ model: LanguageModel, labelSmoothing: Double = 0) throws -> Objective {
    guard let body = model.body as? any EncoderDecoder else {
      throw ModelError("a model for \(model.task.name) does not translate", expected: "an encoder-decoder")
    }
    return { batch in
      let input = TokenInput(batch.inputs, mask: batch.extras["mask"], decoderIDs: try body.shiftedRight(batch.targets))
      let scores = try model(input)
      let loss = try crossEntropy(
        scores.reshape([-1, scores.shape[2]]), batch.targets.reshape([-1]), ignoreIndex: -100, labelSmoothing: labelSmoothing)
      return StepOutput(loss: loss, outputs: scores)
    }
  }

  /// Several tasks on one body: `MixedTextBatches`. A batch's loss is the sum of those of the tasks that it has texts for.
  /// - Parameter heads: what each source's batches are learnt by, with the weight of its loss.
  public static func mixed(_ heads: [(name: String, objective: Objective, weight: Double)]) -> Objective {
    { batch in
      var total: Tensor?, outputs: Tensor?, measured: [(name: String, value: Double)] = []
      for (number, head) in heads.enumerated() {
        guard let part = MixedTextBatches.part(batch, of: number) else { continue }
        let step = try head.objective(part)
        measured.append(("\(head.name)/loss", try step.loss.detach().double()))
        let loss = try step.loss * head.weight
        total = try total.map { try $0 + loss } ?? loss
        outputs = outputs ?? step.outputs
      }
      guard let total, let outputs else {
        throw ArgumentError("the batch has texts of none of \(heads.count) tasks", expected: "batches of MixedTextBatches")
      }
      return StepOutput(loss: total, outputs: outputs, measured: measured)
    }
  }
}
