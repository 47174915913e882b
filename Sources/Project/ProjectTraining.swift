/// How the network learns.
public struct ProjectTraining: Codable, Sendable, Hashable {
  /// How often all training pictures are seen.
  public var epochs: Int
  /// Pictures per step.
  public var batch: Int
  /// How the weights follow the gradients.
  public var optimizer: NamedChoice
  /// How the learning rate changes over the steps.
  public var schedule: NamedChoice
  /// The largest norm of all gradients together; `nil` is no limit.
  public var clip: Double?
  /// The largest size of each gradient by itself; `nil` is no limit.
  public var clipValue: Double?
  /// Batches whose gradients are added up for one step.
  public var accumulate: Int
  /// What the operators compute in.
  public var precision: PrecisionChoice
  /// What is added to the loss for large weights.
  public var penalty: PenaltyChoice
  /// Biases and normalisation are left out of weight decay.
  public var decayWeightsOnly: Bool
  /// What the learning rate is multiplied by from each layer to the one before it.
  public var layerDecay: Double?
  /// How far around the weights sharpness-aware steps look; `nil` takes plain steps.
  public var sharpnessAware: Double?
  /// Which average of the weights is judged and kept; `nil` keeps the last.
  public var averaging: NamedChoice?
  /// How pictures and their classes are mixed; `nil` leaves them alone.
  public var mixing: NamedChoice?
  /// How often each class is drawn.
  public var sampling: SamplingChoice
  /// The share of the target that is spread over all classes.
  public var labelSmoothing: Double
  /// Whether rare classes weigh more.
  public var classWeights: ClassWeighting
  /// When to stop before the last epoch; `nil` is never.
  public var earlyStopping: EarlyStoppingChoice?
  /// Steps between checkpoints in mid-epoch; `nil` saves at the end of epochs only.
  public var checkpointEvery: Int?
  /// Everything random follows from it.
  public var seed: UInt64
  /// Threads that compute; `nil` value is the number of cores.
  public var threads: AutoInt
  /// Tasks that load pictures.
  public var workers: AutoInt
  /// Event files for TensorBoard are written beside the metrics.
  public var tensorboard: Bool
  /// Gradients and activations are watched, and what is sick is named.
  public var diagnostics: Bool

  private enum CodingKeys: String, CodingKey {
    case epochs, batch, optimizer, schedule, clip, accumulate, precision, penalty, averaging, mixing, sampling, seed, threads, workers
    case tensorboard, diagnostics
    case clipValue = "clip-value"
    case decayWeightsOnly = "decay-weights-only"
    case layerDecay = "layer-decay"
    case sharpnessAware = "sharpness-aware"
    case labelSmoothing = "label-smoothing"
    case classWeights = "class-weights"
    case earlyStopping = "early-stopping"
    case checkpointEvery = "checkpoint-every"
  }
}

/// The weight of the classes in the loss.
public enum ClassWeighting: String, Codable, Sendable, Hashable {
  /// Every picture weighs the same.
  case none
  /// Every class weighs the same.
  case balanced
}

/// When training stops early. The best weights are taken back.
public struct EarlyStoppingChoice: Codable, Sendable, Hashable {
  /// `validation/loss` or `validation/accuracy`.
  public var metric: String
  /// Epochs without improvement until training stops.
  public var patience: Int
  /// Smaller improvements do not count.
  public var minimumChange: Double

  /// Whether larger values of the metric are better.
  public var higherIsBetter: Bool { metric.hasSuffix("accuracy") }

  private enum CodingKeys: String, CodingKey {
    case metric, patience
    case minimumChange = "minimum-change"
  }
}

/// What the operators compute in; weights stay `float32`.
public enum PrecisionChoice: String, Codable, Sendable, Hashable {
  case float32, bfloat16, float16
}

/// How often each class is drawn in an epoch.
public enum SamplingChoice: String, Codable, Sendable, Hashable {
  /// Every picture once.
  case all
  /// Every class equally often.
  case balanced
}

/// What is added to the loss for large weights.
public struct PenaltyChoice: Codable, Sendable, Hashable {
  /// Times the sum of the weights' sizes.
  public var l1: Double
  /// Times the sum of their squares.
  public var l2: Double
}
