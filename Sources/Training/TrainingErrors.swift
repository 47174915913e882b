public import MartletCore

/// The run was cancelled. It goes on from the checkpoint as if nothing had happened.
public struct TrainingInterrupted: MartletError {
  /// Where the run was saved; `nil` without a `Checkpoints` handler.
  public let checkpoint: String?
  /// Optimizer steps done.
  public let step: Int
  /// The epoch that was under way, from zero.
  public let epoch: Int

  public var problem: String { "training was interrupted after step \(step), in epoch \(epoch + 1)" }
  public var remedy: String? {
    checkpoint.map { "resume from \($0) to go on" } ?? "add Checkpoints(in:) to the handlers to be able to go on"
  }
}

/// The loss or a gradient became NaN or infinite. The weights are those before the step that failed, or the best ones if they were kept.
public struct NonFiniteTraining: MartletError {
  /// What was seen first to be not finite.
  public enum Place: Sendable, Hashable {
    /// The batch's own inputs.
    case inputs
    /// The output of the layer at this path.
    case layer(path: String, description: String)
    /// What the model computes between two layers: the first one's output (the model's input if `nil`) was finite, the second one's input
    /// (the model's output if `nil`) was not.
    case between(first: String?, second: String?)
    /// The loss, while every layer's output was finite.
    case loss
    /// The loss on the validation data, while training went on with finite numbers.
    case validation
    /// The gradient of this parameter, while the forward pass was finite.
    case gradient(parameter: String)
  }

  /// Where it started.
  public let place: Place
  /// A parameter of that layer that is not finite itself, if there is one.
  public let parameter: String?
  /// The step that failed, counted from one.
  public let step: Int
  /// The epoch, from zero.
  public let epoch: Int
  /// The items of the batch.
  public let items: [Int]
  /// What handlers did about it: which weights were put back.
  public internal(set) var notes: [String] = []
  /// The process where it started, of several that train together.
  public internal(set) var rank: Int?

  public var problem: String {
    let items = items.prefix(4).map(String.init).joined(separator: ", ") + (items.count > 4 ? " …" : "")
    let what =
      switch place {
      case .inputs: "the inputs of the batch (items \(items)) are not finite"
      case .layer(let path, let description):
        "the output of layer '\(path)' (\(description)) is not finite" + (parameter.map { ": its parameter '\($0)' is not" } ?? "")
      case .between(let first, let second):
        "numbers became not finite between \(first.map { "layer '\($0)', whose output was finite," } ?? "the model's input") and "
          + (second.map { "layer '\($0)', whose input was not" } ?? "the model's output")
      case .loss: "the loss is not finite although every layer's output is"
      case .validation: "the validation loss is not finite, although the training loss is"
      case .gradient(let parameter): "the gradient of '\(parameter)' is not finite"
      }
    return (rank.map { "rank \($0): " } ?? "") + "step \(step) in epoch \(epoch + 1): \(what)" + notes.map { "; \($0)" }.joined()
  }

  public var remedy: String? {
    switch place {
    case .inputs: "a look at these items, and a check of the data preparation for divisions by zero"
    case .between: "a look at what the model computes there: divisions by zero, logarithms, roots and powers of large numbers"
    case .loss: "a check of the targets (classes in range, logarithms of zero)"
    case .validation: "a smaller learning rate (batch norm's running statistics may have overflowed), or a look at the validation pictures"
    case .layer, .gradient: "a smaller learning rate, a warm-up, gradient clipping by norm, or normalisation before this layer"
    }
  }
}
