import Martlet

/// The same training run in float32, in bfloat16, and in float32 with gradients added up over four small batches, on Fashion-MNIST.
///
///     swift run -c release MixedPrecisionExample
@main
struct MixedPrecision {
  struct Outcome: Sendable {
    let losses: [Double]
    let accuracy: Double
    let seconds: Double
  }

  static func main() async throws {
    for (name, batch, options) in runs() {
      let outcome = try await train(batch: batch, options, pictures: 6000, epochs: 2)
      print("\(name): training loss \(outcome.losses), validation accuracy \(outcome.accuracy), \(outcome.seconds) s")
    }
  }

  static func runs() -> [(name: String, batch: Int, options: TrainerOptions)] {
    [
      ("float32, batches of 128", 128, TrainerOptions()),
      ("bfloat16, batches of 128", 128, TrainerOptions(precision: .bfloat16)),
      ("float32, four batches of 32 for a step", 32, TrainerOptions(accumulate: 4)),
    ]
  }

  static func train(batch: Int, _ options: TrainerOptions, pictures: Int, epochs: Int) async throws -> Outcome {
    let data = try FetchedImages("fashion-mnist").training
    let split = try StratifiedSplit(labels: Array(data.labels.prefix(pictures)), validation: 0.2, seed: 1)
    let train = try DataLoader(
      ImageBatches(DatasetSubset(data, indices: split.training)), batchSize: batch, shuffle: true, seed: 1, workers: 1)
    let validation = try DataLoader(ImageBatches(DatasetSubset(data, indices: split.validation)), batchSize: 256)
    // No batch norm and no dropout: then four batches of 32 are the same as one of 128.
    try RandomState.seed(1)
    let model = Sequential([
      Conv2d(1, 16, kernel: 3), ReLU(), MaxPool2d(2), Conv2d(16, 32, kernel: 3), ReLU(), MaxPool2d(2), Flatten(), Linear(800, 10),
    ])
    let trainer = try Trainer(model, loss: .crossEntropy, optimizer: .adamW(learningRate: 2e-3), seed: 1, options: options)
    let clock = ContinuousClock(), start = clock.now
    let result = try await trainer.fit(train, validation: validation, epochs: epochs)
    return Outcome(
      losses: result.values("train/loss"), accuracy: result.last("validation/accuracy") ?? 0, seconds: (clock.now - start) / .seconds(1))
  }
}
