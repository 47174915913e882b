import Foundation
import MartletCore

/// Appends every measured value to a JSON Lines file: `{"epoch":0,"name":"step/loss","step":1,"time":1763719200.5,"value":2.3}`.
///
/// Whole lines are written at least once a second, at the end of every epoch and before every checkpoint, so that others can read along. On
/// resume the lines after the checkpoint are cut off: the file equals that of a run that was never interrupted, times aside.
public final class MetricStore: Handler {
  /// The file's path.
  public let path: String
  private var file: FileHandle?
  private var buffer = Data()
  private var written: UInt64 = 0
  private var resumesAt: UInt64?
  private var lastFlush = ContinuousClock.now

  /// - Parameter path: a run that does not resume replaces the file.
  public init(_ path: String) { self.path = path }

  public var name: String { "metricStore" }
  public var recordedMetrics: [String]? { [] }
  // Values reach the file before anybody draws conclusions from them.
  public var rank: Int { -10 }

  public func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
    switch event {
    case .fitBegin: try open()
    case .metrics(let records):
      for record in records { append(record) }
      if ContinuousClock.now - lastFlush > .seconds(1) { try flush() }
    case .epochEnd: try flush()
    case .fitEnd, .interrupted, .failed: try close()
    default: break
    }
    return .continue
  }

  public func state() throws -> SavedState? {
    try flush()
    return SavedState(values: ["bytes": .int(Int(written))])
  }

  public func load(_ state: SavedState) throws { resumesAt = state.values["bytes"]?.intValue.map { UInt64(max(0, $0)) } }

  /// All records of a metric file. A last line that is not whole yet is left out.
  /// - Throws: `FileError` if the file cannot be read or another line is damaged.
  public static func read(_ path: String) throws -> [MetricRecord] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: path, problem: "cannot be read", expected: "a metric file")
    }
    let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { data[data.startIndex...$0] } ?? Data()
    return try whole.split(separator: UInt8(ascii: "\n")).enumerated().map { number, line in
      try JSON.decode(MetricRecord.self, from: Data(line), source: "\(path), line \(number + 1)")
    }
  }

  private func open() throws {
    let manager = FileManager.default
    let folder = (path as NSString).deletingLastPathComponent
    do {
      if !folder.isEmpty { try manager.createDirectory(atPath: folder, withIntermediateDirectories: true) }
      if resumesAt == nil || !manager.fileExists(atPath: path) {
        guard manager.createFile(atPath: path, contents: nil) else {
          throw FileError(path: path, problem: "cannot be written: \(AtomicFile.systemReason())")
        }
      }
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      let size = try handle.seekToEnd()
      written = min(size, resumesAt ?? 0)
      try handle.truncate(atOffset: written)
      file = handle
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(path: path, problem: "cannot be opened for metrics: \(error.localizedDescription)")
    }
    resumesAt = nil
  }

  private func append(_ record: MetricRecord) {
    let value =
      record.value.isFinite ? "\(record.value)" : record.value.isNaN ? "\"NaN\"" : record.value > 0 ? "\"Infinity\"" : "\"-Infinity\""
    let line =
      "{\"epoch\":\(record.epoch),\"name\":\(Self.quoted(record.name)),\"step\":\(record.step),\"time\":\(record.time),\"value\":\(value)}\n"
    buffer.append(contentsOf: line.utf8)
  }

  private static func quoted(_ name: String) -> String {
    if name.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) { return "\"\(name)\"" }
    return (try? JSON.encode(name, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? "\"?\""
  }

  private func flush() throws {
    lastFlush = ContinuousClock.now
    guard let file, !buffer.isEmpty else { return }
    try buffer.withUnsafeBytes { bytes in try AtomicFile.writeAll(bytes, to: file.fileDescriptor, path: path) }
    written += UInt64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  private func close() throws {
    try flush()
    try file?.close()
    file = nil
  }
}
