import Foundation
import Martlet
import Testing

@testable import AugmentationExample
@testable import CustomLayerExample
@testable import GradientsExample
@testable import KNNImagesExample
@testable import LanguagesExample
@testable import LoopByHandExample
@testable import MixedPrecisionExample
@testable import NextActionExample
@testable import OverfittingExample
@testable import ResumeExample
@testable import SchedulesExample
@testable import TrainerExample
@testable import TransferExample

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

  @Test func neighboursFindTheNextAction() throws {
    let result = try NextAction.run(visits: 200, seed: 1)
    #expect(result.neighbours > result.frequent)
    #expect(result.examples.count == 3)
  }

  @Test func languagesAreToldApart() throws {
    var settings = LanguageIdentifier.Settings()
    settings.buckets = 1 << 14
    let result = try LanguagesExample.learn(limit: 300, settings: settings)
    #expect(result.tested > 500 && result.accuracy > 0.8 && result.longAccuracy > result.accuracy)
  }

  @Test func neighboursReadDigits() throws {
    let pictures = try FetchedImages("digits").training
    #expect(try KNNImages.accuracy(pictures, neighbours: 3, limit: 300) > 0.75)
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

  @Test func remediesNarrowTheGap() async throws {
    let plain = try await Overfitting.run("nothing", [], pictures: 400, tests: 1000, epochs: 12, seed: 1)
    let all = try await Overfitting.run(
      "all", [.augmentation, .dropout, .earlyStopping], pictures: 400, tests: 1000, epochs: 12, seed: 1)
    #expect(plain.training > 0.95, "the network can learn 400 pictures by heart")
    #expect(all.gap < plain.gap)
  }

  @Test func sickNetworksAreNamed() async throws {
    let batch = try await Gradients.batch(of: 64)
    let kinds = try Gradients.patients().map { patient in
      Set(try diagnose(patient.network, loss: .crossEntropy, batch: batch).verdicts.map(\.kind))
    }
    #expect(kinds[0].contains(.vanishing))
    #expect(kinds[1].contains(.exploding))
    #expect(kinds[2].isEmpty)
  }

  @Test func aSweepSuggestsARateAndASchedulesEndLearns() async throws {
    let suggestion = try #require(try await Schedules.sweep(pictures: 2000).suggestion)
    #expect((1e-5...0.1).contains(suggestion))
    let cosine = try #require(Schedules.candidates(epochs: 2).first { $0.name.hasPrefix("cosine after") })
    #expect(try await Schedules.train(cosine.schedule, rate: 0.004, pictures: 2000, epochs: 2) > 0.5)
  }

  @Test func precisionAndAccumulationLearnTheSame() async throws {
    var losses: [Double] = []
    for run in MixedPrecision.runs() {
      losses.append(try await MixedPrecision.train(batch: run.batch, run.options, pictures: 1280, epochs: 1).losses.last ?? .nan)
    }
    // bfloat16 keeps 8 bits of precision; accumulated batches differ from the large one by the order of sums alone.
    #expect(abs(losses[1] - losses[0]) < 0.02 * losses[0])
    #expect(abs(losses[2] - losses[0]) < 1e-4 * losses[0])
  }

  @Test func whatIsKnownAlreadyHelps() async throws {
    let scratch = try await Transfer.run(.scratch, pictures: 60, tests: 200, epochs: 6, seed: 1, side: 32)
    let frozen = try await Transfer.run(.frozen, pictures: 60, tests: 200, epochs: 6, seed: 1, side: 32)
    print("60 pictures of ten classes: from scratch \(scratch), frozen backbone \(frozen)")
    #expect(frozen > scratch + 0.1)
  }

  @Test func policiesTrain() async throws {
    for (_, transforms) in AugmentationExample.policies().suffix(2) {
      #expect(try await AugmentationExample.accuracy(transforms, pictures: 1000, tests: 500, epochs: 2) > 0.4)
    }
  }
}
