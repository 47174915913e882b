import Foundation
import Martlet

/// Ten thousand training steps: memory must stay where it was, and every handle must come back.
enum Soak {
  /// - Returns: resident MiB after every thousand steps, and the handles that are still alive after everything was let go.
  static func steps(_ count: Int = 10_000) async throws -> [String: Double] {
    let before = LiveHandles.count
    var figures: [String: Double] = [:]
    try await run(count) { step, megabytes in figures["MiB after \(step) steps"] = megabytes }
    figures["handles left"] = Double(LiveHandles.count - before)
    return figures
  }

  private static func run(_ count: Int, _ report: @escaping (Int, Double) -> Void) async throws {
    let data = try DatasetSubset(FetchedImages("fashion-mnist").training, indices: Array(0..<16_000))
    let augmentation = Augmentation([.randomCrop(padding: 2), .flipHorizontal()])
    let loader = try DataLoader(ImageBatches(data, augmentation: augmentation), batchSize: 16, shuffle: true, seed: 1, workers: 1)
    let configuration = ModelConfiguration(
      architecture: "cnn", input: [1, 28, 28], classes: 10, settings: ["widths": [8, 16], "hidden": 32])
    let trainer = try Trainer(configuration.build(seed: 1), loss: .crossEntropy, optimizer: .adamW(), seed: 1)
    try await trainer.fit(loader, epochs: count / loader.batchesPerEpoch, handlers: [Watcher(report)])
  }

  private final class Watcher: Handler {
    let report: (Int, Double) -> Void
    init(_ report: @escaping (Int, Double) -> Void) { self.report = report }

    func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
      if case .stepEnd = event, run.step % 1000 == 0 { report(run.step, Self.residentMegabytes()) }
      return .continue
    }

    static func residentMegabytes() -> Double {
      let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").dropFirst().first.flatMap {
        Double($0)
      }
      return (pages ?? 0) * 4096 / 1_048_576
    }
  }
}
