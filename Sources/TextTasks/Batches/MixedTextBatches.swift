public import MartletCore
import Torch
public import Training

/// Batches of several sources as one: what a batch holds of each source lies in `extras` behind the source's number: `0/inputs`,
/// `0/targets`, `0/mask`. Items are numbered through, those of the first source first.
///
/// `inputs` and `targets` are those of the first source that the batch has anything of.
public struct MixedTextBatches: BatchSource {
  public let sources: [any BatchSource]
  private let starts: [Int]
  public let count: Int

  /// - Throws: `ArgumentError` without sources.
  public init(_ sources: [any BatchSource]) throws(ArgumentError) {
    guard !sources.isEmpty else { throw ArgumentError("there are no batches to mix", expected: "1 or more sources") }
    self.sources = sources
    var starts: [Int] = [], count = 0
    for source in sources {
      starts.append(count)
      count += source.count
    }
    self.starts = starts
    self.count = count
  }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    try TokenRows.check(indices, count: count)
    var groups = [[Int]](repeating: [], count: sources.count)
    for index in indices {
      let source = (starts.lastIndex { $0 <= index }) ?? 0
      groups[source].append(index - starts[source])
    }
    var extras: [String: Tensor] = [:], first: Batch?
    for (number, group) in groups.enumerated() where !group.isEmpty {
      let part = try sources[number].batch(group, epoch: epoch)
      extras["\(number)/inputs"] = part.inputs
      extras["\(number)/targets"] = part.targets
      for (name, tensor) in part.extras { extras["\(number)/\(name)"] = tensor }
      first = first ?? part
    }
    guard let first else { throw ArgumentError("a batch of nothing", expected: "1 or more items") }
    return Batch(inputs: first.inputs, targets: first.targets, indices: indices, extras: extras)
  }

  /// What a batch holds of one source, as that source made it but for the items' numbers; `nil` for nothing.
  public static func part(_ batch: Batch, of source: Int) -> Batch? {
    guard let inputs = batch.extras["\(source)/inputs"], let targets = batch.extras["\(source)/targets"] else { return nil }
    let prefix = "\(source)/"
    let own = batch.extras.filter { $0.key.hasPrefix(prefix) && $0.key != prefix + "inputs" && $0.key != prefix + "targets" }
    return Batch(
      inputs: inputs, targets: targets, indices: Array(0..<(inputs.shape.first ?? 0)),
      extras: Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) }))
  }
}

/// The order in which batches of several sources come, for ``MixedTextBatches``.
public struct MixedTextOrder: BatchSampler {
  /// How the sources share an epoch.
  public enum Mixing: String, Sendable, Hashable, Codable, CaseIterable {
    /// Each source's items once, a batch of one source at a time, all in random order: large sources count for more.
    case proportional
    /// The sources take turns; those with fewer items begin anew until the largest is through.
    case turns
    /// Every batch has items of all sources, as many of each; those with fewer items begin anew.
    case together
  }

  public let mixing: Mixing
  public let name: String
  private let lengths: [[Int]]
  private let size: Int
  private let seed: UInt64?
  /// Each source's own batches, shuffled anew in every pass; texts of like length share one.
  private let buckets: [BucketedBatches]
  private let starts: [Int]

  /// - Parameters:
  ///   - lengths: of each source's items.
  ///   - size: items of one source in a batch.
  ///   - seed: shuffles anew in every epoch; `nil` goes from source to source, from short to long, whatever `mixing` says.
  /// - Throws: `ArgumentError` for sources without items and a size below 1.
  public init(_ lengths: [[Int]], size: Int, mixing: Mixing, seed: UInt64?) throws {
    guard size >= 1 else { throw ArgumentError("the batch size is \(size)", expected: "1 or more") }
    guard !lengths.isEmpty, lengths.allSatisfy({ !$0.isEmpty }) else {
      throw ArgumentError("a source of texts has no items", expected: "1 or more in each")
    }
    self.lengths = lengths
    self.size = size
    self.mixing = seed == nil ? .proportional : mixing
    self.seed = seed
    buckets = try lengths.enumerated().map { number, lengths in
      try BucketedBatches(lengths: lengths, limit: .items(size), seed: seed.map { $0 &+ UInt64(number) })
    }
    starts = lengths.indices.map { lengths.prefix($0).reduce(0) { $0 + $1.count } }
    name = "\(self.mixing.rawValue) batches of \(size) from \(lengths.count) sources: \(buckets.map(\.name).joined(separator: "; "))"
  }

  /// Batches of each source where small ones begin anew.
  private var rounds: Int { lengths.map { ($0.count + size - 1) / size }.max() ?? 0 }

  public var largestBatch: Int {
    switch mixing {
    case .proportional: buckets.map(\.largestBatch).max() ?? 0
    case .turns: size
    case .together: size * lengths.count
    }
  }

  public func validate(items: Int) throws {
    let own = lengths.reduce(0) { $0 + $1.count }
    guard items == own else { throw ArgumentError("\(own) lengths for \(items) items", expected: "one per item") }
  }

  public func size(of items: Int) -> (batches: Int, visits: Int) {
    switch mixing {
    case .proportional:
      zip(buckets, lengths).reduce(into: (0, 0)) { sum, source in
        let own = source.0.size(of: source.1.count)
        sum.0 += own.batches
        sum.1 += own.visits
      }
    case .turns: (rounds * lengths.count, rounds * lengths.count * size)
    case .together: (rounds, rounds * lengths.count * size)
    }
  }

  public func batches(of items: Int, epoch: Int) -> EpochBatches {
    guard mixing != .proportional else {
      var all: [[Int]] = []
      for (number, source) in buckets.enumerated() {
        let own = source.batches(of: lengths[number].count, epoch: epoch)
        all += (0..<own.count).map { place in own[place].map { $0 + starts[number] } }
      }
      guard let seed else { return EpochBatches(all) }
      var random = KeyedRandom(seed: seed, purpose: "mixed texts", index: UInt64(epoch))
      return EpochBatches(all.shuffled(using: &random))
    }
    let streams = lengths.indices.map { turns(of: $0, epoch: epoch) }
    let inTurns = (0..<rounds).map { round in streams.map { $0[round] } }
    return EpochBatches(mixing == .turns ? inTurns.flatMap(\.self) : inTurns.map { $0.flatMap(\.self) })
  }

  /// A source's batches of an epoch from its endless stream of items: one pass after another.
  private func turns(of source: Int, epoch: Int) -> [[Int]] {
    let count = lengths[source].count, wanted = rounds * size
    let from = epoch * wanted
    var items: [Int] = [], pass = from / count
    while items.count < from % count + wanted {
      let batches = buckets[source].batches(of: count, epoch: pass)
      items += (0..<batches.count).flatMap { batches[$0] }
      pass += 1
    }
    items.removeFirst(from % count)
    return (0..<rounds).map { round in items[(round * size)..<((round + 1) * size)].map { $0 + starts[source] } }
  }
}
