import Foundation
import MartletCore
import Testing

@testable import Images

/// What `Tools/fixtures_images.py` wrote: encoded pictures, and the samples that Pillow makes of them.
enum Fixture {
  struct Settings: Decodable {
    var width, height, x, y, fill, background: Int?
    var degrees: Double?
    var expand: Bool?
    var filter: ResizeFilter?
    var mode: ColourMode?
    var direction: String?
    var sides, covering: [Int]?
  }

  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let input, operation: String
    let settings: Settings
    let offset, tolerance, width, height, channels, bits: Int
    var testDescription: String { "\(operation) \(input) to \(width)×\(height)×\(channels)" }

    /// The expected samples, 8 or 16 bits.
    var samples: [Int] {
      let count = width * height * channels
      if bits == 8 { return Fixture.expected[offset..<offset + count].map(Int.init) }
      return (0..<count).map { Int(Fixture.expected[offset + 2 * $0]) << 8 | Int(Fixture.expected[offset + 2 * $0 + 1]) }
    }
  }

  static func path(_ name: String) -> String { Bundle.module.bundlePath + "/Fixtures/" + name }
  static func bytes(_ name: String) throws -> [UInt8] { try FileBytes.read(path(name), limit: .max) }

  static let expected: [UInt8] = (try? IDXFile(path: path("expected.idx.gz"), dimensions: 1...1).values) ?? []
  static let cases: [Case] =
    (try? JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(fileURLWithPath: path("manifest.json"))))) ?? []
  static func cases(_ operation: String) -> [Case] { cases.filter { $0.operation == operation } }
}

extension Fixture.Settings: Sendable {}

extension Image {
  var values: [Int] {
    switch samples {
    case .uint8(let values): values.map(Int.init)
    case .uint16(let values): values.map(Int.init)
    }
  }

  /// A picture whose samples all differ from their neighbours.
  static func gradient(_ width: Int, _ height: Int, _ mode: ColourMode = .grey) -> Image {
    let samples = (0..<width * height * mode.channels).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 13) }
    return Image(unchecked: .uint8(samples), width: width, height: height, mode: mode)
  }
}

/// A folder that is gone when the test ends.
func withFolder<R>(_ body: (String) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-images-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}

func write(_ bytes: [UInt8], _ path: String) throws {
  let folder = (path as NSString).deletingLastPathComponent
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

func write(_ text: String, _ path: String) throws { try write(Array(text.utf8), path) }

/// The error that a closure throws, or `nil`.
func imageError<R>(_ body: () throws -> R) -> ImageError? {
  do {
    _ = try body()
    return nil
  } catch { return error as? ImageError }
}

func bigEndian(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

/// A PNG chunk with its checksum.
func pngChunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
  let content = Array(kind.utf8) + body
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in content {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }
  return bigEndian(body.count) + content + bigEndian(Int(~crc))
}
