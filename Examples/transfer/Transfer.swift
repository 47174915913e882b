import Martlet

/// What a network that knows photographs brings to learning clothes from few pictures: EfficientNet-Lite0 from scratch, with the backbone
/// frozen, and fine-tuned, and a small network from scratch, in the same number of steps on Fashion-MNIST.
///
///     scripts/fetch-data efficientnet-lite0 && swift run -c release TransferExample
@main
struct Transfer {
  enum Start: String, CaseIterable, Sendable {
    case scratch = "from scratch", small = "a small network from scratch", frozen = "frozen backbone", tuned = "fine-tuned"
  }

  static func main() async throws {
    let seeds: [UInt64] = [1, 2, 3]
    print("200 pictures of ten classes to learn from, 2,000 to judge by, 15 epochs")
    for start in Start.allCases {
      var accuracies: [Double] = []
      for seed in seeds { accuracies.append(try await run(start, pictures: 200, tests: 2000, epochs: 15, seed: seed)) }
      print("\(start.rawValue): \(accuracies), mean \(accuracies.reduce(0, +) / Double(accuracies.count))")
    }
  }

  /// - Returns: the share of the test pictures that is recognised.
  static func run(_ start: Start, pictures: Int, tests: Int, epochs: Int, seed: UInt64, side: Int = 64) async throws -> Double {
    let name = start == .small ? "cnn" : "efficientnet_lite0"
    let built = try ModelConfiguration(architecture: name, input: [3, side, side], classes: 10).build(seed: seed)
    guard let model = built as? StagedNetwork else { throw ArgumentError("the network has no stages") }
    if start == .frozen || start == .tuned {
      guard let folder = SharedFiles.path("data/efficientnet-lite0") else {
        throw ArgumentError("the weights are not here", remedy: "scripts/fetch-data efficientnet-lite0")
      }
      // The file's head knows a thousand classes; this one's, which has ten, keeps its first values.
      try model.loadPretrained(from: folder + "/efficientnet-lite0-57934424.pth")
    }
    let backbone = model.stages.dropLast()
    // Layers that know general things already change less.
    let slow = ParameterRule.matching(learningRate: 0.1) { name, _ in backbone.contains { $0.holds(name) } }
    let trainer = try Trainer(
      model, loss: .crossEntropy, optimizer: .adamW(learningRate: 5e-3, rules: start == .tuned ? [slow] : []), schedule: .cosine(),
      seed: seed, options: TrainerOptions(freezing: start == .frozen ? .parts(backbone.flatMap(\.members)) : nil))

    let data = try FetchedImages("fashion-mnist")
    guard let test = data.test else { throw ArgumentError("Fashion-MNIST has a test part") }
    // What the weights expect: colour, and pixels from about -1 to 1.
    let preparation = try ImagePreparation(
      mode: .rgb, width: side, height: side, mean: [Float](repeating: 127 / 255, count: 3), std: [Float](repeating: 128 / 255, count: 3))
    let split = try StratifiedSplit(labels: data.training.labels, validation: Double(pictures) / Double(data.training.count), seed: seed)
    let part = try ImageBatches(DatasetSubset(data.training, indices: split.validation), preparation: preparation)
    try await trainer.fit(try DataLoader(part, batchSize: 20, shuffle: true, seed: seed, workers: 1), epochs: epochs)
    let judged = try ImageBatches(DatasetSubset(test, indices: Array(0..<tests)), preparation: preparation)
    return try await trainer.evaluate(try DataLoader(judged, batchSize: 100))["accuracy"] ?? 0
  }
}
