import Foundation
import MartletCore

/// Text files whose lines are items: CSV, TSV, JSON Lines, of any size.
///
/// Files are counted once, when the source is made; lines without a character are left out.
public struct LineFiles: StreamingSource {
  /// The files, each a shard.
  public let paths: [String]
  public let counts: [Int]
  private let skipsHeader: Bool
  private let decode: @Sendable (_ line: String, _ index: Int, _ epoch: Int) throws -> Sample

  /// - Parameters:
  ///   - skipsHeader: the first line of every file is no item.
  ///   - decode: makes an item of a line; called on worker threads.
  /// - Throws: `FileError` for a file that cannot be read.
  public init(
    _ paths: [String], skipsHeader: Bool = false,
    decode: @escaping @Sendable (_ line: String, _ index: Int, _ epoch: Int) throws -> Sample
  ) throws {
    self.paths = paths
    self.skipsHeader = skipsHeader
    self.decode = decode
    counts = try paths.map { path in
      let reader = try LineReader(path)
      var count = skipsHeader ? -1 : 0
      while try reader.skip() { count += 1 }
      return max(0, count)
    }
  }

  public func records(of shard: Int, from first: Int) throws -> RecordStream<String> {
    let reader = try LineReader(paths[shard])
    for _ in 0..<(first + (skipsHeader ? 1 : 0)) { _ = try reader.skip() }
    return RecordStream { try reader.next() }
  }

  public func batch(_ records: [String], indices: [Int], epoch: Int) throws -> Batch {
    var samples: [Sample] = []
    for (line, index) in zip(records, indices) {
      do {
        samples.append(try decode(line, index, epoch))
      } catch {
        throw LoaderError(items: [index], underlying: error)
      }
    }
    return try Batch(stacking: samples, indices: indices)
  }
}

/// Lines of a file, read in pieces.
private final class LineReader {
  private let path: String
  private let handle: FileHandle
  private var bytes: [UInt8] = []
  private var place = 0

  init(_ path: String) throws {
    guard let handle = FileHandle(forReadingAtPath: path) else { throw FileError(path: path, problem: "cannot be read") }
    self.path = path
    self.handle = handle
  }

  deinit { try? handle.close() }

  func next() throws -> String? { try line().map { String(decoding: bytes[$0], as: UTF8.self) } }

  /// - Returns: whether there was a line.
  func skip() throws -> Bool { try line() != nil }

  private func line() throws -> Range<Int>? {
    while true {
      var searched = place
      while true {
        if let end = bytes[searched...].firstIndex(of: 10) {
          let start = place
          place = end + 1
          let last = end > start && bytes[end - 1] == 13 ? end - 1 : end
          if last > start { return start..<last }
          break
        }
        searched = bytes.count - place
        guard try fill() else {
          let start = place
          place = bytes.count
          let last = bytes.last == 13 ? bytes.count - 1 : bytes.count
          return last > start ? start..<last : nil
        }
      }
    }
  }

  /// Drops what was handed out and reads another piece behind the rest.
  private func fill() throws -> Bool {
    let piece: Data?
    do {
      piece = try handle.read(upToCount: 1 << 18)
    } catch {
      throw FileError(path: path, problem: "cannot be read: \(error.localizedDescription)")
    }
    guard let piece, !piece.isEmpty else { return false }
    bytes.removeFirst(place)
    place = 0
    bytes.append(contentsOf: piece)
    return true
  }
}
