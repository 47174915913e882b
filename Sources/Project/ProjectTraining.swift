/// The network.
public enum ModelChoice: Codable, Sendable, Hashable {
  /// Blocks of convolution, batch norm, ReLU and max pooling, then one hidden layer.
  case cnn(channels: [Int], hidden: Int, dropout: Double)
  /// LeNet-5.
  case lenet
  /// Fully connected layers.
  case mlp(hidden: [Int], dropout: Double)
  /// ResNet-18.
  case resnet18

  /// The word that chooses it in the file.
  public var name: String {
    switch self {
    case .cnn: "cnn"
    case .lenet: "lenet"
    case .mlp: "mlp"
    case .resnet18: "resnet18"
    }
  }
}

/// How the network learns.
public struct ProjectTraining: Codable, Sendable, Hashable {
  /// How often all training pictures are seen.
  public var epochs: Int
  /// Pictures per step.
  public var batch: Int
  /// How the weights follow the gradients.
  public var optimizer: OptimizerChoice
  /// How the learning rate changes over the steps.
  public var schedule: ScheduleChoice
  /// The largest norm of all gradients together; `nil` is no limit.
  public var clip: Double?
  /// The share of the target that is spread over all classes.
  public var labelSmoothing: Double
  /// Whether rare classes weigh more.
  public var classWeights: ClassWeights
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

  private enum CodingKeys: String, CodingKey {
    case epochs, batch, optimizer, schedule, clip, seed, threads, workers
    case labelSmoothing = "label-smoothing"
    case classWeights = "class-weights"
    case earlyStopping = "early-stopping"
    case checkpointEvery = "checkpoint-every"
  }
}

/// The weight of the classes in the loss.
public enum ClassWeights: String, Codable, Sendable, Hashable {
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

/// How the weights follow the gradients.
public enum OptimizerChoice: Codable, Sendable, Hashable {
  /// Adam with decoupled weight decay.
  case adamw(learningRate: Double, weightDecay: Double, betas: [Double], epsilon: Double)
  /// Stochastic gradient descent.
  case sgd(learningRate: Double, weightDecay: Double, momentum: Double, nesterov: Bool)

  private enum AdamwCodingKeys: String, CodingKey {
    case betas, epsilon
    case learningRate = "learning-rate"
    case weightDecay = "weight-decay"
  }

  private enum SgdCodingKeys: String, CodingKey {
    case momentum, nesterov
    case learningRate = "learning-rate"
    case weightDecay = "weight-decay"
  }

  /// The step size.
  public var learningRate: Double {
    switch self {
    case .adamw(let rate, _, _, _), .sgd(let rate, _, _, _): rate
    }
  }
}

/// How the learning rate changes over the steps.
public enum ScheduleChoice: Codable, Sendable, Hashable {
  /// Up to `max` (`nil`: ten times the optimizer's rate) in the first `warmUp` of the steps, then down.
  case oneCycle(max: Double?, warmUp: Double)
  /// Up in the first `warmUp` of the steps, then along half a cosine to `final` times the rate.
  case cosine(warmUp: Double, final: Double)
  /// Times `factor` every `every` epochs.
  case step(every: Int, factor: Double)
  /// Always the optimizer's rate.
  case constant

  private enum CodingKeys: String, CodingKey {
    case cosine, step, constant
    case oneCycle = "one-cycle"
  }

  private enum OneCycleCodingKeys: String, CodingKey {
    case max
    case warmUp = "warm-up"
  }

  private enum CosineCodingKeys: String, CodingKey {
    case final
    case warmUp = "warm-up"
  }
}
