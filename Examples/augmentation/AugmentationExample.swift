import Martlet

/// Every augmentation by name on a real picture, as a contact sheet; and what a policy does to a network's test accuracy.
///
///     swift run -c release AugmentationExample
@main
struct AugmentationExample {
  static func main() async throws {
    for (name, transforms) in policies() {
      print("\(name): test accuracy \(try await accuracy(transforms, pictures: 3000, tests: 10_000, epochs: 10))")
    }
  }

  static func policies() -> [(name: String, transforms: [ImageTransform])] {
    [
      ("nothing", []), ("crop and flip", [.randomCrop(padding: 2), .flipHorizontal()]),
      ("crop, flip and erase", [.randomCrop(padding: 2), .flipHorizontal(), .erase()]),
      ("RandAugment", [.randAugment(RandAugment(count: 1, magnitude: 5))]), ("TrivialAugment", [.trivialAugment()]),
    ]
  }

  /// - Returns: the share of the test pictures that is recognised.
  static func accuracy(_ transforms: [ImageTransform], pictures: Int, tests: Int, epochs: Int) async throws -> Double {
    let data = try FetchedImages("fashion-mnist")
    guard let test = data.test else { throw ArgumentError("Fashion-MNIST has a test part") }
    // Drawn anew in every epoch from (seed, epoch, picture): the same at any number of workers.
    let source = try ImageBatches(
      DatasetSubset(data.training, indices: Array(0..<pictures)), augmentation: transforms.isEmpty ? nil : Augmentation(transforms), seed: 1
    )
    let model = try ModelConfiguration(architecture: "cnn", input: [1, 28, 28], classes: 10).build(seed: 1)
    let trainer = try Trainer(model, loss: .crossEntropy, optimizer: .adamW(learningRate: 3e-3), schedule: .oneCycle(), seed: 1)
    try await trainer.fit(try DataLoader(source, batchSize: 64, shuffle: true, seed: 1, workers: 1), epochs: epochs)
    let judged = try DataLoader(ImageBatches(DatasetSubset(test, indices: Array(0..<tests))), batchSize: 250)
    return try await trainer.evaluate(judged)["accuracy"] ?? 0
  }
}
