public import Foundation
import MartletCore
import Synchronization
public import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writes the event files that TensorBoard shows: TFRecord frames (length, checksum, message, checksum) with one event each.
///
/// ```swift
/// let file = try EventFile(in: "runs/first")
/// try file.scalar("train/loss", 0.25, step: 100)
/// try file.close()
/// ```
public final class EventFile {
  /// The file's path; its name is what TensorBoard looks for.
  public let path: String
  private let handle: FileHandle
  private var buffer = Data()
  private static let counter = Atomic<Int>(0)

  /// Begins a new file in a folder, which is made if it is not there. Several files of one folder are shown as one run.
  /// - Parameter restartingAt: what other files of the folder say from this step on is not to be shown any more.
  /// - Throws: `FileError` with the system's reason.
  public init(in folder: String, restartingAt step: Int? = nil, time: Double = Date().timeIntervalSince1970) throws {
    let number = Self.counter.add(1, ordering: .relaxed).newValue
    path = "\(folder)/events.out.tfevents.\(Int(time)).martlet.\(getpid()).\(number)"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw FileError(path: folder, problem: "cannot be made: \(error.localizedDescription)")
    }
    guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path) else {
      throw FileError(path: path, problem: "cannot be written: \(AtomicFile.systemReason())")
    }
    self.handle = handle
    try write(BoardEvent(wallTime: time, fileVersion: BoardEvent.currentVersion))
    if let step { try write(BoardEvent(wallTime: time, step: step, isRestart: true)) }
    try flush()
  }

  /// Adds an event; it reaches the file with the next flush, at the latest after 64 KiB.
  public func write(_ event: BoardEvent) throws {
    buffer.append(contentsOf: Self.record(event.encoded))
    if buffer.count > 1 << 16 { try flush() }
  }

  /// A number.
  public func scalar(_ tag: String, _ value: Double, step: Int, time: Double = Date().timeIntervalSince1970) throws {
    try write(BoardEvent(wallTime: time, step: step, entries: [.init(tag, .scalar(Float(value)))]))
  }

  /// How the values of a tensor are spread.
  public func histogram(_ tag: String, _ values: Tensor, step: Int, time: Double = Date().timeIntervalSince1970) throws {
    try write(BoardEvent(wallTime: time, step: step, entries: [.init(tag, .histogram(try BoardHistogram(values)))]))
  }

  /// A picture as the bytes of a PNG file.
  /// - Throws: `ArgumentError` if the bytes are no PNG file.
  public func image(_ tag: String, png: Data, step: Int, time: Double = Date().timeIntervalSince1970) throws {
    let content = try Self.picture(png)
    try write(BoardEvent(wallTime: time, step: step, entries: [.init(tag, content)]))
  }

  /// Text in Markdown.
  public func text(_ tag: String, _ text: String, step: Int, time: Double = Date().timeIntervalSince1970) throws {
    try write(BoardEvent(wallTime: time, step: step, entries: [.init(tag + "/text_summary", .text([text]), plugin: "text")]))
  }

  /// Brings what was written to the file.
  public func flush() throws {
    guard !buffer.isEmpty else { return }
    try buffer.withUnsafeBytes { bytes in try AtomicFile.writeAll(bytes, to: handle.fileDescriptor, path: path) }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Flushes and closes; nothing can be written afterwards.
  public func close() throws {
    try flush()
    try handle.close()
  }

  /// A frame: the length, its masked checksum, the message, its masked checksum.
  static func record(_ message: [UInt8]) -> [UInt8] {
    let length = withUnsafeBytes(of: UInt64(message.count).littleEndian) { [UInt8]($0) }
    func sum(_ bytes: [UInt8]) -> [UInt8] { withUnsafeBytes(of: CRC32C.masked(bytes).littleEndian) { [UInt8]($0) } }
    return length + sum(length) + message + sum(message)
  }

  /// Height, width and channels stand in the PNG file's first chunk.
  private static func picture(_ png: Data) throws -> BoardEvent.Content {
    let bytes = [UInt8](png.prefix(26))
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    guard bytes.count == 26, Array(bytes[..<8]) == signature, let channels = [0: 1, 2: 3, 3: 3, 4: 2, 6: 4][bytes[25]] else {
      throw ArgumentError("the \(png.count) bytes are no PNG file", expected: "PNG bytes, signature included")
    }
    func number(_ start: Int) -> Int { bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) } }
    return .image(height: number(20), width: number(16), channels: channels, png: png)
  }
}

extension EventFile {
  /// All events of a file, in order. A last one that is not whole yet is left out.
  /// - Throws: `FileError` if the file cannot be read, or if a checksum or a message is wrong; it tells where.
  public static func read(_ path: String) throws -> [BoardEvent] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: path, problem: "cannot be read", expected: "an event file")
    }
    let bytes = [UInt8](data)
    func number(_ start: Int, _ size: Int) -> UInt64 { bytes[start..<(start + size)].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    var events: [BoardEvent] = []
    var place = 0
    while place + 12 <= bytes.count {
      let damaged = FileError(path: path, problem: "the record at byte \(place) is damaged", expected: "fitting checksums")
      guard number(place + 8, 4) == UInt64(CRC32C.masked(bytes[place..<(place + 8)])), let length = Int(exactly: number(place, 8)) else {
        throw damaged
      }
      guard length <= bytes.count - place - 16 else { break }
      let message = bytes[(place + 12)..<(place + 12 + length)]
      guard number(place + 12 + length, 4) == UInt64(CRC32C.masked(message)) else { throw damaged }
      do { events.append(try BoardEvent(decoding: message)) } catch { throw damaged }
      place += 16 + length
    }
    return events
  }
}
