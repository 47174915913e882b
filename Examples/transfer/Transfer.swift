import Martlet

/// What a network that knows some clothes brings to learning others: a ResNet learns five classes of Fashion-MNIST from many pictures; the
/// other five are then learned from few, from scratch, with the backbone frozen, and with all of it fine-tuned, in the same number of steps.
///
///     swift run -c release TransferExample
@main
struct Transfer {
  enum Start: String, CaseIterable, Sendable { case scratch = "from scratch", frozen = "frozen backbone", tuned = "fine-tuned" }

  static func main() async throws {
    let seeds: [UInt64] = [1, 2, 3]
    print("100 pictures of five classes to learn from, 5,000 to judge by, 12 epochs")
    for start in Start.allCases {
      var accuracies: [Double] = []
      for seed in seeds {
        let source = try await pretrained(pictures: 12_000, epochs: 2, seed: seed)
        accuracies.append(try await run(start, from: source, pictures: 100, tests: 5000, epochs: 12, seed: seed))
      }
      print("\(start.rawValue): \(accuracies), mean \(accuracies.reduce(0, +) / Double(accuracies.count))")
    }
  }

  /// The weights of a network that has learned classes 0 to 4.
  static func pretrained(pictures: Int, epochs: Int, seed: UInt64) async throws -> StateDictionary {
    let model = try network(seed: seed)
    let data = try FetchedImages("fashion-mnist").training
    let part = try clothes(data, 0..<5, count: pictures)
    let trainer = try Trainer(model, loss: .crossEntropy, optimizer: .adamW(learningRate: 3e-3), schedule: .oneCycle(), seed: seed)
    try await trainer.fit(try loader(data, part, first: 0, batch: 64, seed: seed), epochs: epochs)
    return try model.state()
  }

  /// - Returns: the share of the test pictures of classes 5 to 9 that is recognised.
  static func run(
    _ start: Start, from source: StateDictionary, pictures: Int, tests: Int, epochs: Int, seed: UInt64
  ) async throws -> Double {
    let model = try network(seed: seed)
    if start != .scratch {
      try model.loadPretrained(source)
      // What was learned about other classes is of no use; the rest of the network is.
      try model.replaceHead(classes: 5)
    }
    let data = try FetchedImages("fashion-mnist")
    guard let test = data.test else { throw ArgumentError("Fashion-MNIST has a test part") }
    let part = try clothes(data.training, 5..<10, count: pictures)
    let frozen = model.stages.dropLast().flatMap(\.members)
    let trainer = try Trainer(
      model, loss: .crossEntropy,
      // Early layers know general things and change less.
      optimizer: .adamW(
        learningRate: 2e-3,
        rules: start == .tuned ? [.matching(learningRate: 0.3) { name, _ in frozen.contains { name.hasPrefix($0) } }] : []),
      schedule: .cosine(), seed: seed, options: TrainerOptions(freezing: start == .frozen ? .parts(frozen) : nil))
    try await trainer.fit(try loader(data.training, part, first: 5, batch: 20, seed: seed), epochs: epochs)
    model.eval()
    var right = 0
    let judged = try clothes(test, 5..<10, count: tests)
    for try await batch in try loader(test, judged, first: 5, batch: 250, seed: nil) {
      right += try withoutGrad { try (model(batch.inputs).argmax(dim: 1) .== batch.targets).sum().int() }
    }
    return Double(right) / Double(judged.count)
  }

  private static func network(seed: UInt64) throws -> StagedNetwork {
    let model = try ModelConfiguration(architecture: "cnn", input: [1, 28, 28], classes: 5).build(seed: seed)
    guard let network = model as? StagedNetwork else { throw ArgumentError("the network has no stages") }
    return network
  }

  /// The first `count` pictures of some classes.
  private static func clothes(_ data: any ImageDataset, _ classes: Range<Int>, count: Int) throws -> [Int] {
    Array(data.labels.indices.filter { classes.contains(data.labels[$0]) }.prefix(count))
  }

  /// Labels count from the first of the classes.
  private static func loader(_ data: any ImageDataset, _ items: [Int], first: Int, batch: Int, seed: UInt64?) throws -> DataLoader {
    let source = Relabelled(pictures: try ImageBatches(DatasetSubset(data, indices: items)), first: first)
    return try DataLoader(source, batchSize: batch, shuffle: seed != nil, seed: seed ?? 0)
  }

  private struct Relabelled: BatchSource {
    let pictures: ImageBatches
    let first: Int
    var count: Int { pictures.count }

    func batch(_ indices: [Int], epoch: Int) throws -> Batch {
      let batch = try pictures.batch(indices, epoch: epoch)
      return Batch(inputs: batch.inputs, targets: try batch.targets - Scalar(first), indices: indices)
    }
  }
}
