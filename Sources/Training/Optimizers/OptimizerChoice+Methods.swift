extension OptimizerChoice {
  /// Stochastic gradient descent, see `SGD`.
  public static func sgd(
    learningRate: Double, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0, nesterov: Bool = false,
    rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      SGD.Settings(
        learningRate: learningRate, momentum: momentum, dampening: dampening, weightDecay: weightDecay, nesterov: nesterov), rules
    ) { try SGD(groups: $0) }
  }

  /// Adam with L2 penalty, see `Adam`.
  public static func adam(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    amsgrad: Bool = false, rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      Adam.Settings(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, amsgrad: amsgrad), rules
    ) { try Adam(groups: $0) }
  }

  /// Adam with decoupled weight decay, see `AdamW`.
  public static func adamW(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
    amsgrad: Bool = false, rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      AdamW.Settings(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, amsgrad: amsgrad), rules
    ) { try AdamW(groups: $0) }
  }

  /// RMSprop, see `RMSprop`.
  public static func rmsprop(
    learningRate: Double = 0.01, alpha: Double = 0.99, epsilon: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0,
    centered: Bool = false, rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      RMSprop.Settings(
        learningRate: learningRate, alpha: alpha, epsilon: epsilon, weightDecay: weightDecay, momentum: momentum, centered: centered), rules
    ) { try RMSprop(groups: $0) }
  }

  /// Adagrad, see `Adagrad`.
  public static func adagrad(
    learningRate: Double = 0.01, learningRateDecay: Double = 0, weightDecay: Double = 0, epsilon: Double = 1e-10,
    rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      Adagrad.Settings(
        learningRate: learningRate, learningRateDecay: learningRateDecay, weightDecay: weightDecay, epsilon: epsilon), rules
    ) { try Adagrad(groups: $0) }
  }

  /// Adadelta, see `Adadelta`.
  public static func adadelta(
    learningRate: Double = 1, rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0, rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      Adadelta.Settings(
        learningRate: learningRate, rho: rho, epsilon: epsilon, weightDecay: weightDecay), rules
    ) { try Adadelta(groups: $0) }
  }

  /// Adam with the infinity norm, see `Adamax`.
  public static func adamax(
    learningRate: Double = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      Adamax.Settings(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay), rules
    ) { try Adamax(groups: $0) }
  }

  /// Adam with Nesterov momentum, see `NAdam`.
  public static func nadam(
    learningRate: Double = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    momentumDecay: Double = 4e-3, decoupled: Bool = false, rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      NAdam.Settings(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, momentumDecay: momentumDecay,
        decoupled: decoupled), rules
    ) { try NAdam(groups: $0) }
  }

  /// Rectified Adam, see `RAdam`.
  public static func radam(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    decoupled: Bool = false, rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      RAdam.Settings(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, decoupled: decoupled), rules
    ) { try RAdam(groups: $0) }
  }

  /// Resilient backpropagation, see `Rprop`.
  public static func rprop(
    learningRate: Double = 0.01, shrink: Double = 0.5, grow: Double = 1.2, rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(Rprop.Settings(learningRate: learningRate, shrink: shrink, grow: grow), rules) { try Rprop(groups: $0) }
  }

  /// Averaged stochastic gradient descent, see `ASGD`.
  public static func asgd(
    learningRate: Double = 0.01, decay: Double = 1e-4, power: Double = 0.75, averagingStart: Double = 1e6, weightDecay: Double = 0,
    rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      ASGD.Settings(
        learningRate: learningRate, decay: decay, power: power, averagingStart: averagingStart, weightDecay: weightDecay), rules
    ) { try ASGD(groups: $0) }
  }

  /// Adafactor, whose state is small, see `Adafactor`.
  public static func adafactor(
    learningRate: Double = 0.01, decayPower: Double = -0.8, threshold: Double = 1, weightDecay: Double = 0, rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      Adafactor.Settings(
        learningRate: learningRate, decayPower: decayPower, threshold: threshold, weightDecay: weightDecay), rules
    ) { try Adafactor(groups: $0) }
  }

  /// Lion, see `Lion`.
  public static func lion(
    learningRate: Double = 1e-4, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0, rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      Lion.Settings(
        learningRate: learningRate, beta1: beta1, beta2: beta2, weightDecay: weightDecay), rules
    ) { try Lion(groups: $0) }
  }

  /// LAMB for very large batches, see `LAMB`.
  public static func lamb(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6, weightDecay: Double = 0.01,
    rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    .grouped(
      LAMB.Settings(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay), rules
    ) { try LAMB(groups: $0) }
  }
}
