import Foundation
import FuzzTesting
import MartletCore
import NIOCore
import Testing

@testable import Web

/// The reader of requests against Foundation's: mutated documents that both take mean the same, and nothing traps.
@Suite struct JSONFuzzTests {
  private static let seeds = [
    #"{"inputs": [[1, 2.5, -3e2], [0.1, 1e-7, 12345678901234567]], "name": "caf\u00e9 \ud83d\ude00", "flag": true, "none": null}"#,
    #"{"a":{"b":{"c":[[],{},[{}],"\"\\\/\b\f\n\r\t"]}},"d":false}"#, #"[0,-0,1E+2,0.30000000000000004,9007199254740993]"#, #""text""#, "17",
  ].map { Array($0.utf8) }

  private static let pieces = [
    "\"", "\\", "\\u12", "\\ud800", "[", "]", "{", "}", ",", ":", "1e999", "-", "0", ".", "null", "nul", "tru", " ", "\n", "\u{0}",
    "\u{FEFF}",
    String(repeating: "[", count: 100), "NaN", "01", "1.", "+1",
  ].map { Array($0.utf8) }

  private static func mutant(_ random: inout KeyedRandom) -> [UInt8] {
    var bytes = seeds.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...12, using: &random)))
      case 3: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
      default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 20)], at: place)
      }
    }
    return bytes
  }

  /// Numbers are equal whether they are written as whole ones or not.
  private static func mean(_ one: JSONValue, _ other: JSONValue) -> Bool {
    switch (one, other) {
    case (.array(let ones), .array(let others)): ones.count == others.count && zip(ones, others).allSatisfy(mean)
    case (.object(let ones), .object(let others)):
      ones.count == others.count && ones.allSatisfy { key, value in others[key].map { mean(value, $0) } ?? false }
    case (.int, .double), (.double, .int): one.doubleValue == other.doubleValue
    default: one == other
    }
  }

  /// Which of two equal keys counts is every reader's own business.
  private static func repeatsKeys(_ bytes: [UInt8]) throws -> Bool {
    try JSONReader.read(ByteBuffer(bytes: bytes)) { reader in
      var repeats = false
      func look(_ reader: inout JSONReader) throws {
        switch reader.peek() {
        case UInt8(ascii: "{"):
          var seen: Set<String> = []
          try reader.readObject("a value") { reader, key in
            if !seen.insert(key).inserted { repeats = true }
            try look(&reader)
          }
        case UInt8(ascii: "["): try reader.readArray("a value") { reader, _ in try look(&reader) }
        default: _ = try reader.readValue()
        }
      }
      try look(&reader)
      return repeats
    }
  }

  @Test func `what both readers take means the same`() throws {
    var random = KeyedRandom(seed: 3, purpose: "json fuzz"), fuzz = FuzzRun("JSON documents"), both = 0
    for _ in 0..<5000 * FuzzRun.times {
      let bytes = Self.mutant(&random)
      let theirs = try? JSON.decode(JSONValue.self, from: Data(bytes), source: "fuzz")
      fuzz.attempt {
        do {
          let ours = try JSONReader.read(ByteBuffer(bytes: bytes)) { try $0.readValue() }
          if let theirs, try !Self.repeatsKeys(bytes) {
            both += 1
            #expect(Self.mean(ours, theirs), "\(String(decoding: bytes, as: UTF8.self))")
          }
          return true
        } catch {
          #expect(error is JSONProblem, "\(error)")
          return false
        }
      }
    }
    fuzz.tell()
    #expect(both > 1000 && fuzz.refused > 1000)
  }
}
