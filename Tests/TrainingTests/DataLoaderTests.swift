import Foundation
import MartletCore
import Synchronization
import Testing
import Torch

@testable import Training

/// Counts batches in the making and made; can fail, and can wait.
private struct ProbeSource: BatchSource {
  let count: Int
  let made = Collected<[Int]>()
  var failsAt: Int?
  var delay: TimeInterval = 0

  func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    if delay > 0 { Thread.sleep(forTimeInterval: delay) }
    if let failsAt, indices.contains(failsAt) { throw ArgumentError("the file is damaged") }
    made.add(indices)
    return Batch(
      inputs: try Tensor(indices.map { Float($0 + 1000 * epoch) }), targets: try Tensor(indices.map { Int64($0) }), indices: indices)
  }
}

extension TorchTests {
  @Suite struct DataLoaderTests {
    private func epoch(_ loader: DataLoader) async throws -> [[Int]] {
      var result: [[Int]] = []
      for try await batch in loader {
        #expect(try batch.targets.array(of: Int.self) == batch.indices)
        result.append(batch.indices)
      }
      return result
    }

    @Test func sameBatchesAtAnyNumberOfWorkers() async throws {
      var expected: [[[Int]]] = []
      for workers in [0, 1, 2, 4] {
        let loader = try DataLoader(ProbeSource(count: 103), batchSize: 8, shuffle: true, seed: 9, workers: workers)
        let epochs = [try await epoch(loader), try await epoch(loader)]
        if expected.isEmpty { expected = epochs }
        #expect(epochs == expected, "\(workers) workers")
      }
      #expect(expected[0] != expected[1])
      for epoch in expected {
        #expect(epoch.flatMap { $0 }.sorted() == Array(0..<103))
        #expect(epoch.map(\.count) == Array(repeating: 8, count: 12) + [7])
      }
      let other = try DataLoader(ProbeSource(count: 103), batchSize: 8, shuffle: true, seed: 10)
      #expect(try await epoch(other) != expected[0])
    }

    @Test func theLastBatchCanBeDropped() async throws {
      let loader = try DataLoader(ProbeSource(count: 20), batchSize: 8, dropLast: true, workers: 2)
      #expect(loader.batchesPerEpoch == 2 && loader.itemsPerEpoch == 16)
      #expect(try await epoch(loader) == [Array(0..<8), Array(8..<16)])
    }

    @Test(arguments: [0, 2]) func goesOnInTheMiddleOfAnEpoch(workers: Int) async throws {
      func make() throws -> DataLoader { try DataLoader(ProbeSource(count: 50), batchSize: 7, shuffle: true, seed: 1, workers: workers) }
      let whole = try make()
      _ = try await epoch(whole)
      let second = try await epoch(whole)

      let first = try make()
      _ = try await epoch(first)
      var head: [[Int]] = []
      for try await batch in first {
        head.append(batch.indices)
        if head.count == 3 { break }
      }
      #expect(first.position == LoaderPosition(epoch: 1, batch: 3))
      let resumed = try make()
      try resumed.resume(at: first.position)
      #expect(head + (try await epoch(resumed)) == second)
      #expect(resumed.position == LoaderPosition(epoch: 2))
      // A loop that was left does not go on by itself: the next loop is the next epoch.
      #expect(try await epoch(first) == epoch(whole))
    }

    @Test func prefetchIsBounded() async throws {
      let source = ProbeSource(count: 400)
      let loader = try DataLoader(source, batchSize: 1, workers: 3, prefetch: 5)
      var seen = 0
      for try await _ in loader {
        seen += 1
        // Give the workers every chance to run ahead.
        if seen % 100 == 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(source.made.all.count <= seen + 5)
      }
      #expect(seen == 400)
    }

    @Test(arguments: [0, 1, 3]) func errorsNameTheItem(workers: Int) async throws {
      let items = try DataLoader(
        StackedBatches(ToyData(count: 40, broken: 21)), batchSize: 8, workers: workers)
      var seen = 0
      let error = await #expect(throws: LoaderError.self) { for try await _ in items { seen += 1 } }
      #expect(seen == 2)
      #expect(error?.items == [21])
      #expect("\(try #require(error))".contains("item 21 cannot be loaded: item-21.png: is no image"))

      let batches = try DataLoader(ProbeSource(count: 40, failsAt: 17), batchSize: 8, workers: workers)
      let whole = await #expect(throws: LoaderError.self) { for try await _ in batches {} }
      #expect(whole?.items == Array(16..<24))
      #expect("\(try #require(whole))".contains("one of the items 16, 17, 18, 19 … cannot be loaded: the file is damaged"))
    }

    @Test func nothingHangsAfterAnError() async throws {
      let loader = try DataLoader(ProbeSource(count: 40, failsAt: 0), batchSize: 8, workers: 2)
      let iterator = loader.makeAsyncIterator()
      await #expect(throws: LoaderError.self) { _ = try await iterator.next() }
      #expect(try await iterator.next() == nil)
    }

    @Test func cancellationWakesTheConsumerAndStopsWorkers() async throws {
      let source = ProbeSource(count: 10_000, delay: 0.02)
      let loader = try DataLoader(source, batchSize: 1, workers: 2, prefetch: 2)
      let task = Task {
        var seen = 0
        for try await _ in loader { seen += 1 }
        return seen
      }
      try await Task.sleep(for: .milliseconds(100))
      task.cancel()
      await #expect(throws: CancellationError.self) { _ = try await task.value }
      // What was in the making may still end; after that nothing more comes.
      try await Task.sleep(for: .milliseconds(100))
      let made = source.made.all.count
      try await Task.sleep(for: .milliseconds(100))
      #expect(source.made.all.count == made && made < 100)
    }

    @Test func leavingTheLoopStopsWorkers() async throws {
      let source = ProbeSource(count: 10_000, delay: 0.005)
      let loader = try DataLoader(source, batchSize: 1, workers: 2, prefetch: 3)
      for try await _ in loader { break }
      try await Task.sleep(for: .milliseconds(50))
      let made = source.made.all.count
      try await Task.sleep(for: .milliseconds(50))
      #expect(source.made.all.count == made && made < 10)
    }

    @Test func nonsenseIsRefused() throws {
      #expect { try DataLoader(ProbeSource(count: 4), batchSize: 0) } throws: { "\($0)".contains("batch size is 0") }
      #expect { try DataLoader(ProbeSource(count: 0), batchSize: 1) } throws: { "\($0)".contains("no items") }
      #expect { try DataLoader(ProbeSource(count: 4), batchSize: 8, dropLast: true) } throws: { "\($0)".contains("no full batch of 8") }
      #expect { try DataLoader(ProbeSource(count: 4), batchSize: 1, workers: -1) } throws: { "\($0)".contains("-1 loader workers") }
      let loader = try DataLoader(ProbeSource(count: 4), batchSize: 2)
      #expect { try loader.resume(at: LoaderPosition(epoch: 0, batch: 3)) } throws: { "\($0)".contains("no batch 3") }
    }

    @Test func tensorsInMemoryAreGathered() throws {
      let inputs = try Tensor((0..<24).map(Float.init), shape: [6, 2, 2])
      let source = try TensorBatches(inputs: inputs, targets: Tensor([0, 1, 2, 3, 4, 5] as [Int64]))
      let batch = try source.batch([4, 0, 4], epoch: 0)
      #expect(batch.inputs.shape == [3, 2, 2])
      #expect(try batch.inputs.array(of: Float.self) == [16, 17, 18, 19, 0, 1, 2, 3, 16, 17, 18, 19])
      #expect(try batch.targets.array(of: Int.self) == [4, 0, 4])
      #expect { try source.batch([6], epoch: 0) } throws: { "\($0)".contains("item 6 cannot be loaded") }
      #expect { try TensorBatches(inputs: inputs, targets: Tensor([1, 2] as [Int64])) } throws: { "\($0)".contains("same first dimension") }
    }

    @Test func itemsOfAnotherShapeAreNamed() throws {
      struct Uneven: Dataset {
        let count = 4
        func sample(at index: Int, epoch: Int) throws -> Sample {
          Sample(input: try HostArray([Float](repeating: 0, count: index == 2 ? 5 : 4)), target: try HostArray([Int64(0)], shape: []))
        }
      }
      #expect { try StackedBatches(Uneven()).batch([0, 1, 2, 3], epoch: 0) } throws: {
        "\($0)".contains("item 2 cannot be loaded: its input is float32 of shape [5]; expected float32 of shape [4] as item 0's")
      }
    }
  }
}
