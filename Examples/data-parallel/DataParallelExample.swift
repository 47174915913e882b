import Foundation
import Martlet

/// One training run, alone or shared out among processes: every batch, every loss and every weight are the same but for rounding.
///
///     swift build -c release
///     .build/release/DataParallelExample                                                     # alone
///     .build/release/martlet launch --processes 2 -- .build/release/DataParallelExample      # two processes share every batch
///
/// The processes find one another by torchrun's environment variables. Rank 0 prints.
@main
struct DataParallelExample {
  /// Batch norm sees the batches of all processes together. There is no dropout, whose masks are each process's own, and everything is
  /// smooth: at the kinks of ReLU and max-pooling a difference in the last bit grows to a visible one within some steps.
  static func network() throws -> Sequential {
    try RandomState.seed(1)
    return Sequential(named: [
      "conv1": Conv2d(1, 16, kernel: 3, padding: 1), "norm1": BatchNorm2d(16), "act1": GELU(), "pool1": AvgPool2d(2),
      "conv2": Conv2d(16, 32, kernel: 3, padding: 1), "norm2": BatchNorm2d(32), "act2": GELU(), "pool2": AvgPool2d(2),
      "flatten": Flatten(), "fc": Linear(32 * 7 * 7, 10),
    ])
  }

  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    let pictures = arguments.first.flatMap { Int($0) } ?? 6_400
    let epochs = arguments.dropFirst().first.flatMap { Int($0) } ?? 1
    let group = try await TorchThread.main.run { try ProcessGroup.fromEnvironment() }
    let losses = try await train(pictures: pictures, epochs: epochs, batch: 64, over: group)
    if group?.isFirst ?? true { print(losses) }
  }

  /// - Returns: the loss of every step, over the items of all processes.
  static func train(pictures: Int, epochs: Int, batch: Int, over group: ProcessGroup?) async throws -> [Double] {
    let data = try DatasetSubset(FetchedImages("fashion-mnist").training, indices: Array(0..<pictures))
    // The batch is that of all processes together; each loads its part.
    let loader = try DataLoader(ShardedBatches(ImageBatches(data), over: group), batchSize: batch, shuffle: true, seed: 1)
    let trainer = try Trainer(
      network(), loss: .crossEntropy, optimizer: .sgd(learningRate: 0.005, momentum: 0.9), schedule: .cosine(), seed: 1,
      options: TrainerOptions(threads: 1), distributed: group)
    let losses = Losses()
    try await trainer.fit(loader, epochs: epochs, handlers: [losses])
    return losses.all
  }

  /// Remembers the loss of every step.
  final class Losses: Handler {
    private(set) var all: [Double] = []

    func handle(_ event: TrainingEvent, _ run: TrainingRun) -> HandlerAnswer {
      if case .metrics(let records) = event { all += records.filter { $0.name == "step/loss" }.map(\.value) }
      return .continue
    }
  }
}
