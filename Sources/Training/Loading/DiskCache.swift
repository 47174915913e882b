import Foundation
import MartletCore
import Synchronization

/// Keeps a data set's prepared items in one file that is mapped into memory: the system reads what is needed and forgets it when memory is
/// short, so that the file may be larger than memory.
///
/// The file is written once, whole, and named after its key: another preparation is another file, and half a file has no name. Items must
/// not depend on the epoch; what is drawn anew in every epoch comes after the cache (`AugmentedDataset`).
public final class DiskCache: Dataset {
  /// The file.
  public let path: String
  /// Whether it was there already.
  public let wasThere: Bool
  private let file: CacheFile

  /// Opens the cache of `dataset`, after writing it where there is none of this key.
  /// - Parameters:
  ///   - folder: made if it is not there.
  ///   - key: what the items depend on.
  ///   - threads: how many items are prepared at a time while the file is written.
  /// - Throws: `LoaderError` naming an item that cannot be prepared, `FileError` if the file cannot be written or is damaged.
  public init<Items: Dataset>(_ dataset: Items, in folder: String, key: CacheKey, threads: Int = 1) throws {
    guard threads >= 1 else { throw ArgumentError("\(threads) threads", expected: "1 or more") }
    path = folder + "/" + key.digest.prefix(32) + ".cache"
    wasThere = FileManager.default.fileExists(atPath: path)
    if !wasThere {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw FileError(path: folder, problem: "cannot be made: \(error.localizedDescription)")
      }
      try CacheFile.write(dataset, key: key, to: path, threads: threads)
    }
    file = try CacheFile(path: path, key: key, count: dataset.count)
  }

  public var count: Int { file.count }

  /// Bytes of the file.
  public var bytes: Int { file.bytes }

  public func sample(at index: Int, epoch: Int) throws -> Sample { try file.sample(at: index) }

  /// Removes the caches of a folder that were not used for a while.
  /// - Parameter keys: those to keep.
  /// - Returns: the names of the files that went.
  @discardableResult
  public static func removeOthers(than keys: [CacheKey], in folder: String) throws -> [String] {
    let kept = Set(keys.map { "\($0.digest.prefix(32)).cache" })
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".cache") }
    let others = names.filter { !kept.contains($0) }.sorted()
    for name in others {
      do {
        try FileManager.default.removeItem(atPath: folder + "/" + name)
      } catch {
        throw FileError(path: folder + "/" + name, problem: "cannot be removed: \(error.localizedDescription)")
      }
    }
    return others
  }
}

/// `MTCACHE1`, the key's 64 digits, the number of items, the offset of the table; the items; the table of where each lies.
///
/// An item is two arrays, each with its type, rank, sizes and bytes. All numbers are 64 bits, little-endian.
private struct CacheFile: Sendable {
  private static let magic = Data("MTCACHE1".utf8)
  private static let headerSize = 8 + 64 + 16

  let count: Int
  let bytes: Int
  private let path: String
  private let data: Data
  private let table: Int

  init(path: String, key: CacheKey, count: Int) throws {
    func damaged(_ what: String) -> FileError {
      FileError(path: path, problem: "is no whole cache: \(what)", remedy: "remove the file; it is made anew")
    }
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw FileError(path: path, problem: "cannot be read: \(error.localizedDescription)")
    }
    guard data.count >= Self.headerSize, data.prefix(8) == Self.magic else { throw damaged("the header is missing") }
    guard data.subdata(in: 8..<72) == Data(key.digest.utf8) else { throw damaged("it belongs to another preparation") }
    let items = Self.number(data, 72), table = Self.number(data, 80)
    guard items == count else { throw damaged("it has \(items) items, the data set \(count)") }
    guard table >= Self.headerSize, table == data.count - 8 * (count + 1) else { throw damaged("its table is not at the end") }
    self.path = path
    self.count = count
    self.table = table
    bytes = data.count
  }

  private static func number(_ data: Data, _ offset: Int) -> Int {
    data.withUnsafeBytes { Int(truncatingIfNeeded: $0.loadUnaligned(fromByteOffset: offset, as: Int64.self).littleEndian) }
  }

  func sample(at index: Int) throws -> Sample {
    guard (0..<count).contains(index) else { throw ArgumentError("there is no item \(index)", expected: "0…\(count - 1)") }
    var start = Self.number(data, table + 8 * index)
    let end = Self.number(data, table + 8 * (index + 1))
    guard start >= Self.headerSize, start <= end, end <= table else {
      throw FileError(path: path, problem: "is damaged: item \(index) lies outside", remedy: "remove the file; it is made anew")
    }
    return Sample(input: try array(&start, end, index), target: try array(&start, end, index))
  }

  private func array(_ place: inout Int, _ end: Int, _ index: Int) throws -> HostArray {
    func damaged() -> FileError {
      FileError(path: path, problem: "is damaged at item \(index)", remedy: "remove the file; it is made anew")
    }
    guard place + 16 <= end else { throw damaged() }
    let rank = Self.number(data, place + 8)
    guard let type = DType(rawValue: Int8(truncatingIfNeeded: Self.number(data, place))), (0...16).contains(rank),
      place + 16 + 8 * rank <= end
    else { throw damaged() }
    let shape = (0..<rank).map { Self.number(data, place + 16 + 8 * $0) }
    place += 16 + 8 * rank
    guard let elements = try? HostArray.elementCount(of: shape), elements <= (end - place) / type.size else { throw damaged() }
    let size = elements * type.size
    let start = place
    place += size
    return try HostArray(
      dtype: type, shape: shape,
      bytes: data.withUnsafeBytes { [UInt8](UnsafeRawBufferPointer(rebasing: $0[start..<(start + size)])) })
  }

  /// Prepares all items, `threads` at a time, and writes them in order.
  static func write<Items: Dataset>(_ dataset: Items, key: CacheKey, to path: String, threads: Int) throws {
    let temporary = AtomicFile.temporaryPath(beside: path)
    guard FileManager.default.createFile(atPath: temporary, contents: nil), let handle = FileHandle(forWritingAtPath: temporary) else {
      throw FileError(path: path, problem: "cannot be written")
    }
    do {
      try fill(handle, dataset, key, threads)
      try handle.synchronize()
      try handle.close()
      guard rename(temporary, path) == 0 else { throw FileError(path: path, problem: "cannot be written: \(AtomicFile.systemReason())") }
    } catch {
      try? handle.close()
      try? FileManager.default.removeItem(atPath: temporary)
      throw error is any MartletError ? error : FileError(path: path, problem: "cannot be written: \(error.localizedDescription)")
    }
  }

  private static func fill<Items: Dataset>(_ handle: FileHandle, _ dataset: Items, _ key: CacheKey, _ threads: Int) throws {
    try handle.write(contentsOf: Data(count: headerSize))
    var offsets = [headerSize]
    let group = 16 * threads
    for start in stride(from: 0, to: dataset.count, by: group) {
      let items = Array(start..<min(dataset.count, start + group))
      let results = Mutex([Int: Result<Data, any Error>]())
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for item in items where item % threads == thread {
          let result = Result { try encoded(dataset.sample(at: item, epoch: 0)) }
          results.withLock { $0[item] = result }
        }
      }
      let made = results.withLock { $0 }
      for item in items {
        do {
          guard let data = try made[item]?.get() else { continue }
          try handle.write(contentsOf: data)
          offsets.append((offsets.last ?? 0) + data.count)
        } catch {
          throw error is FileError ? error : LoaderError(items: [item], underlying: error)
        }
      }
    }
    let table = offsets.last ?? headerSize
    var end = Data()
    for offset in offsets { append(offset, to: &end) }
    try handle.write(contentsOf: end)
    var header = magic + Data(key.digest.utf8)
    append(dataset.count, to: &header)
    append(table, to: &header)
    try handle.seek(toOffset: 0)
    try handle.write(contentsOf: header)
  }

  private static func encoded(_ sample: Sample) -> Data {
    var data = Data()
    for array in [sample.input, sample.target] {
      append(Int(array.dtype.rawValue), to: &data)
      append(array.shape.count, to: &data)
      for size in array.shape { append(size, to: &data) }
      data.append(contentsOf: array.bytes)
    }
    return data
  }

  private static func append(_ number: Int, to data: inout Data) {
    withUnsafeBytes(of: Int64(number).littleEndian) { data.append(contentsOf: $0) }
  }
}
