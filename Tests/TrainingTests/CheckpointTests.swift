import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// Fails at the n-th operation, halfway through a file where it is a file.
private final class FailingStorage: CheckpointStorage {
  private let disk = DiskStorage()
  private(set) var operations = 0
  var failsAt: Int?

  private func count(_ path: String, _ damage: () throws -> Void = {}) throws {
    operations += 1
    if operations == failsAt {
      try damage()
      throw FileError(path: path, problem: "cannot be written: No space left on device", remedy: "free space on the disk")
    }
  }

  func makeFolder(_ path: String) throws {
    try count(path)
    try disk.makeFolder(path)
  }
  func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws {
    try count(path) { try Data("half a file".utf8).write(to: URL(fileURLWithPath: path)) }
    try disk.write(tensors, to: path)
  }
  func write(_ data: Data, to path: String) throws {
    try count(path) { try data.prefix(20).write(to: URL(fileURLWithPath: path)) }
    try disk.write(data, to: path)
  }
  func move(_ path: String, to target: String) throws {
    try count(path)
    try disk.move(path, to: target)
  }
  func link(_ path: String, to target: String) throws {
    try count(path)
    try disk.link(path, to: target)
  }
  func remove(_ path: String) throws { try disk.remove(path) }
}

extension TorchTests {
  @Suite struct CheckpointTests {
    @Test func keepsTheLastAndTheBest() async throws {
      let folder = try TemporaryFolder()
      var values = [3.0, 1.0, 2.0, 2.5]
      let judge = Watcher("judge") { event, run in
        if case .epochEnd = event { try run.record([(name: "quality", value: values.removeFirst())]) }
        return .continue
      }
      try await toyTrainer(ToyNet.make()).fit(
        toyLoader(), epochs: 4, handlers: [judge, Checkpoints(in: folder.path, best: "quality", .minimum, keep: 1)])
      #expect(folder.names() == ["best", "last", "step-00000012-epoch-2", "step-00000024-epoch-4"])
      let best = try Checkpoint(at: folder.path + "/best")
      #expect(best.step == 12 && best.metrics["quality"] == 1)
      let last = try Checkpoint(at: folder.path)
      #expect(last.step == 24 && last.position == LoaderPosition(epoch: 4))
      #expect(folder.names("best") == ["state.safetensors", "trainer.json", "weights.safetensors"])

      let model = try ToyNet.make(seed: 3)
      try last.loadWeights(into: model)
      #expect(try SafetensorsFile(path: last.weightsPath).names.contains("norm.running_mean"))
    }

    @Test func olderCheckpointsGo() async throws {
      let folder = try TemporaryFolder()
      try await toyTrainer(ToyNet.make())
        .fit(toyLoader(), epochs: 2, handlers: [Checkpoints(in: folder.path, everySteps: 3, everyEpochs: nil, keep: 2)])
      #expect(folder.names() == ["last", "step-00000009", "step-00000012"])
    }

    @Test func aFullDiskAtAnyMomentLeavesThePreviousCheckpoint() async throws {
      // One checkpoint takes six operations (folder, two tensor files, the manifest, the name, the link); the second one fails at each.
      for operation in 7...12 {
        let folder = try TemporaryFolder()
        let storage = FailingStorage()
        storage.failsAt = operation
        let checkpoints = Checkpoints(
          in: folder.path, everySteps: 3, everyEpochs: nil, best: Checkpoints.usualMetric, .minimum, keep: 1, storage: storage)
        let error = await #expect(throws: CheckpointError.self) {
          try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 1, handlers: [checkpoints])
        }
        let message = "\(try #require(error))"
        #expect(message.contains("No space left on device") && message.contains("then resume from \(folder.path)/step-0000000"))
        // Nothing half written, hidden or not.
        let linked = operation == 12
        #expect(
          folder.names() == (linked ? ["last", "step-00000003", "step-00000006"] : ["last", "step-00000003"]), "operation \(operation)")

        let expected = try ToyNet.make(), resumed = try ToyNet.make(seed: 2)
        try await toyTrainer(expected).fit(toyLoader(), epochs: 1)
        try await toyTrainer(resumed).fit(toyLoader(), epochs: 1, resumingFrom: folder.path)
        #expect(try digest(resumed) == digest(expected))
      }
    }

    @Test func theFirstCheckpointFailing() async throws {
      let folder = try TemporaryFolder()
      let storage = FailingStorage()
      storage.failsAt = 3
      let checkpoints = Checkpoints(
        in: folder.path, everySteps: 1, everyEpochs: nil, best: Checkpoints.usualMetric, .minimum, keep: 1, storage: storage)
      let error = await #expect(throws: CheckpointError.self) {
        try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 1, handlers: [checkpoints])
      }
      #expect(error?.previous == nil)
      #expect(folder.names().isEmpty)
    }

    @Test func leftoversOfAKilledProcessAreSweptUp() async throws {
      let folder = try TemporaryFolder()
      let leftover = folder.path + "/.step-00000003.123.1.partial"
      try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: true)
      try Data("half".utf8).write(to: URL(fileURLWithPath: leftover + "/weights.safetensors"))
      try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 1, handlers: [Checkpoints(in: folder.path)])
      #expect(folder.names() == ["last", "step-00000006-epoch-1"])
    }

    @Test func aFolderThatCannotBeMade() async throws {
      let folder = try TemporaryFolder()
      try Data().write(to: URL(fileURLWithPath: folder.path + "/file"))
      await #expect(throws: CheckpointError.self) {
        try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 1, handlers: [Checkpoints(in: folder.path + "/file/below")])
      }
    }

    @Test func anotherRunInTheSameFolderReplacesNothing() async throws {
      let folder = try TemporaryFolder()
      for _ in 0..<2 { try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 1, handlers: [Checkpoints(in: folder.path)]) }
      #expect(folder.names() == ["last", "step-00000006-epoch-1", "step-00000006-epoch-1-2"])
      #expect(try Checkpoint(at: folder.path).path.hasSuffix("step-00000006-epoch-1-2"))
    }
  }
}
