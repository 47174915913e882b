import Foundation
import MartletCore

// The messages of tensorflow/core/util/event.proto and framework/summary.proto, with the fields in their order, so that the bytes equal
// those of the reference.

extension BoardEvent {
  static let currentVersion = "brain.Event:2"

  var encoded: [UInt8] {
    var event = ProtobufWriter()
    event.nonZeroDouble(1, wallTime)
    event.nonZeroInt(2, step)
    if let fileVersion { event.text(3, fileVersion) }
    if !entries.isEmpty { event.message(5) { summary in for entry in entries { summary.message(1, entry.encode) } } }
    if isRestart { event.message(7) { $0.int(1, 1) } }
    return event.bytes
  }

  init(decoding bytes: ArraySlice<UInt8>) throws(ArgumentError) {
    self.init(wallTime: 0)
    for (number, value) in try ProtobufReader.fields(bytes) {
      switch number {
      case 1: wallTime = value.double ?? 0
      case 2: step = value.int ?? 0
      case 3: fileVersion = value.text
      case 5:
        for (number, value) in try ProtobufReader.fields(value.bytes ?? []) where number == 1 {
          entries.append(try Entry(decoding: value.bytes ?? []))
        }
      case 7: isRestart = try ProtobufReader.fields(value.bytes ?? []).contains { $0.number == 1 && $0.value.int == 1 }
      default: break
      }
    }
  }
}

extension BoardEvent.Entry {
  func encode(_ value: inout ProtobufWriter) {
    value.text(1, tag)
    switch content {
    case .scalar(let number): value.float(2, number)
    case .image(let height, let width, let channels, let png):
      value.message(4) { image in
        image.nonZeroInt(1, height)
        image.nonZeroInt(2, width)
        image.nonZeroInt(3, channels)
        image.data(4, png)
      }
    case .histogram(let histogram): value.message(5, histogram.encode)
    case .text(let lines):
      value.message(8) { tensor in
        tensor.int(1, 7)
        tensor.message(2) { shape in shape.message(2) { $0.int(1, lines.count) } }
        for line in lines { tensor.text(8, line) }
      }
    case .none: break
    }
    if let plugin {
      value.message(9) { metadata in
        metadata.message(1) { data in
          data.text(1, plugin)
          if !pluginData.isEmpty { data.data(2, pluginData) }
        }
      }
    }
  }

  init(decoding bytes: ArraySlice<UInt8>) throws(ArgumentError) {
    self.init("", .none)
    for (number, value) in try ProtobufReader.fields(bytes) {
      let inner = value.bytes ?? []
      switch number {
      case 1: tag = value.text ?? ""
      case 2: content = .scalar(value.float ?? 0)
      case 4: content = try Self.image(inner)
      case 5: content = .histogram(try BoardHistogram(decoding: inner))
      case 8: content = .text(try ProtobufReader.fields(inner).filter { $0.number == 8 }.map { $0.value.text ?? "" })
      case 9:
        for (number, value) in try ProtobufReader.fields(inner) where number == 1 {
          for (number, value) in try ProtobufReader.fields(value.bytes ?? []) {
            if number == 1 { plugin = value.text }
            if number == 2 { pluginData = Data(value.bytes ?? []) }
          }
        }
      default: break
      }
    }
  }

  private static func image(_ bytes: ArraySlice<UInt8>) throws(ArgumentError) -> BoardEvent.Content {
    var sizes = [0, 0, 0]
    var png = Data()
    for (number, value) in try ProtobufReader.fields(bytes) {
      if (1...3).contains(number) { sizes[number - 1] = value.int ?? 0 }
      if number == 4 { png = Data(value.bytes ?? []) }
    }
    return .image(height: sizes[0], width: sizes[1], channels: sizes[2], png: png)
  }
}

extension BoardHistogram {
  func encode(_ message: inout ProtobufWriter) {
    message.nonZeroDouble(1, minimum)
    message.nonZeroDouble(2, maximum)
    message.nonZeroDouble(3, count)
    message.nonZeroDouble(4, sum)
    message.nonZeroDouble(5, sumOfSquares)
    message.doubles(6, limits)
    message.doubles(7, buckets)
  }

  init(decoding bytes: ArraySlice<UInt8>) throws(ArgumentError) {
    self.init(minimum: 0, maximum: 0, count: 0, sum: 0, sumOfSquares: 0, limits: [], buckets: [])
    for (number, value) in try ProtobufReader.fields(bytes) {
      switch number {
      case 1: minimum = value.double ?? 0
      case 2: maximum = value.double ?? 0
      case 3: count = value.double ?? 0
      case 4: sum = value.double ?? 0
      case 5: sumOfSquares = value.double ?? 0
      case 6: limits += value.doubles ?? value.double.map { [$0] } ?? []
      case 7: buckets += value.doubles ?? value.double.map { [$0] } ?? []
      default: break
      }
    }
  }
}
