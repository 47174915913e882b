import Foundation
import MartletCore
import Testing
import Torch

@testable import Training

/// Batches that say which items they hold and nothing else.
private struct Indices: BatchSource {
  let count: Int
  func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    let numbers = try Tensor(indices.map(Int64.init))
    return Batch(inputs: numbers, targets: numbers, indices: indices)
  }
}

private func batches(_ loader: DataLoader) async throws -> [[Int]] {
  var result: [[Int]] = []
  for try await batch in loader { result.append(batch.indices) }
  return result
}

@Suite struct SamplerTests {
  // MARK: Shards

  @Test(arguments: [1, 2, 3, 4]) func shardsAreTheSharedOrder(count: Int) throws {
    let base = ShuffledSampler(seed: 4)
    for items in [24, 25, 3] {
      let order = base.order(of: items, epoch: 2)
      for remainder in [ShardedSampler.Remainder.padded, .dropped] {
        let shards = try (0..<count).map { try ShardedSampler(base, rank: $0, of: count, remainder: remainder) }
        let parts = shards.map { $0.order(of: items, epoch: 2) }
        #expect(Set(parts.map(\.count)).count == 1 && zip(shards, parts).allSatisfy { $0.length(of: items) == $1.count })
        // Woven together again they are the base's order, padded by its beginning or cut.
        let woven = (0..<(parts[0].count * count)).map { parts[$0 % count][$0 / count] }
        let expected = remainder == .padded ? order + order.prefix(woven.count - items) : Array(order.prefix(woven.count))
        #expect(woven == expected)
        #expect(remainder == .dropped || Set(woven) == Set(0..<items))
      }
    }
  }

  @Test func moreShardsThanItems() throws {
    let parts = try (0..<5).map { try ShardedSampler(SequentialSampler(), rank: $0, of: 5).order(of: 2, epoch: 0) }
    #expect(parts == [[0], [1], [0], [1], [0]])
  }

  @Test func batchesOfAllShardsAreTheGlobalBatch() async throws {
    let whole = try DataLoader(Indices(count: 103), batchSize: 8, shuffle: true, seed: 5, dropLast: true)
    let loaders = try (0..<2).map {
      try DataLoader(
        Indices(count: 103), batchSize: 4, sampler: ShardedSampler(ShuffledSampler(seed: 5), rank: $0, of: 2), dropLast: true, workers: $0)
    }
    // A checkpoint of one process resumes with two.
    #expect(loaders.allSatisfy { $0.plan == whole.plan && $0.batchesPerEpoch == whole.batchesPerEpoch })
    let global = try await batches(whole)
    let first = try await batches(loaders[0])
    let second = try await batches(loaders[1])
    for (index, batch) in global.enumerated() { #expect(Set(batch) == Set(first[index] + second[index])) }
  }

  @Test func paddingNeverFillsABatch() throws {
    // 15 items, 2 shards: 8 each with padding, but no whole batch of 16.
    #expect(throws: ArgumentError.self) {
      try DataLoader(Indices(count: 15), batchSize: 8, sampler: ShardedSampler(SequentialSampler(), rank: 0, of: 2), dropLast: true)
    }
  }

  @Test func ranksOutOfRangeAreRefused() {
    #expect { try ShardedSampler(SequentialSampler(), rank: 2, of: 2) } throws: { "\($0)".contains("rank 2 of 2") }
    #expect(throws: ArgumentError.self) { try ShardedSampler(SequentialSampler(), rank: 0, of: 0) }
  }

  // MARK: Weights

  @Test func weightsDecideHowOftenAnItemComes() throws {
    let weights = [1.0, 0, 2, 3, 0.5, 3.5]
    let sampler = try WeightedSampler(weights, visits: 20_000, seed: 11)
    let order = sampler.order(of: 6, epoch: 0)
    #expect(order.count == 20_000)
    // Chi-squared with four degrees of freedom: 18.5 is exceeded once in a thousand.
    let statistic = weights.indices.filter { weights[$0] > 0 }.reduce(0.0) { sum, item in
      let expected = weights[item] / 10 * 20_000
      let seen = Double(order.count { $0 == item })
      return sum + (seen - expected) * (seen - expected) / expected
    }
    #expect(statistic < 18.5)
    #expect(!order.contains(1))
    #expect(sampler.order(of: 6, epoch: 0) == order && sampler.order(of: 6, epoch: 1) != order)
  }

  @Test func withoutReplacementEveryItemComesOnceAndHeavyOnesEarly() throws {
    let weights = [1.0, 0, 2, 5]
    var first = [0.0, 0, 0, 0]
    for epoch in 0..<4000 {
      let order = try WeightedSampler(weights, replacing: false, seed: 2).order(of: 4, epoch: epoch)
      #expect(order.sorted() == [0, 2, 3])
      first[order[0]] += 1
    }
    // The first draw follows the weights.
    let statistic = [0, 2, 3].reduce(0.0) { sum, item in
      let expected = weights[item] / 8 * 4000
      return sum + (first[item] - expected) * (first[item] - expected) / expected
    }
    #expect(statistic < 13.8)
  }

  @Test func badWeightsAreRefused() throws {
    #expect { try WeightedSampler([1, -1], seed: 0) } throws: { "\($0)".contains("the weight of item 1 is -1") }
    #expect { try WeightedSampler([0, 0], seed: 0) } throws: { "\($0)".contains("no item has a weight above 0") }
    #expect { try WeightedSampler([1, 0], visits: 2, replacing: false, seed: 0) } throws: { "\($0)".contains("without replacement") }
    #expect { try DataLoader(Indices(count: 3), batchSize: 1, sampler: WeightedSampler([1, 1], seed: 0)) } throws: {
      "\($0)".contains("2 weights for 3 items")
    }
  }

  // MARK: Classes

  @Test func everyClassComesEquallyOften() throws {
    let labels = [Int](repeating: 0, count: 90) + [Int](repeating: 7, count: 8) + [3, 3]
    let sampler = try BalancedSampler(labels, seed: 1)
    var rareItems: [Int: Int] = [:]
    var common = Set<Int>()
    for epoch in 0..<10 {
      let order = sampler.order(of: 100, epoch: epoch)
      let counts = [0, 7, 3].map { label in order.count { labels[$0] == label } }
      #expect(counts.reduce(0, +) == 100 && counts.allSatisfy { (33...34).contains($0) })
      for item in order where labels[item] == 7 { rareItems[item, default: 0] += 1 }
      common.formUnion(order.filter { labels[$0] == 0 })
      // Within an epoch no item of a class comes two times more than another of it.
      let eights = Dictionary(grouping: order.filter { labels[$0] == 7 }, by: { $0 }).values.map(\.count)
      #expect((eights.max() ?? 0) - (eights.min() ?? 0) <= 1)
    }
    #expect(rareItems.count == 8 && common.count > 80)
  }

  // MARK: Subsets

  @Test func subsets() async throws {
    let loader = try DataLoader(Indices(count: 10), batchSize: 2, sampler: SubsetSampler([9, 1, 4]))
    #expect(try await batches(loader) == [[9, 1], [4]])
    #expect(loader.itemsPerEpoch == 3 && loader.batchesPerEpoch == 2)
    let shuffled = try SubsetSampler([9, 1, 4, 5, 6], shuffledBy: 3)
    #expect(shuffled.order(of: 10, epoch: 0).sorted() == [1, 4, 5, 6, 9])
    #expect(shuffled.order(of: 10, epoch: 0) != shuffled.order(of: 10, epoch: 1))
    #expect(try SubsetSampler([1, 2]).name != SubsetSampler([2, 1]).name)
    #expect { try DataLoader(Indices(count: 9), batchSize: 2, sampler: SubsetSampler([9])) } throws: { "\($0)".contains("item 9") }
    #expect(throws: ArgumentError.self) { try SubsetSampler([]) }
  }

  // MARK: Buckets

  @Test func batchesHoldLikeLengthsWithinTheBudget() async throws {
    var random = KeyedRandom(seed: 1, purpose: "lengths")
    let lengths = (0..<500).map { _ in Int.random(in: 1...60, using: &random) }
    let sampler = try BucketedBatches(lengths: lengths, limit: .tokens(240), buckets: 10, seed: 6)
    let size = sampler.size(of: 500)
    for epoch in 0..<3 {
      let plan = sampler.batches(of: 500, epoch: epoch)
      let all = (0..<plan.count).map { plan[$0] }
      #expect(plan.count == size.batches && size.visits == 500)
      #expect(all.flatMap { $0 }.sorted() == Array(0..<500))
      for batch in all {
        let sizes = batch.map { lengths[$0] }
        #expect((sizes.max() ?? 0) * batch.count <= 240)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 12)
      }
      #expect(plan == sampler.batches(of: 500, epoch: epoch) && plan != sampler.batches(of: 500, epoch: epoch + 1))
    }
    let padded = (0..<size.batches).reduce(0) { sum, number in
      let batch = sampler.batches(of: 500, epoch: 0)[number].map { lengths[$0] }
      return sum + (batch.max() ?? 0) * batch.count
    }
    // In random batches about half of all would be padding.
    #expect(Double(padded) < 1.15 * Double(lengths.reduce(0, +)))
    let loader = try DataLoader(Indices(count: 500), batches: sampler, workers: 2)
    #expect(loader.batchesPerEpoch == size.batches)
    #expect(try await batches(loader) == (0..<size.batches).map { sampler.batches(of: 500, epoch: 0)[$0] })
    let resumed = try DataLoader(Indices(count: 500), batches: sampler)
    try resumed.resume(at: LoaderPosition(epoch: 2, batch: 5))
    #expect(try await batches(resumed) == (5..<size.batches).map { sampler.batches(of: 500, epoch: 2)[$0] })
  }

  @Test func bucketsInOrderAndWithoutRests() throws {
    let lengths = [5, 1, 3, 2, 4, 9, 8]
    let sampler = try BucketedBatches(lengths: lengths, limit: .items(2), buckets: 2, seed: nil)
    let plan = sampler.batches(of: 7, epoch: 3)
    #expect((0..<plan.count).map { plan[$0] } == [[1, 3], [2, 4], [0, 6], [5]])
    let whole = try BucketedBatches(lengths: lengths, limit: .items(2), buckets: 2, seed: nil, dropLast: true)
    #expect(whole.size(of: 7) == (batches: 3, visits: 6))
    #expect { try BucketedBatches(lengths: lengths, limit: .tokens(8), seed: 0) } throws: {
      "\($0)".contains("item 5 has length 9, a batch may have 8 tokens")
    }
    #expect { try BucketedBatches(lengths: [2, -1], limit: .items(1), seed: 0) } throws: { "\($0)".contains("the length of item 1 is -1") }
  }
}
