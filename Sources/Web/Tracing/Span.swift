package import MartletCore

/// One piece of work in a trace.
package struct Span: Sendable {
  package enum Kind: Int, Sendable { case `internal` = 1, server = 2 }

  package let trace: String
  package let id: String
  package let parent: String?
  package let name: String
  package let kind: Kind
  /// Nanoseconds since 1970.
  package let start: UInt64
  package let end: UInt64
  package let attributes: [(key: String, value: JSONValue)]
  package let isError: Bool

  package init(
    trace: String, id: String, parent: String?, name: String, kind: Kind, start: UInt64, end: UInt64,
    attributes: [(key: String, value: JSONValue)], isError: Bool = false
  ) {
    self.trace = trace
    self.id = id
    self.parent = parent
    self.name = name
    self.kind = kind
    self.start = start
    self.end = max(start, end)
    self.attributes = attributes
    self.isError = isError
  }

  /// As OTLP's JSON has it.
  func write(to writer: inout JSONWriter) {
    writer.raw("{\"traceId\":")
    writer.string(trace)
    writer.raw(",\"spanId\":")
    writer.string(id)
    if let parent {
      writer.raw(",\"parentSpanId\":")
      writer.string(parent)
    }
    writer.raw(",\"name\":")
    writer.string(name)
    writer.raw(",\"kind\":")
    writer.integer(kind.rawValue)
    // 64-bit numbers are texts in Protocol Buffers' JSON.
    writer.raw(",\"startTimeUnixNano\":")
    writer.string(String(start))
    writer.raw(",\"endTimeUnixNano\":")
    writer.string(String(end))
    writer.raw(",\"attributes\":")
    Self.write(attributes, to: &writer)
    writer.raw(",\"status\":{\"code\":")
    writer.integer(isError ? 2 : 0)
    writer.raw("}}")
  }

  static func write(_ attributes: [(key: String, value: JSONValue)], to writer: inout JSONWriter) {
    writer.array(attributes) { writer, attribute in
      writer.raw("{\"key\":")
      writer.string(attribute.key)
      writer.raw(",\"value\":{")
      switch attribute.value {
      case .int(let value):
        writer.raw("\"intValue\":")
        writer.string(String(value))
      case .double(let value):
        writer.raw("\"doubleValue\":")
        writer.number(value)
      case .bool(let value):
        writer.raw("\"boolValue\":")
        writer.bool(value)
      case .string(let text):
        writer.raw("\"stringValue\":")
        writer.string(text)
      case .null, .array, .object: writer.raw("\"stringValue\":\"\"")
      }
      writer.raw("}}")
    }
  }
}
