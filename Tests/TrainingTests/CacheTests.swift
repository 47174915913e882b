import Foundation
import MartletCore
import Synchronization
import Testing
import Torch

@testable import Training

/// Items of different sizes that count how often they are made.
private final class Costly: Dataset {
  let count: Int
  let made = Collected<Int>()
  let failsAt: Int?

  init(_ count: Int, failsAt: Int? = nil) {
    self.count = count
    self.failsAt = failsAt
  }

  func sample(at index: Int, epoch: Int) throws -> Sample {
    if index == failsAt { throw ArgumentError("the picture is damaged") }
    made.add(index)
    let values = (0..<(index % 5 + 1)).map { Float(index * 10 + $0) }
    return Sample(input: try HostArray(values), target: try HostArray([Int64(index)], shape: []))
  }
}

@Suite struct CacheTests {
  private let key = CacheKey(content: "items", preparation: "as they are")

  private func expectSame(_ dataset: some Dataset, _ other: some Dataset) throws {
    #expect(dataset.count == other.count)
    for index in 0..<other.count {
      let one = try dataset.sample(at: index, epoch: 3), two = try other.sample(at: index, epoch: 0)
      #expect(one.input == two.input && one.target == two.target)
    }
  }

  // MARK: Memory

  @Test func itemsAreMadeOnce() async throws {
    let source = Costly(40)
    let cache = try MemoryCache(source, limit: 1 << 20)
    let loader = try DataLoader(LengthOne(cache), batchSize: 8, shuffle: true, workers: 2)
    for _ in 0..<3 { for try await _ in loader {} }
    #expect(source.made.all.sorted() == Array(0..<40))
    try expectSame(cache, Costly(40))
    #expect(cache.bytes == (0..<40).reduce(0) { $0 + 4 * ($1 % 5 + 1) + 8 })
  }

  /// Batches of the targets alone, whatever the inputs' sizes.
  private struct LengthOne<Items: Dataset>: BatchSource {
    let dataset: Items
    init(_ dataset: Items) { self.dataset = dataset }
    var count: Int { dataset.count }
    func batch(_ indices: [Int], epoch: Int) throws -> Batch {
      let labels = try indices.map { try dataset.sample(at: $0, epoch: epoch).target.values(as: Int64.self)[0] }
      #expect(labels == indices.map(Int64.init))
      return Batch(inputs: try Tensor(labels), targets: try Tensor(labels), indices: indices)
    }
  }

  @Test func theLimitHolds() throws {
    let source = Costly(50)
    let cache = try MemoryCache(source, limit: 200)
    for _ in 0..<2 { try expectSame(cache, Costly(50)) }
    #expect(cache.bytes <= 200 && cache.bytes > 170)
    #expect(source.made.all.count > 50 && source.made.all.count < 100)
    #expect { try MemoryCache(source, limit: -1) } throws: { "\($0)".contains("a cache of -1 bytes") }
  }

  @Test func augmentationComesAfterTheCache() throws {
    let cache = try MemoryCache(Costly(10), limit: 1 << 20)
    let augmented = AugmentedDataset(cache, seed: 4) { sample, random in
      let shift = Float(random.uniform())
      return Sample(input: try HostArray(sample.input.values(as: Float.self).map { $0 + shift }), target: sample.target)
    }
    let first = try (0..<10).map { try augmented.sample(at: $0, epoch: 0).input }
    #expect(try (0..<10).map { try augmented.sample(at: $0, epoch: 0).input } == first)
    #expect(try (0..<10).map { try augmented.sample(at: $0, epoch: 1).input } != first)
  }

  // MARK: Disk

  @Test(arguments: [1, 3]) func theFileHoldsTheItems(threads: Int) throws {
    let folder = try TemporaryFolder()
    let source = Costly(103)
    let cache = try DiskCache(source, in: folder.path + "/cache", key: key, threads: threads)
    #expect(!cache.wasThere && source.made.all.sorted() == Array(0..<103))
    try expectSame(cache, Costly(103))
    let unused = Costly(103)
    let again = try DiskCache(unused, in: folder.path + "/cache", key: key)
    #expect(again.wasThere && again.path == cache.path && again.bytes == cache.bytes)
    try expectSame(again, Costly(103))
    #expect(unused.made.all.isEmpty)
    #expect(folder.names("cache").count == 1)
  }

  @Test func anotherPreparationNeverUsesIt() throws {
    let folder = try TemporaryFolder()
    _ = try DiskCache(Costly(10), in: folder.path, key: key)
    let others = [
      CacheKey(content: "items", preparation: "as they are", version: 2), CacheKey(content: "items ", preparation: "as they are"),
      CacheKey(content: "itemsas", preparation: " they are"),
    ]
    for other in others {
      let source = Costly(10)
      #expect(try !DiskCache(source, in: folder.path, key: other).wasThere)
      #expect(source.made.all.count == 10)
    }
    #expect(folder.names().count == 4)
    #expect(try DiskCache.removeOthers(than: [key], in: folder.path).count == 3)
    #expect(try DiskCache(Costly(10), in: folder.path, key: key).wasThere)
  }

  @Test func theKeyOfFilesFollowsThem() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/a.bin"
    try Data("one".utf8).write(to: URL(fileURLWithPath: path))
    let before = try CacheKey.files([path])
    #expect(try CacheKey.files([path]) == before)
    try Data("longer".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try CacheKey.files([path]) != before)
    #expect(throws: FileError.self) { try CacheKey.files([folder.path + "/b.bin"]) }
  }

  @Test func damageIsSeen() throws {
    let folder = try TemporaryFolder()
    let path = try DiskCache(Costly(20), in: folder.path, key: key).path
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    func open(_ data: Data, count: Int = 20) throws {
      // A new file: the old one may still be mapped.
      try FileManager.default.removeItem(atPath: path)
      try data.write(to: URL(fileURLWithPath: path))
      let cache = try DiskCache(Costly(count), in: folder.path, key: key)
      for index in 0..<count { _ = try cache.sample(at: index, epoch: 0) }
    }
    for length in [0, 7, 80, 100, whole.count - 1] { #expect(throws: FileError.self) { try open(whole.prefix(length)) } }
    #expect { try open(whole, count: 19) } throws: { "\($0)".contains("it has 20 items, the data set 19") }
    // A number that is too large anywhere in an item or in the table is refused, never followed.
    for place in [88, 96, 104, whole.count - 16, whole.count - 8 * 12] {
      var damaged = whole
      for byte in 0..<8 { damaged[place + byte] = byte == 7 ? 0x7f : 0xff }
      #expect(throws: FileError.self, "at \(place)") { try open(damaged) }
    }
    try open(whole)
  }

  @Test func aFailedItemLeavesNoFile() throws {
    let folder = try TemporaryFolder()
    #expect { try DiskCache(Costly(30, failsAt: 17), in: folder.path, key: key, threads: 2) } throws: {
      ($0 as? LoaderError)?.items == [17] && "\($0)".contains("the picture is damaged")
    }
    #expect(folder.names().isEmpty)
    #expect(throws: FileError.self) { try DiskCache(Costly(3), in: "/dev/null/cache", key: key) }
  }
}
