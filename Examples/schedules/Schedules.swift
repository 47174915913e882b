import Martlet

/// The same network and optimizer under different schedules, and the learning rate that a sweep suggests, on Fashion-MNIST.
///
///     swift run -c release SchedulesExample
@main
struct Schedules {
  static func main() async throws {
    let (suggestion, chart) = try await sweep(pictures: 6000)
    print(chart)
    print("suggested learning rate: \(suggestion.map { String($0) } ?? "none")")
    for (name, schedule) in candidates(epochs: 4) {
      let accuracy = try await train(schedule, rate: 0.004, pictures: 6000, epochs: 4)
      print("\(name): validation accuracy \(accuracy)")
    }
  }

  static func candidates(epochs: Int) -> [(name: String, schedule: Schedule)] {
    [
      ("constant", .constant),
      ("steps after epochs 2 and 3", .multiStep([2, 3], factor: 0.2)),
      ("cosine after a warm-up", .cosine(warmup: 0.1)),
      ("cosine with restarts", .cosineWithRestarts(first: 1, factor: 2)),
      ("one cycle", .oneCycle()),
      // Any closure of the base rate and the position is a schedule.
      ("one of one's own", Schedule("square root") { base, position in base * (1 - position.progress).squareRoot() }),
    ]
  }

  /// - Returns: the suggested learning rate and the curve as text.
  static func sweep(pictures: Int) async throws -> (suggestion: Double?, text: String) {
    let (trainer, train, _) = try parts(.constant, rate: 1e-3, pictures: pictures)
    let curve = try await trainer.findLearningRate(on: train)
    return (curve.suggestion, curve.text)
  }

  static func train(_ schedule: Schedule, rate: Double, pictures: Int, epochs: Int) async throws -> Double {
    let (trainer, train, validation) = try parts(schedule, rate: rate, pictures: pictures)
    return try await trainer.fit(train, validation: validation, epochs: epochs).last("validation/accuracy") ?? 0
  }

  private static func parts(
    _ schedule: Schedule, rate: Double, pictures: Int
  ) throws -> (trainer: Trainer, train: DataLoader, validation: DataLoader) {
    let data = try FetchedImages("fashion-mnist").training
    let split = try StratifiedSplit(labels: Array(data.labels.prefix(pictures)), validation: 0.2, seed: 1)
    let train = try DataLoader(
      ImageBatches(DatasetSubset(data, indices: split.training)), batchSize: 64, shuffle: true, seed: 1, workers: 1)
    let validation = try DataLoader(ImageBatches(DatasetSubset(data, indices: split.validation)), batchSize: 256)
    let model = try ModelConfiguration(architecture: "cnn", input: [1, 28, 28], classes: 10).build(seed: 1)
    let trainer = try Trainer(model, loss: .crossEntropy, optimizer: .adamW(learningRate: rate), schedule: schedule, seed: 1)
    return (trainer, train, validation)
  }
}
