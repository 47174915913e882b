import Foundation
import Martlet

/// What each remedy against overfitting does, in one table: the same small network on 2,000 pictures of Fashion-MNIST, without anything, with
/// augmentation, with dropout, with early stopping, with all three.
///
///     swift run -c release OverfittingExample
@main
struct Overfitting {
  /// One row: which remedies, and what came of them.
  struct Outcome: Sendable {
    let name: String
    /// The share that is recognised, of the pictures that were learned and of those that never were.
    let training: Double, test: Double
    let epochs: Int

    /// What was learned by heart.
    var gap: Double { training - test }
  }

  /// What is done against overfitting.
  struct Remedies: OptionSet, Sendable {
    let rawValue: Int
    static let augmentation = Remedies(rawValue: 1), dropout = Remedies(rawValue: 2), earlyStopping = Remedies(rawValue: 4)
  }

  static let rows: [(name: String, remedies: Remedies)] = [
    ("nothing", []), ("augmentation", .augmentation), ("dropout", .dropout), ("early stopping", .earlyStopping),
    ("all three", [.augmentation, .dropout, .earlyStopping]),
  ]

  static func main() async throws {
    let seeds: [UInt64] = [1, 2, 3]
    print("2,000 training pictures, 10,000 test pictures, 25 epochs at most, mean of \(seeds.count) seeds")
    print("\("remedy".padding(toLength: 16, withPad: " ", startingAt: 0)) training    test     gap  epochs")
    for (name, remedies) in rows {
      var outcomes: [Outcome] = []
      for seed in seeds { outcomes.append(try await run(name, remedies, pictures: 2000, tests: 10_000, epochs: 25, seed: seed)) }
      func mean(_ value: (Outcome) -> Double) -> Double { outcomes.map(value).reduce(0, +) / Double(outcomes.count) }
      let numbers = String(
        format: "%8.4f %7.4f %7.4f %7.1f", mean(\.training), mean(\.test), mean(\.gap), mean { Double($0.epochs) })
      print(name.padding(toLength: 16, withPad: " ", startingAt: 0), numbers)
    }
  }

  static func run(
    _ name: String, _ remedies: Remedies, pictures: Int, tests: Int, epochs: Int, seed: UInt64
  ) async throws -> Outcome {
    let data = try FetchedImages("fashion-mnist")
    guard let held = data.test else { throw ArgumentError("Fashion-MNIST has a test part") }
    let split = try StratifiedSplit(labels: Array(data.training.labels.prefix(pictures + pictures / 4)), validation: 0.2, seed: seed)
    let training = try DatasetSubset(data.training, indices: split.training)
    let validation = try DatasetSubset(data.training, indices: split.validation)
    let test = try DatasetSubset(held, indices: Array(0..<tests))

    // Moved and mirrored pictures are new pictures of the same thing; drawn anew in every epoch.
    let augmentation = remedies.contains(.augmentation) ? Augmentation([.randomCrop(padding: 2), .flipHorizontal()]) : nil
    let loader = try DataLoader(
      ImageBatches(training, augmentation: augmentation, seed: seed), batchSize: 64, shuffle: true, seed: seed, workers: 1)
    let model = try ModelConfiguration(
      architecture: "cnn", input: [1, 28, 28], classes: 10, settings: ["dropout": .double(remedies.contains(.dropout) ? 0.5 : 0)]
    ).build(seed: seed)
    let trainer = try Trainer(model, loss: .crossEntropy, optimizer: .adamW(learningRate: 1e-3), seed: seed)
    let watched = try DataLoader(ImageBatches(validation), batchSize: 250)
    let result = try await trainer.fit(
      loader, validation: watched, epochs: epochs,
      // It stops after four epochs without progress and takes the best weights back.
      handlers: remedies.contains(.earlyStopping) ? [EarlyStopping("validation/loss", .minimum, patience: 3)] : [])
    return Outcome(
      name: name, training: try await accuracy(of: model, on: training), test: try await accuracy(of: model, on: test),
      epochs: result.epochs)
  }

  /// The share of the pictures, as they are, that is recognised.
  static func accuracy(of model: any Layer, on pictures: any ImageDataset) async throws -> Double {
    model.eval()
    var right = 0
    for try await batch in try DataLoader(ImageBatches(pictures), batchSize: 250) {
      right += try withoutGrad { try (model(batch.inputs).argmax(dim: 1) .== batch.targets).sum().int() }
    }
    return Double(right) / Double(pictures.count)
  }
}
