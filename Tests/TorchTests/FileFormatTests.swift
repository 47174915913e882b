import Foundation
import FuzzTesting
import MartletCore
import Testing

@testable import Torch

@Suite struct SafetensorsTests {
  @Test func readsWhatTheReferenceWrote() throws {
    let file = try SafetensorsFile(path: fixtureURL("reference.safetensors").path)
    #expect(file.metadata == ["format": "pt", "name": "ü \"quoted\""])
    #expect(Set(file.names) == ["a", "b.weight", "c", "d", "empty", "scalar"])
    #expect(try file.tensor("a").array(of: Float.self) == [0, 1, 2, 3, 4, 5])
    #expect(try file.tensor("a").shape == [2, 3])
    #expect(try file.tensor("b.weight").array(of: Int.self) == [1, 2, 3])
    #expect(try file.tensor("c").array(of: Bool.self) == [true, false])
    #expect(try file.tensor("d").dtype == .bfloat16)
    #expect(try file.tensor("d").array(of: Float.self) == [1.5, -2])
    #expect(try file.tensor("empty").shape == [0, 4])
    #expect(try file.tensor("scalar").double() == 2.5)
    let error = #expect(throws: FileError.self) { try file.tensor("b.weigth") }
    #expect(error?.remedy == "'b.weight'")
  }

  @Test func writesTheReferencesBytes() throws {
    let reference = try fixtureURL("reference.safetensors").path
    let file = try SafetensorsFile(path: reference)
    try withTemporaryFolder { folder in
      let path = folder + "/again.safetensors"
      try Safetensors.write(try file.all().reversed(), metadata: file.metadata, to: path)
      let again = try SafetensorsFile(path: path)
      #expect(again.names == file.names && again.metadata == file.metadata)
      for name in file.names { #expect(try again.tensor(name).hostArray() == file.tensor(name).hostArray(), "\(name)") }
      let other = folder + "/other.safetensors"
      try Safetensors.write(try file.all(), metadata: file.metadata, to: other)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: URL(fileURLWithPath: other)))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["again.safetensors", "other.safetensors"])
    }
  }

  @Test func changingATensorLeavesTheFileAlone() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/x.safetensors"
      try Safetensors.write([("x", Tensor([1, 2] as [Float]))], to: path)
      let before = try Digest.sha256(file: path)
      let tensor = try SafetensorsFile(path: path).tensor("x")
      _ = try tensor.add_(Tensor([1, 1] as [Float]))
      #expect(try tensor.array(of: Float.self) == [2, 3])
      #expect(try Digest.sha256(file: path) == before)
    }
  }

  static func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> Data {
    var bytes = Data()
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: header.utf8)
    bytes.append(Data(count: data))
    return bytes
  }

  static let lies: [(data: Data, says: String)] = [
    (Data(), "is empty"),
    (Data([1, 2, 3]), "too few for a safetensors file"),
    (file("{}", length: 1 << 40), "claims a header of 1099511627776 bytes"),
    (file("{}", length: .max), "claims a header"),
    (file("{}", length: 1000), "is cut off"),
    (file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 4), "ends at byte 8 of 4 bytes"),
    (file(#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, data: 8), "has 8 bytes; expected 12"),
    (file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, data: 8), "has the offsets [8, 0]"),
    (
      file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, data: 12),
      "overlaps"
    ),
    (file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, data: 8), "leaves a hole"),
    (file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: 8), "4 bytes at the end belong to no tensor"),
    (file(#"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#, data: 4), "unknown type 'F33'"),
    (file(#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, data: 4), "more elements than an Int can count"),
    (file(#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, data: 4), "no whole number"),
    (file(#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, data: 4), "expected ']'"),
    (file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, data: 4), "holds 3 numbers"),
    (file(#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, data: 4), "too large"),
    (file(#"{"a":{"dtype":"F32","shape":[1]}}"#, data: 4), "has no 'data_offsets'"),
    (
      file(#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#), "appears twice"
    ),
    (file(#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"code":"x"}}"#), "unknown key 'code'"),
    (file("[]"), "expected '{'"),
    (file("{}x"), "text after the end"),
    (file("{\"a"), "string without an end"),
    (file(#"{"__metadata__":{"a":1}}"#), "expected '\"'"),
    (file(#"{"\ud800":{}}"#), "surrogate"),
  ]

  @Test(arguments: lies.indices)
  func liesAreFound(_ index: Int) throws {
    let (data, says) = Self.lies[index]
    try withTemporaryFolder { folder in
      let path = folder + "/lie.safetensors"
      try data.write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: FileError.self) { try SafetensorsFile(path: path) }
      #expect(error?.description.contains(says) == true, "\(error?.description ?? "no error")")
      #expect(error?.description.hasPrefix(path) == true)
    }
  }

  /// 1,000 mutations of a good file, seed 1: each is read whole or refused.
  @Test func mutatedFilesNeverCrash() throws {
    let original = try Data(contentsOf: fixtureURL("reference.safetensors"))
    var random = KeyedRandom(seed: 1, purpose: "safetensors fuzz")
    var fuzz = FuzzRun("safetensors")
    try withTemporaryFolder { folder in
      let path = folder + "/mutant.safetensors"
      for _ in 0..<1000 * FuzzRun.times {
        var mutant = original
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          switch Int.random(in: 0..<4, using: &random) {
          case 0: mutant = mutant.prefix(Int.random(in: 0...mutant.count, using: &random))
          case 1 where !mutant.isEmpty: mutant.remove(at: mutant.indices.randomElement(using: &random) ?? 0)
          case 2 where !mutant.isEmpty:
            mutant[mutant.indices.randomElement(using: &random) ?? 0] = UInt8.random(in: 0...255, using: &random)
          default: mutant.insert(UInt8.random(in: 0...255, using: &random), at: Int.random(in: 0...mutant.count, using: &random))
          }
          mutant = Data(mutant)
        }
        try mutant.write(to: URL(fileURLWithPath: path))
        try fuzz.attempt {
          do {
            for (_, tensor) in try SafetensorsFile(path: path).all() { _ = try tensor.hostArray() }
            return true
          } catch is FileError { return false }
        }
      }
    }
    fuzz.tell()
    #expect(fuzz.refused > fuzz.inputs / 2)
  }

  @Test func unwritableThingsAreErrors() throws {
    try withTemporaryFolder { folder in
      let x = try Tensor.zeros([1])
      #expect(throws: FileError.self) { try Safetensors.write([("a", x), ("a", x)], to: folder + "/a") }
      #expect(throws: FileError.self) { try Safetensors.write([("a", x.to(.complex64))], to: folder + "/a") }
      #expect(throws: FileError.self) { try Safetensors.write([("a", x)], to: folder + "/no/such/folder/a") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func aFullDiskLeavesTheOldFile() throws {
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let error = #expect(throws: FileError.self) {
      let descriptor = open("/dev/full", O_WRONLY)
      defer { close(descriptor) }
      try [UInt8](repeating: 1, count: 10).withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: "/dev/full") }
    }
    #expect(error?.remedy == "free space on the disk")
  }

  @Test func shardsAreOneModel() throws {
    try withTemporaryFolder { folder in
      try Safetensors.write([("a", Tensor([1] as [Float]))], to: folder + "/1.safetensors")
      try Safetensors.write([("b", Tensor([2] as [Float]))], to: folder + "/2.safetensors")
      func index(_ map: [String: String]) throws -> String {
        let path = folder + "/model.safetensors.index.json"
        try AtomicFile.write(JSON.encode(["weight_map": map]), to: path)
        return path
      }
      let shards = try ShardedSafetensors(index: index(["a": "1.safetensors", "b": "2.safetensors"]))
      #expect(shards.names == ["a", "b"])
      #expect(try shards.all().map { try $0.tensor.double() } == [1, 2])
      #expect(throws: FileError.self) { try ShardedSafetensors(index: index(["a": "../1.safetensors"])) }
      #expect(throws: FileError.self) { try ShardedSafetensors(index: index(["a": "2.safetensors"])) }
      #expect(throws: FileError.self) { try ShardedSafetensors(index: index(["a": "3.safetensors"])) }
      #expect(throws: FileError.self) { try ShardedSafetensors(index: folder + "/none.json") }
    }
  }
}

@Suite struct NpyTests {
  @Test func readsWhatNumPyWrote() throws {
    func read(_ name: String) throws -> Tensor { try Npy.read(fixtureURL("numpy_\(name).npy").path) }
    #expect(try read("float32").array(of: Float.self) == [0, 1, 2, 3, 4, 5])
    #expect(try read("float32").shape == [2, 3])
    #expect(try read("fortran").shape == [2, 3] && read("fortran").array(of: Double.self) == [0, 1, 2, 3, 4, 5])
    #expect(try read("big_endian").array(of: Int32.self) == [0, 1, 2, 3])
    #expect(try read("bool").array(of: Bool.self) == [true, false])
    #expect(try read("scalar").shape == [] && read("scalar").int() == 7)
    #expect(try read("complex").dtype == .complex128)
  }

  @Test func writesWhatNumPyWrote() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/x.npy"
      try Npy.write(Tensor.arange(6, dtype: .float32).reshape([2, 3]), to: path)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: fixtureURL("numpy_float32.npy")))
      #expect(throws: FileError.self) { try Npy.write(Tensor.zeros([1], dtype: .bfloat16), to: path) }
    }
  }

  @Test func brokenFilesAreErrors() throws {
    let good = try Data(contentsOf: fixtureURL("numpy_float32.npy"))
    try withTemporaryFolder { folder in
      let path = folder + "/x.npy"
      for broken in [
        Data("hello".utf8), good.prefix(8), good.prefix(60), good.dropLast(), good + [0], good.prefix(6) + [9] + good.dropFirst(7),
      ] {
        try Data(broken).write(to: URL(fileURLWithPath: path))
        #expect(throws: FileError.self) { try Npy.read(path) }
      }
      var object = String(decoding: good.dropFirst(10), as: Unicode.ASCII.self)
      object.replace("<f4", with: "|O8", maxReplacements: 1)
      try (good.prefix(10) + Data(object.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })).write(to: URL(fileURLWithPath: path))
      #expect(throws: FileError.self) { try Npy.read(path) }
    }
  }
}
