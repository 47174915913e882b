import MartletCore

/// Data that is read from front to back, in parts (shards): larger than memory, on a slow disk, compressed.
///
/// Records are read in order by one thread at a time and should be as they lie on the disk; `batch` makes them into tensors on the
/// loader's worker threads.
public protocol StreamingSource: Sendable {
  /// What is read: a line, an encoded picture …
  associatedtype Record: Sendable

  /// The number of records of each shard.
  var counts: [Int] { get }

  /// The records of a shard in order, beginning with number `first`.
  /// - Throws: what keeps the shard from being opened.
  func records(of shard: Int, from first: Int) throws -> RecordStream<Record>

  /// Makes a batch. It may depend on nothing but its arguments.
  /// - Parameter indices: the records' numbers, counted over all shards in order.
  func batch(_ records: [Record], indices: [Int], epoch: Int) throws -> Batch
}

/// Records one after the other. One thread uses it at a time.
public final class RecordStream<Record> {
  private let read: () throws -> Record?

  /// - Parameter read: the next record, `nil` after the last.
  public init(_ read: @escaping () throws -> Record?) { self.read = read }

  /// The next record, `nil` after the last.
  public func next() throws -> Record? { try read() }
}

extension DataLoader {
  /// Batches of data that is read from front to back.
  ///
  /// Shards are read in an order of the epoch's own, `interleave` of them in turn, into a buffer from which the next record is drawn. The
  /// order depends on the seed and the epoch alone, not on the workers, and is known without reading: a run that goes on in the middle of
  /// an epoch reads no more than what the buffer held then.
  /// - Parameters:
  ///   - shuffleBuffer: records to draw from; 0 or 1 gives all records in order, shard after shard.
  ///   - interleave: shards that are read in turn; 1 if the order is not shuffled.
  /// - Throws: `ArgumentError` for settings out of range or no records.
  public convenience init<Source: StreamingSource>(
    streaming source: Source, batchSize: Int, shuffleBuffer: Int = 10_000, interleave: Int = 4, seed: UInt64 = 0, dropLast: Bool = false,
    workers: Int = 0, prefetch: Int? = nil
  ) throws {
    guard batchSize >= 1 else { throw ArgumentError("the batch size is \(batchSize)", expected: "1 or more") }
    guard shuffleBuffer >= 0 else { throw ArgumentError("a shuffle buffer of \(shuffleBuffer) records", expected: "0 or more") }
    guard interleave >= 1 else { throw ArgumentError("\(interleave) shards in turn", expected: "1 or more") }
    if let shard = source.counts.firstIndex(where: { $0 < 0 }) {
      throw ArgumentError("shard \(shard) has \(source.counts[shard]) records", expected: "0 or more")
    }
    let order = StreamOrder(
      counts: source.counts, buffer: shuffleBuffer, interleave: shuffleBuffer > 1 ? interleave : 1, seed: seed)
    let items = source.counts.reduce(0, +)
    let batches = dropLast ? items / batchSize : (items + batchSize - 1) / batchSize
    try self.init(
      StreamedEpochs(source: source, order: order, batchSize: batchSize),
      LoaderPlan(items: items, batchSize: batchSize, sampler: order.name, dropsLast: dropLast),
      size: (batches, dropLast ? batches * batchSize : items), workers: workers, prefetch: prefetch)
  }
}
