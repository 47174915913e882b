import Foundation
import FuzzTesting
import MartletCore
import Testing

@testable import Torch

@Suite struct PyTorchRefusalTests {
  struct Refused: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let kind: String
    let says: String
    let data: Data
    var testDescription: String { name }
  }

  static let refused: [Refused] = {
    guard let path = try? pthURL("refused.json"), let data = FileManager.default.contents(atPath: path) else { return [] }
    return (try? JSONDecoder().decode([Refused].self, from: data)) ?? []
  }()

  @Test func thereAreCases() { #expect(Self.refused.count > 140) }

  @Test("what is not a tensor is refused and named", arguments: refused)
  func refusals(_ item: Refused) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file.pth"
      try item.data.write(to: URL(fileURLWithPath: path))
      let error = try #require(throws: PyTorchFileError.self) { try PyTorchFile(path: path) }
      #expect(error.description.hasPrefix(path))
      switch error.kind {
      case .code(let name):
        #expect(item.kind == "code" && name.hasSuffix(item.says) || error.description.contains(item.says), "\(error)")
        #expect(error.description.contains("nothing was run") && error.remedy == PyTorchFileError.saveTensorsAlone)
      case let kind:
        #expect("\(kind)" == item.kind, "\(error)")
        #expect(item.says.isEmpty || error.description.contains(item.says), "\(error)")
      }
    }
  }

  /// Nesting and circles that would end a recursive reader.
  @Test func depthNeverOverflows() throws {
    for description in [
      [UInt8](repeating: 0x5D, count: 200_000) + [UInt8](repeating: 0x61, count: 199_999),
      [0x4E] + [UInt8](repeating: 0x85, count: 400_000),
    ] {
      let bytes = [0x80, 2] + description + [0x2E]
      try bytes.withUnsafeBytes { bytes in
        var machine = PickleMachine(bytes)
        let root = try machine.run()
        var maker = PyTorchTreeMaker(nodes: machine.nodes) { (_) throws(PickleProblem) in throw .damaged("no storages") }
        let problem = #expect(throws: PickleProblem.self) { try maker.value(root) }
        #expect(problem?.kind == .tooLarge)
      }
    }
    let marks: [UInt8] = [0x80, 2] + [UInt8](repeating: 0x28, count: 1_100_000)
    marks.withUnsafeBytes { bytes in
      var machine = PickleMachine(bytes)
      let problem = #expect(throws: PickleProblem.self) { try machine.run() }
      #expect(problem?.kind == .tooLarge)
    }
  }

  /// A pickle may name one long list again and again; copying it each time would fill the memory.
  @Test func amplificationIsBounded() throws {
    let pair: [UInt8] = [0x4E, 0x4E, 0x86]
    var bytes: [UInt8] = [0x80, 2, 0x28]
    for _ in 0..<20_000 { bytes += pair }
    bytes += [0x6C, 0x71, 0] + Array("ccollections\nOrderedDict\nq".utf8) + [1, 0x30]
    for _ in 0..<20_000 { bytes += [0x68, 1, 0x68, 0, 0x85, 0x52] }
    bytes.withUnsafeBytes { bytes in
      var machine = PickleMachine(bytes)
      let problem = #expect(throws: PickleProblem.self) { try machine.run() }
      #expect(problem?.kind == .tooLarge)
    }
  }

  @Test("a file cut at any byte is refused", arguments: ["small.pth", "small.legacy.pth"])
  func truncation(_ file: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: pthURL(file)))
    try withTemporaryFolder { folder in
      let path = folder + "/cut.pth"
      try data.write(to: URL(fileURLWithPath: path))
      for count in (0..<data.count).reversed() {
        try #require(truncate(path, count) == 0)
        #expect(throws: PyTorchFileError.self, "\(count) bytes") { try PyTorchFile(path: path) }
      }
    }
  }

  /// 1,000 mutations of each file, seed 1. An archive has checksums: it is refused or holds equal values. Without them a file
  /// is refused or read without harm.
  @Test(
    "changed files are refused or equal",
    arguments: ["small.pth", "small.legacy.pth", "kinds.pth", "small.unchecked.pth", "old.legacy.pth"])
  func mutation(_ file: String) throws {
    let original = try Data(contentsOf: URL(fileURLWithPath: pthURL(file)))
    let expected = try Dictionary(
      uniqueKeysWithValues: PyTorchFile(path: pthURL(file)).tensors().map { ($0.name, try $0.tensor.hostArray()) })
    var random = KeyedRandom(seed: 1, purpose: "pth fuzz \(file)")
    var fuzz = FuzzRun("pickles of \(file)")
    try withTemporaryFolder { folder in
      let path = folder + "/mutant.pth"
      for _ in 0..<1000 * FuzzRun.times {
        try Self.replace(path, with: Self.mutant(of: original, &random))
        try fuzz.attempt {
          do {
            let values = try Dictionary(
              uniqueKeysWithValues: PyTorchFile(path: path).tensors().map { ($0.name, try $0.tensor.hostArray()) })
            if ["small.pth", "kinds.pth"].contains(file) { #expect(values == expected) }
            return true
          } catch is PyTorchFileError { return false }
        }
      }
    }
    fuzz.tell()
    #expect(fuzz.refused > fuzz.inputs / 10 && fuzz.refused < fuzz.inputs)
  }

  /// Data.write waits for the disk each time.
  private static func replace(_ path: String, with bytes: [UInt8]) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    try bytes.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: path) }
  }

  private static func mutant(of original: Data, _ random: inout KeyedRandom) -> [UInt8] {
    var bytes = [UInt8](original)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0..<max(bytes.count, 1), using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0 where !bytes.isEmpty: bytes.remove(at: place)
      case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: min(place, bytes.count))
      case 2 where place + 8 <= bytes.count:
        for index in place..<place + 8 { bytes[index] = UInt8.random(in: 0...1, using: &random) &* 255 }
      default: if !bytes.isEmpty { bytes[place] = UInt8.random(in: 0...255, using: &random) }
      }
    }
    return bytes
  }

  @Test func theChecksumIsZips() {
    #expect("123456789".utf8.withContiguousStorageIfAvailable { CyclicRedundancy.of(UnsafeRawBufferPointer($0)) } == 0xCBF4_3926)
    #expect(CyclicRedundancy.of(UnsafeRawBufferPointer(start: nil, count: 0)) == 0)
  }
}
