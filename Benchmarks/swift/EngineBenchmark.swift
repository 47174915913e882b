import Martlet

/// Tensors, training steps and loading. Names and work are those of `engine.py`.
enum EngineBenchmark {
  /// Nanoseconds of one addition of eight numbers.
  static func smallOperator() throws -> Double {
    try TorchThreads.set(1)
    let a = try Tensor.randn([8]), b = try Tensor.randn([8])
    let calls = 200_000
    return try withoutGrad {
      try seconds { for _ in 0..<calls { _ = try a.add(b) } } / Double(calls) * 1e9
    }
  }

  /// Steps a second of a 784-128-10 network at batch 64, one thread.
  static func mlp(_ optimizer: (_ parameters: [Parameter]) throws -> any Optimizer) throws -> Double {
    try TorchThreads.set(1)
    try RandomState.seed(0)
    let model = Sequential([Linear(784, 128), ReLU(), Linear(128, 10)])
    let optimizer = try optimizer(model.parameters())
    let x = try Tensor.randn([64, 784]), y = try Tensor((0..<64).map { $0 % 10 })
    let steps = 1000
    func run(_ count: Int) throws {
      for _ in 0..<count {
        try crossEntropy(model(x), y).backward()
        try optimizer.step()
        optimizer.zeroGradients()
      }
    }
    try run(50)
    return Double(steps) / (try seconds { try run(steps) })
  }

  /// Seconds of 100 training steps at batch 128 on Fashion-MNIST, loading and normalising included, two threads.
  static func convolutionEpoch() async throws -> Double {
    try RandomState.seed(0)
    let data = try DatasetSubset(FetchedImages("fashion-mnist").training, indices: Array(0..<12_800))
    let preparation = try ImagePreparation(mode: .grey, width: 28, height: 28, mean: [0.286], std: [0.353])
    let loader = try DataLoader(ImageBatches(data, preparation: preparation), batchSize: 128, shuffle: true, seed: 1, workers: 1)
    let model = try ModelConfiguration(architecture: "cnn", input: [1, 28, 28], classes: 10).build(seed: 1)
    let trainer = try Trainer(
      model, loss: .crossEntropy, optimizer: .adamW(learningRate: 1e-3), seed: 1, options: TrainerOptions(threads: 2))
    try await trainer.fit(loader, epochs: 1)
    let clock = ContinuousClock()
    let start = clock.now
    try await trainer.fit(loader, epochs: 1)
    return (clock.now - start) / .seconds(1)
  }

  static func seconds(_ body: () throws -> Void) rethrows -> Double { try ContinuousClock().measure(body) / .seconds(1) }
}
