import Foundation
import Testing

@testable import MartletCore

@Suite struct KeyedRandomTests {
  /// The known answers of the paper's reference implementation (Random123).
  @Test func philoxGivesTheReferencesNumbers() {
    let zero = KeyedRandom.philox((0, 0, 0, 0), (0, 0))
    #expect([zero.0, zero.1, zero.2, zero.3] == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    let ones = KeyedRandom.philox((.max, .max, .max, .max), (.max, .max))
    #expect([ones.0, ones.1, ones.2, ones.3] == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    let pi = KeyedRandom.philox((0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0))
    #expect([pi.0, pi.1, pi.2, pi.3] == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test func oneKeyOneSequence() {
    func draw(_ seed: UInt64, _ purpose: String, _ index: UInt64) -> [UInt64] {
      var random = KeyedRandom(seed: seed, purpose: purpose, index: index)
      return (0..<5).map { _ in random.next() }
    }
    #expect(draw(1, "shuffle", 2) == draw(1, "shuffle", 2))
    let others = [draw(2, "shuffle", 2), draw(1, "augment", 2), draw(1, "shuffle", 3)]
    for other in others { #expect(Set(other).isDisjoint(with: draw(1, "shuffle", 2))) }
  }

  @Test func uniformIsUniform() {
    var random = KeyedRandom(seed: 3, purpose: "test")
    let values = (0..<20_000).map { _ in random.uniform() }
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    // Five standard deviations of the mean of 20,000 uniform numbers: 0.0102.
    #expect(abs(values.reduce(0, +) / 20_000 - 0.5) < 0.0102)
    let heads = (0..<20_000).count { _ in random.bernoulli(0.3) }
    #expect(abs(Double(heads) / 20_000 - 0.3) < 0.0162)
  }
}

@Suite struct HostArrayTests {
  @Test func holdsWhatFitsItsShape() throws {
    let array = try HostArray([1, 2, 3, 4] as [Float], shape: [2, 2])
    #expect(array.elementCount == 4 && array.dtype == .float32)
    #expect(try array.values(as: Float.self) == [1, 2, 3, 4])
    #expect(throws: ArgumentError.self) { try array.values(as: Double.self) }
    #expect(throws: ArgumentError.self) { try HostArray([1] as [Float], shape: [2]) }
    #expect(throws: ArgumentError.self) { try HostArray([1] as [Float], shape: [-1, -1]) }
    #expect(throws: ArgumentError.self) { try HostArray([1] as [Float], shape: [.max, .max]) }
    #expect(try HostArray([Float](), shape: [0, 3]).bytes.isEmpty)
  }
}

@Suite struct SignatureTests {
  let signature = Signature(
    inputs: [TensorSpec(name: "image", dtype: .float32, shape: [nil, 1, 2, 2])],
    outputs: [TensorSpec(name: "probabilities", dtype: .float32, shape: [nil, 10], note: "by class")])

  @Test func survivesJSON() throws {
    let data = try JSON.encode(signature)
    #expect(try JSON.decode(Signature.self, from: data, source: "test") == signature)
    #expect(String(decoding: data, as: UTF8.self).contains("\"float32\""))
    let error = #expect(throws: FileError.self) { try JSON.decode(Signature.self, from: Data(#"{"inputs":[{}]}"#.utf8), source: "s.json") }
    #expect(error?.description == "s.json: .inputs[0].name is missing")
  }

  @Test func namesWhatDoesNotFit() throws {
    func message(_ inputs: [String: HostArray]) -> String? {
      do throws(ArgumentError) {
        try signature.check(inputs: inputs)
        return nil
      } catch { return error.description }
    }
    let good = try HostArray([Float](repeating: 0, count: 8), shape: [2, 1, 2, 2])
    #expect(message(["image": good]) == nil)
    #expect(message([:]) == "input 'image' is missing; expected image")
    #expect(message(["image": good, "x": good]) == "unknown input 'x'; expected image")
    #expect(try message(["image": HostArray([1] as [Int])]) == "'image' holds int64; expected float32")
    #expect(try message(["image": HostArray([1] as [Float])]) == "'image' has shape [1]; expected shape [?, 1, 2, 2]")
  }
}

@Suite struct SmallThingsTests {
  @Test(arguments: [("epoch", "epochs"), ("batch-size", "batch-size"), ("leraning-rate", "learning-rate"), ("lr", nil), ("xyz", nil)])
  func nearestNames(_ name: String, _ expected: String?) {
    #expect(NearestName.of(name, among: ["epochs", "batch-size", "learning-rate", "seed"]) == expected)
  }

  @Test func digestsAreSHA256() throws {
    #expect(Digest.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(throws: FileError.self) { try Digest.sha256(file: "/no/such/file") }
  }

  @Test func filesAreReplacedWholeOrNotAtAll() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/file"
    try AtomicFile.write(Data("one".utf8), to: path)
    #expect(throws: FileError.self) {
      try AtomicFile.write(to: path) { (descriptor) throws(FileError) in
        try [UInt8](repeating: 1, count: 5).withUnsafeBytes { bytes in
          Result { () throws(FileError) in try AtomicFile.writeAll(bytes, to: descriptor, path: path) }
        }.get()
        throw FileError(path: path, problem: "the writer gave up")
      }
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "one")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
  }

  @Test func jsonValuesSurvive() throws {
    let value: JSONValue = ["a": [1, 2.5, true, nil, "x"], "b": ["c": -3]]
    #expect(try JSON.decode(JSONValue.self, from: JSON.encode(value), source: "test") == value)
    #expect(value["b"]?["c"]?.intValue == -3)
    #expect(try String(decoding: JSON.encode(JSONValue.array([.double(.nan)]), pretty: false), as: UTF8.self) == "[null]")
  }

  @Test func typesHaveTheirNames() {
    for dtype in DType.allCases {
      if let name = dtype.safetensorsName { #expect(DType(safetensorsName: name) == dtype) }
      if let name = dtype.inferenceProtocolName { #expect(DType(inferenceProtocolName: name) == dtype) }
    }
    #expect(DType(safetensorsName: "F33") == nil)
  }
}

@Suite struct ErrorTextTests {
  private struct Spilt: MartletError {
    var problem: String { "the milk is on the floor" }
    var expected: String? { "a glass" }
    var remedy: String? { "a cloth" }
  }

  @Test func everyWayToPrintAnErrorSaysTheSame() {
    let error: any Error = Spilt()
    let whole = "the milk is on the floor; expected a glass; try: a cloth"
    #expect("\(error)" == whole)
    // What the runtime prints for an error that nobody caught.
    #expect(String(reflecting: error) == whole)
    #expect(error.localizedDescription == whole)
  }
}

@Suite struct ClassWeightTests {
  @Test func balancedAndGiven() throws {
    #expect(try ClassWeights.balanced.factors(labels: ["a", "b", "c"], totals: [6, 2, 0]) == [8.0 / 12, 2, 1])
    #expect(try ClassWeights.factors(["b": 3]).factors(labels: ["a", "b"], totals: [1, 1]) == [1, 3])
    let error = #expect(throws: ArgumentError.self) {
      try ClassWeights.factors(["yess": 3]).factors(labels: ["yes", "no"], totals: [1, 1])
    }
    #expect(error?.remedy == "did you mean 'yes'?")
    #expect(throws: ArgumentError.self) { try ClassWeights.factors(["yes": 0]).factors(labels: ["yes"], totals: [1]) }
  }
}
