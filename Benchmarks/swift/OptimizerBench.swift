import Martlet

/// Steps a second of every optimizer, one thread. Names and work are those of `optimizers.py`.
enum OptimizerBench {
  /// The optimizers by the names of the peer.
  static let optimizers: [(name: String, make: @Sendable ([Parameter]) throws -> any Optimizer)] = [
    ("sgd", { try SGD($0, learningRate: 1e-4, momentum: 0.9) }), ("adam", { try Adam($0, learningRate: 1e-5) }),
    ("adamw", { try AdamW($0, learningRate: 1e-5) }), ("rmsprop", { try RMSprop($0, learningRate: 1e-5) }),
    ("adagrad", { try Adagrad($0, learningRate: 1e-4) }), ("adadelta", { try Adadelta($0, learningRate: 0.1) }),
    ("adamax", { try Adamax($0, learningRate: 1e-5) }), ("nadam", { try NAdam($0, learningRate: 1e-5) }),
    ("radam", { try RAdam($0, learningRate: 1e-5) }), ("asgd", { try ASGD($0, learningRate: 1e-4) }),
    ("rprop", { try Rprop($0, learningRate: 1e-5) }), ("adafactor", { try Adafactor($0, learningRate: 1e-4) }),
    ("lion", { try Lion($0, learningRate: 1e-5) }), ("lamb", { try LAMB($0, learningRate: 1e-5) }),
  ]

  /// Training steps a second of a 784-128-10 network at batch 64.
  static func mlp(_ name: String) throws -> [String: Double] {
    try TorchThreads.set(1)
    let x = try Tensor.randn([64, 784]), y = try Tensor((0..<64).map { $0 % 10 })
    return try rates(name, steps: 500) {
      let model = Sequential([Linear(784, 128), ReLU(), Linear(128, 10)])
      return (model.parameters(), { try crossEntropy(model(x), y).backward() })
    }
  }

  /// Optimizer steps a second alone, on parameters of ResNet-18's shapes with fixed gradients.
  static func resNet18(_ name: String) throws -> [String: Double] {
    try TorchThreads.set(1)
    return try rates(name, steps: 20) {
      let parameters = try resNet18Shapes().map { Parameter(try Tensor.randn($0) * 0.05) }
      for parameter in parameters { try parameter.value.setGrad(Tensor.randn(parameter.shape) * 0.01) }
      return (parameters, nil)
    }
  }

  /// - Parameter setUp: makes the parameters and, where gradients change, what computes them.
  private static func rates(
    _ wanted: String, steps: Int, _ setUp: () throws -> ([Parameter], (() throws -> Void)?)
  ) throws -> [String: Double] {
    var results: [String: Double] = [:]
    for (name, make) in optimizers where wanted == "all" || wanted == name {
      try RandomState.seed(0)
      let (parameters, compute) = try setUp()
      let optimizer = try make(parameters)
      func run(_ count: Int) throws {
        for _ in 0..<count {
          try compute?()
          try optimizer.step()
          if compute != nil { optimizer.zeroGradients() }
        }
      }
      try run(max(3, steps / 20))
      let clock = ContinuousClock()
      let seconds = try clock.measure { try run(steps) } / .seconds(1)
      results[name] = Double(steps) / seconds
    }
    return results
  }

  /// The shapes of ResNet-18's parameters in their order: 62 tensors, 11.7 million numbers.
  private static func resNet18Shapes() -> [[Int]] {
    var shapes = [[64, 3, 7, 7], [64], [64]]
    var inputs = 64
    for channels in [64, 128, 256, 512] {
      for _ in 0..<2 {
        shapes += [[channels, inputs, 3, 3], [channels], [channels], [channels, channels, 3, 3], [channels], [channels]]
        if inputs != channels { shapes += [[channels, inputs, 1, 1], [channels], [channels]] }
        inputs = channels
      }
    }
    return shapes + [[1000, 512], [1000]]
  }
}
