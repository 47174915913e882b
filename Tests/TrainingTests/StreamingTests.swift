import Foundation
import MartletCore
import NN
import Synchronization
import Testing
import Torch

@testable import Training

/// Shards of numbers: record r of shard s is 1000·s + r.
private struct NumberShards: StreamingSource {
  let counts: [Int]
  var failsAt: (shard: Int, record: Int)?
  var endsAt: (shard: Int, record: Int)?
  let reads = Collected<Int>()

  init(_ counts: [Int]) { self.counts = counts }

  func records(of shard: Int, from first: Int) throws -> RecordStream<Int> {
    var record = first
    return RecordStream {
      if let failsAt, failsAt == (shard, record) { throw FileError(path: "shard-\(shard)", problem: "is damaged") }
      if let endsAt, endsAt == (shard, record) { return nil }
      guard record < counts[shard] else { return nil }
      defer { record += 1 }
      reads.add(1000 * shard + record)
      return 1000 * shard + record
    }
  }

  func batch(_ records: [Int], indices: [Int], epoch: Int) throws -> Batch {
    let offsets = counts.indices.map { counts[..<$0].reduce(0, +) }
    #expect(indices == records.map { offsets[$0 / 1000] + $0 % 1000 })
    let numbers = try Tensor(records.map(Int64.init))
    return Batch(inputs: numbers, targets: numbers, indices: indices)
  }
}

extension TorchTests {
  @Suite struct StreamingTests {
    private let counts = [40, 0, 25, 60, 1, 33]

    private func epoch(_ loader: DataLoader) async throws -> [[Int]] {
      var result: [[Int]] = []
      for try await batch in loader { result.append(try batch.inputs.array(of: Int.self)) }
      return result
    }

    private func loader(_ source: NumberShards? = nil, buffer: Int = 32, workers: Int = 0, dropLast: Bool = false) throws -> DataLoader {
      try DataLoader(
        streaming: source ?? NumberShards(counts), batchSize: 8, shuffleBuffer: buffer, interleave: 3, seed: 5, dropLast: dropLast,
        workers: workers)
    }

    private var all: [Int] { counts.enumerated().flatMap { shard, count in (0..<count).map { 1000 * shard + $0 } } }

    @Test func everyRecordComesOnceInAnOrderOfItsEpoch() async throws {
      var expected: [[[Int]]] = []
      for workers in [0, 1, 2, 4] {
        let loader = try loader(workers: workers)
        #expect(loader.batchesPerEpoch == 20 && loader.itemsPerEpoch == 159)
        let epochs = [try await epoch(loader), try await epoch(loader)]
        if expected.isEmpty { expected = epochs }
        #expect(epochs == expected, "\(workers) workers")
      }
      for epoch in expected { #expect(epoch.flatMap { $0 }.sorted() == all) }
      #expect(expected[0] != expected[1])
      // Records of several shards stand side by side from the beginning.
      #expect(Set(expected[0].prefix(2).flatMap { $0 }.map { $0 / 1000 }).count > 1)
      let dropping = try loader(dropLast: true)
      #expect(try await epoch(dropping) == expected[0].dropLast())
    }

    @Test(arguments: [0, 1]) func withoutABufferTheOrderIsKept(buffer: Int) async throws {
      #expect(try await epoch(loader(buffer: buffer)).flatMap { $0 } == all)
    }

    @Test func aBufferLargerThanTheDataShufflesItWhole() async throws {
      let order = try await epoch(loader(buffer: 1000)).flatMap { $0 }
      // Where a record ends says nothing about where it began: its rank correlation with the data's order is small.
      let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
      let count = Double(all.count)
      let sum = all.enumerated().reduce(0.0) { $0 + pow(Double($1.offset - (places[$1.element] ?? 0)), 2) }
      #expect(abs(1 - 6 * sum / (count * (count * count - 1))) < 0.25)
    }

    @Test(arguments: [0, 2], [32, 0, 1000]) func goesOnAnywhere(workers: Int, buffer: Int) async throws {
      let whole = try loader(buffer: buffer)
      _ = try await epoch(whole)
      let expected = try await epoch(whole)
      for batch in [0, 1, 7, 13, 19, 20] {
        let source = NumberShards(counts)
        let resumed = try loader(source, buffer: buffer, workers: workers)
        try resumed.resume(at: LoaderPosition(epoch: 1, batch: batch))
        #expect(try await epoch(resumed) == Array(expected[batch...]), "from batch \(batch)")
        // Reading again is for what the buffer held; handed-out records behind it are skipped within a shard only.
        if buffer == 0 { #expect(source.reads.all.count <= max(0, 159 - 8 * batch)) }
      }
    }

    @Test(arguments: [0, 2]) func damageNamesTheRecord(workers: Int) async throws {
      var broken = NumberShards(counts)
      broken.failsAt = (2, 10)
      let error = await #expect(throws: LoaderError.self) { _ = try await epoch(loader(broken, workers: workers)) }
      #expect(error?.items == [50])
      #expect("\(try #require(error))".contains("shard-2: is damaged"))
      var short = NumberShards(counts)
      short.endsAt = (3, 59)
      await #expect { _ = try await epoch(loader(short, buffer: 0, workers: workers)) } throws: {
        "\($0)".contains("shard 3 ends before record 59") && "\($0)".contains("60 records")
      }
    }

    @Test func nonsenseIsRefused() {
      func make(_ counts: [Int], batchSize: Int = 8, buffer: Int = 4, interleave: Int = 1) throws {
        _ = try DataLoader(streaming: NumberShards(counts), batchSize: batchSize, shuffleBuffer: buffer, interleave: interleave)
      }
      #expect { try make([]) } throws: { "\($0)".contains("no items") }
      #expect { try make([3, -1]) } throws: { "\($0)".contains("shard 1 has -1 records") }
      #expect { try make([3], batchSize: 0) } throws: { "\($0)".contains("batch size is 0") }
      #expect { try make([3], buffer: -1) } throws: { "\($0)".contains("shuffle buffer of -1") }
      #expect { try make([3], interleave: 0) } throws: { "\($0)".contains("0 shards in turn") }
    }

    // MARK: Lines

    @Test func linesOfFiles() async throws {
      let folder = try TemporaryFolder()
      let texts = ["x,y\r\n1,0\r\n\r\n2,1\r\n3,2", "x,y\n4,0\n5,1\n", "x,y", "x,y\n" + (0..<40_000).map { "\($0),\($0 % 3)\n" }.joined()]
      let paths = texts.indices.map { "\(folder.path)/\($0).csv" }
      for (text, path) in zip(texts, paths) { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
      let source = try LineFiles(paths, skipsHeader: true) { line, index, _ in
        let fields = line.split(separator: ",")
        guard fields.count == 2, let x = Float(fields[0]), let y = Int64(fields[1]) else { throw ArgumentError("'\(line)' is no row") }
        return Sample(input: try HostArray([x]), target: try HostArray([y], shape: []))
      }
      #expect(source.counts == [3, 2, 0, 40_000])
      let loader = try DataLoader(streaming: source, batchSize: 512, shuffleBuffer: 0, workers: 2)
      var values: [Float] = []
      for try await batch in loader { values += try batch.inputs.array(of: Float.self) }
      #expect(values == [1, 2, 3, 4, 5] + (0..<40_000).map(Float.init))
      #expect(throws: FileError.self) { try LineFiles([folder.path + "/none.csv"]) { _, _, _ in throw ArgumentError("never") } }
      let bad = try LineFiles([paths[0]]) { line, _, _ in throw ArgumentError("'\(line)' is no row") }
      await #expect { for try await _ in try DataLoader(streaming: bad, batchSize: 2) {} } throws: {
        "\($0)".contains("cannot be loaded: '") && "\($0)".contains("is no row")
      }
    }

    @Test func trainingOnAStreamGoesOnFromEveryCheckpoint() async throws {
      let folder = try TemporaryFolder()
      for shard in 0..<3 {
        let lines = (0..<(20 + shard)).map { "\(shard * 20 + $0)\n" }.joined()
        try Data(lines.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(shard).txt"))
      }
      let paths = (0..<3).map { "\(folder.path)/\($0).txt" }
      try await expectEveryCheckpointGoesOn(
        epochs: 2, make: { try ToyNet.make() }, { try toyTrainer($0) },
        {
          let source = try LineFiles(paths) { line, _, epoch in
            try ToyData(count: 1000).sample(at: Int(line) ?? 0, epoch: epoch)
          }
          return try DataLoader(streaming: source, batchSize: 9, shuffleBuffer: 16, interleave: 2, seed: 1, workers: 2)
        })
    }
  }
}
