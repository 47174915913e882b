public import NN

/// How a trainer makes its optimizer from the model's parameters.
public struct OptimizerChoice {
  let make: (Module) throws -> any Optimizer

  private init(making make: @escaping (Module) throws -> any Optimizer) { self.make = make }

  /// Any optimizer, made from the model's parameters.
  public init(_ make: @escaping ([Parameter]) throws -> any Optimizer) { self.make = { try make($0.parameters()) } }

  /// Any optimizer, made from the model: with groups by name, of several optimizers …
  public static func forModel(_ make: @escaping (Module) throws -> any Optimizer) -> OptimizerChoice { OptimizerChoice(making: make) }

  /// One that exists already, with groups of its own.
  public static func using(_ optimizer: any Optimizer) -> OptimizerChoice { OptimizerChoice(making: { _ in optimizer }) }

  /// Stochastic gradient descent, see `SGD`.
  public static func sgd(
    learningRate: Double, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0, nesterov: Bool = false
  ) -> OptimizerChoice {
    OptimizerChoice {
      try SGD(
        $0, learningRate: learningRate, momentum: momentum, dampening: dampening, weightDecay: weightDecay, nesterov: nesterov)
    }
  }

  /// Adam with L2 penalty, see `Adam`.
  public static func adam(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    amsgrad: Bool = false
  ) -> OptimizerChoice {
    OptimizerChoice {
      try Adam(
        $0, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, amsgrad: amsgrad)
    }
  }

  /// Adam with decoupled weight decay, see `AdamW`.
  public static func adamW(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
    amsgrad: Bool = false
  ) -> OptimizerChoice {
    OptimizerChoice {
      try AdamW(
        $0, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, amsgrad: amsgrad)
    }
  }
}
