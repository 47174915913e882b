import Bundles
import Foundation
import FuzzTesting
import MartletCore
import Testing

/// Bundles that were damaged, or made to hurt: an error of our own or a bundle, never a trap.
@Suite struct FuzzTests {
  private static let words = [
    "null", "-1", "1e999", "9223372036854775808", "\"\"", "[]", "{}", "\"../../etc/passwd\"", "\"/etc/passwd\"", "\"\\u0000\"", "true",
    "[[[[[[[[[[", "\"bundle\\ud800\"",
  ].map { Array($0.utf8) }

  private func mutant(of original: [UInt8], _ random: inout KeyedRandom) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...30, using: &random)))
      case 3: bytes.insert(contentsOf: Self.words.randomElement(using: &random) ?? [], at: place)
      case 4:
        // A value becomes another one.
        guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")) else { continue }
        let end = bytes[colon...].firstIndex { [UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "}")].contains($0) } ?? bytes.count
        bytes.replaceSubrange((colon + 1)..<end, with: Self.words.randomElement(using: &random) ?? [])
      default: bytes.removeSubrange(place...)
      }
    }
    return bytes
  }

  @Test func `damaged manifests are refused or read without harm`() throws {
    try withFolder { folder in
      let path = folder + "/a"
      try writeSample(at: path)
      let manifest = URL(fileURLWithPath: path + "/manifest.json"), original = try Array(Data(contentsOf: manifest))
      var random = KeyedRandom(seed: 11, purpose: "bundle fuzz"), fuzz = FuzzRun("bundle manifests")
      for _ in 0..<1000 * FuzzRun.times {
        try Data(mutant(of: original, &random)).write(to: manifest)
        fuzz.attempt {
          do {
            let bundle = try ModelBundle.open(path)
            // Whatever it says, nothing outside of the folder is the bundle's.
            #expect(bundle.manifest.files.allSatisfy { !$0.path.hasPrefix("/") && !$0.path.split(separator: "/").contains("..") })
            return true
          } catch {
            #expect(error is any MartletError, "\(error)")
            return false
          }
        }
      }
      fuzz.tell()
      #expect(fuzz.refused > 300 && fuzz.refused < fuzz.inputs)
    }
  }
}
