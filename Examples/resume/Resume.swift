import Foundation
import Martlet

/// A run that is interrupted in mid-epoch and goes on gives the same weights, bit for bit, as one that was never interrupted.
///
///     swift run -c release ResumeExample
@main
struct Resume {
  static func main() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("resume-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (whole, resumed) = try await compare(pictures: 4_000, epochs: 2, folder: folder)
    print("never interrupted:", whole)
    print("interrupted twice:", resumed)
    print(whole == resumed ? "equal" : "different")
  }

  /// - Returns: the SHA-256 of the weights of a whole run and of an interrupted one.
  static func compare(pictures: Int, epochs: Int, folder: String) async throws -> (whole: String, resumed: String) {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let data = try DatasetSubset(FetchedImages("fashion-mnist").training, indices: Array(0..<pictures))

    /// One run of the same settings; `stopAfter` steps it is cancelled, as Ctrl-C would.
    func run(stopAfter limit: Int?, resuming: Bool) async throws -> String? {
      let batches = try ImageBatches(data, augmentation: Augmentation([.randomCrop(padding: 2), .flipHorizontal()]), seed: 1)
      let loader = try DataLoader(batches, batchSize: 64, shuffle: true, seed: 1, workers: 1)
      // Dropout and augmentation draw random numbers: those go on where they were, too.
      let model = try ModelConfiguration(architecture: "cnn", input: [1, 28, 28], classes: 10).build(seed: 1)
      let trainer = try Trainer(
        model, loss: .crossEntropy, optimizer: .adamW(learningRate: 5e-3), schedule: .oneCycle(), seed: 1,
        options: TrainerOptions(threads: 1))
      var handlers: [any Handler] = limit == nil && !resuming ? [] : [Checkpoints(in: folder + "/checkpoints")]
      if let limit { handlers.append(CancelAfter(steps: limit)) }
      do {
        try await trainer.fit(
          loader, epochs: epochs, handlers: handlers, resumingFrom: resuming ? folder + "/checkpoints" : nil)
      } catch let interruption as TrainingInterrupted {
        print(interruption)
        return nil
      }
      let path = folder + "/weights.safetensors"
      try Safetensors.write(model.state().entries, to: path)
      return try Digest.sha256(file: path)
    }

    let whole = try await run(stopAfter: nil, resuming: false)
    _ = try? await Task { try await run(stopAfter: 20, resuming: false) }.value
    _ = try? await Task { try await run(stopAfter: 81, resuming: true) }.value
    let resumed = try await run(stopAfter: nil, resuming: true)
    return (whole ?? "interrupted", resumed ?? "interrupted")
  }

  /// Cancels the task that trains after a number of steps.
  final class CancelAfter: Handler {
    let steps: Int
    init(steps: Int) { self.steps = steps }

    func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
      if case .stepEnd = event, run.step == steps { withUnsafeCurrentTask { $0?.cancel() } }
      return .continue
    }
  }
}
