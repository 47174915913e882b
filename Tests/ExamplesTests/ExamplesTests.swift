import Foundation
import Martlet
import Testing

@testable import CustomLayerExample
@testable import LoopByHandExample
@testable import ResumeExample
@testable import TrainerExample

/// The examples as they are in the documentation, on fewer pictures. They share libtorch's random state, so they run one after the other.
@Suite(.serialized) struct ExamplesTests {
  @Test func theLoopByHandLearns() async throws {
    // Guessing is 0.1; this much is learned from 3,000 pictures whatever the seed.
    #expect(try await LoopByHand.train(pictures: 3000, epochs: 1) > 0.5)
  }

  @Test func theTrainerLearns() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let result = try await TrainerExample.train(pictures: 3000, epochs: 2, folder: folder)
    #expect(result.epochs == 2)
    #expect((result.last("validation/accuracy") ?? 0) > 0.5)
    for file in ["metrics.jsonl", "checkpoints/last/trainer.json", "fashion.safetensors"] {
      #expect(FileManager.default.fileExists(atPath: folder + "/" + file), "\(file)")
    }
  }

  @Test func aLayerOfOnesOwnLearns() async throws {
    let (first, last) = try await CustomLayer.train(pictures: 2000, epochs: 2)
    #expect(last < first)
  }

  @Test func resumingGivesTheSameWeights() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (whole, resumed) = try await Resume.compare(pictures: 2000, epochs: 2, folder: folder)
    print("SHA-256 of the weights: never interrupted \(whole), interrupted \(resumed)")
    #expect(whole == resumed)
    #expect(whole.count == 64)
  }
}
