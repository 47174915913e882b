import Martlet

/// The same by the trainer: validation, early stopping, checkpoints, a progress bar and a metric file from ready parts.
///
///     swift run -c release TrainerExample
@main
struct TrainerExample {
  static func main() async throws {
    let result = try await train(pictures: 12_000, epochs: 3, folder: "runs/trainer-example")
    print("validation accuracy, epoch by epoch:", result.values("validation/accuracy"))
  }

  static func train(pictures: Int, epochs: Int, folder: String) async throws -> TrainingResult {
    let data = try FetchedImages("fashion-mnist").training
    let split = try StratifiedSplit(labels: Array(data.labels.prefix(pictures)), validation: 0.1, seed: 1)
    let training = try DatasetSubset(data, indices: split.training)
    let validation = try DatasetSubset(data, indices: split.validation)

    let augmentation = Augmentation([.randomCrop(padding: 2), .flipHorizontal()])
    let loader = try DataLoader(
      ImageBatches(training, augmentation: augmentation, seed: 1), batchSize: 64, shuffle: true, seed: 1, workers: 1)
    let watched = try DataLoader(ImageBatches(validation), batchSize: 256)

    let model = try ModelConfiguration(architecture: "cnn", input: [1, 28, 28], classes: 10).build(seed: 1)
    print(try summary(of: model, input: [1, 1, 28, 28]))
    let trainer = try Trainer(
      model, loss: .crossEntropy(labelSmoothing: 0.05), optimizer: .adamW(learningRate: 5e-3), schedule: .oneCycle(), seed: 1,
      options: TrainerOptions(clip: .norm(1)))
    let result = try await trainer.fit(
      loader, validation: watched, epochs: epochs,
      handlers: [
        MetricStore(folder + "/metrics.jsonl"), Checkpoints(in: folder + "/checkpoints"),
        EarlyStopping("validation/loss", .minimum, patience: 3), ProgressBar(),
      ])
    try Safetensors.write(model.state().entries, to: folder + "/fashion.safetensors")
    return result
  }
}
