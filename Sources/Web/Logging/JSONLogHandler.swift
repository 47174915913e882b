import Foundation
public import Logging

/// Writes log events as JSON, one object a line, to standard error.
///
/// Members are `time` (ISO 8601, UTC, milliseconds), `level`, `message`, `logger`, then the metadata; numbers among it stay numbers.
public struct JSONLogHandler: LogHandler {
  /// Events below it are not written.
  public var logLevel: Logger.Level
  /// Members of every line.
  public var metadata: Logger.Metadata = [:]
  /// Members of every line that depend on the task.
  public var metadataProvider: Logger.MetadataProvider?
  private let label: String
  private let write: @Sendable ([UInt8]) -> Void

  /// - Parameter write: gets each line with its newline; standard error by default.
  public init(label: String, level: Logger.Level = .info, write: (@Sendable ([UInt8]) -> Void)? = nil) {
    self.label = label
    logLevel = level
    self.write = write ?? Self.writeToStandardError
  }

  /// One of the members of every line.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one line.
  public func log(event: LogEvent) {
    var writer = JSONWriter()
    writer.raw("{\"time\":\"")
    writer.raw(Self.timestamp())
    writer.raw("\",\"level\":")
    writer.string(event.level.rawValue)
    writer.raw(",\"message\":")
    writer.string("\(event.message)")
    writer.raw(",\"logger\":")
    writer.string(label)
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
    if let own = event.metadata { all.merge(own) { _, new in new } }
    if let error = event.error { all["error"] = .string("\(error)") }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      writer.raw(",")
      writer.string(["time", "level", "message", "logger"].contains(key) ? key + "_" : key)
      writer.raw(":")
      Self.write(value, to: &writer)
    }
    writer.raw("}\n")
    write(writer.bytes)
  }

  private static func write(_ value: Logger.Metadata.Value, to writer: inout JSONWriter) {
    switch value {
    case .string(let text): writer.string(text)
    case .stringConvertible(let value):
      switch value {
      case let number as Int: writer.integer(number)
      case let number as Double: writer.number(number)
      case let value as Bool: writer.bool(value)
      default: writer.string(value.description)
      }
    case .array(let values): writer.array(values) { write($1, to: &$0) }
    case .dictionary(let members):
      writer.raw("{")
      for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { writer.raw(",") }
        writer.string(member.key)
        writer.raw(":")
        write(member.value, to: &writer)
      }
      writer.raw("}")
    }
  }

  /// `2026-01-31T12:34:56.789Z`, made by hand because a formatter would cost more than the rest of the line.
  ///
  /// - Parameter milliseconds: since 1970, from the year 0 to the year 9999; now by default.
  package static func timestamp(_ milliseconds: Int = Int((Date().timeIntervalSince1970 * 1000).rounded(.down))) -> [UInt8] {
    // Days and what is left of the last one; before 1970 days count backwards, and the hours of a day still forwards.
    let day = (milliseconds >= 0 ? milliseconds : milliseconds - 86_399_999) / 86_400_000
    let ofDay = milliseconds - day * 86_400_000, second = ofDay / 1000
    // The civil calendar from the number of days: years begin in March, so that a leap day is the last one (Hinnant, 2013).
    let shifted = day + 719_468, era = shifted / 146_097, inEra = shifted % 146_097
    let yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
    let dayOfYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100), shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    var text = [UInt8]()
    text.reserveCapacity(24)
    func append(_ value: Int, _ width: Int, _ end: Character) {
      var digits = [UInt8](repeating: UInt8(ascii: "0"), count: width)
      var rest = value
      for index in stride(from: width - 1, through: 0, by: -1) {
        digits[index] += UInt8(rest % 10)
        rest /= 10
      }
      text += digits
      text += end.utf8
    }
    append(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4, "-")
    append(month, 2, "-")
    append(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, 2, "T")
    append(second / 3600, 2, ":")
    append(second / 60 % 60, 2, ":")
    append(second % 60, 2, ".")
    append(ofDay % 1000, 3, "Z")
    return text
  }

  private static func writeToStandardError(_ line: [UInt8]) {
    // One call a line, so that lines of several threads do not mix.
    line.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Foundation.write(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}
