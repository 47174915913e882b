import Foundation
import MartletCore

/// Batches of records that are read in order by whoever needs the next one, and decoded by everyone.
struct StreamedEpochs<Source: StreamingSource>: EpochMaker {
  let source: Source
  let order: StreamOrder
  let batchSize: Int

  func batches(epoch: Int, from first: Int) -> @Sendable (Int) throws -> Batch {
    let reader = StreamReader(source, order.walk(epoch: epoch), batchSize: batchSize, first: first)
    let source = source
    return { number in
      let (records, indices) = try reader.records(of: number)
      do {
        return try source.batch(records, indices: indices, epoch: epoch)
      } catch let error as LoaderError {
        throw error
      } catch {
        throw LoaderError(items: indices, underlying: error)
      }
    }
  }
}

/// Reads the records of batches in order, whoever asks for which first.
///
/// Concurrency: `@unchecked Sendable` holds because everything mutable is touched under `lock` only.
private final class StreamReader<Source: StreamingSource>: @unchecked Sendable {
  typealias Place = StreamOrder.Place
  typealias Records = (records: [Source.Record], indices: [Int])

  private let lock = NSLock()
  private let source: Source
  private let batchSize: Int
  private let offsets: [Int]
  private let first: Int
  private var walk: StreamOrder.Walk
  private var held: [Place: Source.Record] = [:]
  private var streams: [Int: RecordStream<Source.Record>] = [:]
  /// Batches that were read on the way to another one.
  private var ready: [Int: Result<Records, any Error>] = [:]
  private var next: Int
  private var isStarted = false

  init(_ source: Source, _ walk: StreamOrder.Walk, batchSize: Int, first: Int) {
    self.source = source
    self.walk = walk
    self.batchSize = batchSize
    self.first = first
    next = first
    var sum = 0
    offsets = source.counts.map { count in
      defer { sum += count }
      return sum
    }
  }

  func records(of number: Int) throws -> Records {
    try lock.withLock {
      while next <= number {
        ready[next] = Result { try readBatch() }
        next += 1
      }
      guard let result = ready.removeValue(forKey: number) else { throw ArgumentError("batch \(number) was handed out already") }
      return try result.get()
    }
  }

  private func readBatch() throws -> Records {
    if !isStarted {
      isStarted = true
      try skip()
    }
    var batch: Records = ([], [])
    while batch.records.count < batchSize, let place = try walk.next({ try read($0) }) {
      guard let record = held.removeValue(forKey: place) else { throw missing(place) }
      batch.records.append(record)
      batch.indices.append(index(place))
    }
    return batch
  }

  private func read(_ place: Place) throws {
    do {
      let stream = try streams[place.shard] ?? source.records(of: place.shard, from: place.record)
      guard let record = try stream.next() else { throw missing(place) }
      held[place] = record
      streams[place.shard] = place.record + 1 < source.counts[place.shard] ? stream : nil
    } catch let error as LoaderError {
      throw error
    } catch {
      throw LoaderError(items: [index(place)], underlying: error)
    }
  }

  /// Goes to the first batch without reading, then reads what the buffer held there.
  private func skip() throws {
    guard first > 0 else { return }
    for _ in 0..<(first * batchSize) { _ = walk.next { _ in } }
    for (shard, places) in Dictionary(grouping: walk.held, by: \.shard) {
      let wanted = Set(places.map(\.record))
      guard let start = wanted.min(), let last = wanted.max() else { continue }
      // A shard that is still being read goes on behind what was read of it.
      let open = walk.open.first { $0.shard == shard }?.next
      let stream = try source.records(of: shard, from: start)
      for record in start..<(open ?? last + 1) {
        let place = Place(shard: shard, record: record)
        guard let value = try stream.next() else { throw missing(place) }
        if wanted.contains(record) { held[place] = value }
      }
      if open != nil { streams[shard] = stream }
    }
  }

  private func index(_ place: Place) -> Int { offsets[place.shard] + place.record }

  private func missing(_ place: Place) -> LoaderError {
    LoaderError(
      items: [index(place)],
      underlying: ArgumentError(
        "shard \(place.shard) ends before record \(place.record)", expected: "\(source.counts[place.shard]) records",
        remedy: "count its records anew"))
  }
}
