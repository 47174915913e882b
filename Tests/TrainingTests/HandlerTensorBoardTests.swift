import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private struct Reference: Decodable {
  struct Entry: Decodable {
    let tag: String
    let kind: String
    let scalar: String?
    let histogram: [Double]?
    let limits: [Double]?
    let buckets: [Double]?
    let text: [String]?
    let plugin: String
  }
  struct Event: Decodable {
    let time: Double
    let step: Int
    let version: String
    let entries: [Entry]
  }
  let file: String
  let events: [Event]
  let values: [Double]
  let png: String
}

extension TorchTests {
  @Suite struct TensorBoardTests {
    private func reference() throws -> (Reference, [UInt8]) {
      let reference = try fixture("handlers-tensorboard.json", as: Reference.self)
      return (reference, [UInt8](try #require(Data(base64Encoded: reference.file))))
    }

    @Test func checksums() {
      #expect(CRC32C.of(Array("123456789".utf8)) == 0xE306_9283)
      #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
      #expect(CRC32C.of([]) == 0)
    }

    @Test func readsWhatTheReferenceWrote() throws {
      let (reference, bytes) = try reference()
      let folder = try TemporaryFolder()
      let path = folder.path + "/events"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let events = try EventFile.read(path)
      #expect(events.count == reference.events.count)
      for (event, expected) in zip(events, reference.events) {
        #expect(event.wallTime == expected.time && event.step == expected.step)
        #expect(event.fileVersion ?? "" == expected.version && event.entries.count == expected.entries.count)
        for (entry, expected) in zip(event.entries, expected.entries) {
          #expect(entry.tag == expected.tag && entry.plugin ?? "" == expected.plugin)
          switch entry.content {
          case .scalar(let value): #expect(value == Float(expected.scalar ?? "") || (value.isNaN && expected.scalar == "nan"))
          case .histogram(let histogram):
            let numbers = [histogram.minimum, histogram.maximum, histogram.count, histogram.sum, histogram.sumOfSquares]
            #expect(numbers == expected.histogram && histogram.limits == expected.limits && histogram.buckets == expected.buckets)
          case .image(let height, let width, let channels, let png):
            #expect([height, width, channels] == [3, 2, 3] && png.base64EncodedString() == reference.png)
          case .text(let lines): #expect(lines == expected.text)
          case .none: #expect(expected.kind == "none")
          }
        }
      }
      #expect(events.filter(\.isRestart).map(\.step) == [9])
    }

    /// Encoding what was decoded gives the reference's file, byte for byte, checksums included.
    @Test func writesTheSameBytes() throws {
      let (_, bytes) = try reference()
      let folder = try TemporaryFolder()
      let path = folder.path + "/events"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      // The file's first event may name its writer in a field that is not kept.
      let events = try EventFile.read(path).dropFirst()
      let again = events.flatMap { EventFile.record($0.encoded) }
      #expect(Array(bytes.suffix(again.count)) == again)
      #expect(events.count == 13 && again.count > 4000)
    }

    @Test func histogramsEqualTheReference() throws {
      let (reference, _) = try reference()
      let expected = try #require(reference.events.flatMap(\.entries).first { $0.tag == "weights/fc" })
      let histogram = try BoardHistogram(Tensor(reference.values))
      #expect(histogram.limits == expected.limits && histogram.buckets == expected.buckets)
      let numbers = [histogram.minimum, histogram.maximum, histogram.count, histogram.sum, histogram.sumOfSquares]
      #expect(close(numbers, expected.histogram ?? [], 1e-14))
      let zero = try BoardHistogram(Tensor([0.0]))
      let one = try #require(reference.events.flatMap(\.entries).first { $0.tag == "weights/one" })
      #expect(zero.limits == one.limits && zero.buckets == one.buckets)
      #expect(throws: ArgumentError.self) { try BoardHistogram(Tensor([1.0, .nan])) }
      #expect(throws: ArgumentError.self) { try BoardHistogram(Tensor([Double]())) }
    }

    /// The plugin's messages have the reference's bytes, too.
    @Test func hyperparametersEqualTheReference() throws {
      let (_, bytes) = try reference()
      let folder = try TemporaryFolder()
      let path = folder.path + "/reference"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let expected = try EventFile.read(path).flatMap(\.entries).filter { $0.plugin == "hparams" }
      let file = try EventFile(in: folder.path + "/own")
      try file.hyperparameters(["depth": 3], metrics: ["validation/loss"])
      try file.close()
      #expect(try EventFile.read(file.path).flatMap(\.entries) == expected && expected.count == 2)
    }

    @Test func damageIsNoticed() throws {
      let folder = try TemporaryFolder()
      let file = try EventFile(in: folder.path)
      for step in 0..<3 { try file.scalar("a", Double(step), step: step) }
      try file.close()
      let whole = try Data(contentsOf: URL(fileURLWithPath: file.path))
      #expect(try EventFile.read(file.path).count == 4)
      var torn = whole
      torn.removeLast(3)
      try torn.write(to: URL(fileURLWithPath: file.path))
      #expect(try EventFile.read(file.path).count == 3)
      for place in [whole.count - 6, whole.count - 2, 9] {
        var damaged = whole
        damaged[place] ^= 1
        try damaged.write(to: URL(fileURLWithPath: file.path))
        #expect(throws: FileError.self) { try EventFile.read(file.path) }
      }
      #expect(throws: ArgumentError.self) { try file.image("picture", png: Data([1, 2, 3]), step: 0) }
    }

    @Test func logsARunAndItsResumption() async throws {
      let folder = try TemporaryFolder()
      let runs = folder.path + "/runs"
      func board() -> TensorBoard {
        TensorBoard(runs, learningRateEvery: 2, histogramsEvery: 1, hyperparameters: ["optimizer": "adamw", "rate": 0.02])
      }
      let model = try ToyNet.make()
      let result = try await toyTrainer(model).fit(
        toyLoader(), validation: toyLoader(48, shuffle: false), epochs: 2,
        handlers: [board(), Checkpoints(in: folder.path + "/checkpoints")])
      let path = runs + "/" + (try #require(folder.names("runs").first))
      let events = try EventFile.read(path)
      let scalars = events.flatMap { event in event.entries.map { (event.step, $0) } }
      let logged = scalars.filter { $0.1.tag == "validation/loss" }
      #expect(logged.map(\.0) == [6, 12])
      #expect(logged.map(\.1.content) == result.values("validation/loss").map { .scalar(Float($0)) })
      #expect(scalars.filter { $0.1.tag == "step/loss" }.count == 12 && scalars.filter { $0.1.tag == "learningRate" }.count == 6)
      #expect(Set(scalars.map(\.1.tag)).isSuperset(of: ["weights/input/weight", "gradients/output/bias", "_hparams_/experiment"]))

      try await toyTrainer(ToyNet.make()).fit(
        toyLoader(), validation: toyLoader(48, shuffle: false), epochs: 3, handlers: [board()],
        resumingFrom: folder.path + "/checkpoints")
      let files = folder.names("runs")
      #expect(files.count == 2)
      let newer = try EventFile.read(runs + "/" + (try #require(files.last { runs + "/" + $0 != path })))
      #expect(newer.filter(\.isRestart).map(\.step) == [13])
    }
  }
}
