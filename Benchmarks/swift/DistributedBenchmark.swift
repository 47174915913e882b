import Foundation
import Martlet

/// Training with one thread per process; `Benchmarks/distributed.sh` starts it alone, twice without knowing of each other, and twice together.
enum DistributedBenchmark {
  /// Items a second of all processes together: the convolutional network of the Fashion-MNIST demo, 128 pictures per process and step.
  /// - Parameter joint: batch norm sees the batches of all processes together, as it does unless one says otherwise; PyTorch's does not.
  static func throughput(jointBatchNorm joint: Bool = true) async throws -> Double {
    let group = try await TorchThread.main.run { try ProcessGroup.fromEnvironment() }
    let size = group?.size ?? 1
    let data = try DatasetSubset(FetchedImages("fashion-mnist").training, indices: Array(0..<(12_800 * size)))
    let loader = try DataLoader(ShardedBatches(ImageBatches(data), over: group), batchSize: 128 * size, shuffle: true, seed: 1)
    let model = try ModelConfiguration(architecture: "cnn", input: [1, 28, 28], classes: 10).build(seed: 1)
    let trainer = try Trainer(
      model, loss: .crossEntropy, optimizer: .adamW(learningRate: 1e-3), seed: 1, options: TrainerOptions(threads: 1), distributed: group)
    if !joint { model.synchronizeBatchNorm(over: nil) }
    // The first epoch warms up; of the others the best counts, so that a busy machine hurts less.
    let result = try await trainer.fit(loader, epochs: 4)
    return result.values("train/itemsPerSecond").dropFirst().max() ?? 0
  }
}
