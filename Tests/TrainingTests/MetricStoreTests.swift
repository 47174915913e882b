import Foundation
import MartletCore
import Testing

@testable import Training

extension TorchTests {
  @Suite struct MetricStoreTests {
    @Test func everyValueIsALine() async throws {
      let folder = try TemporaryFolder()
      let path = folder.path + "/runs/a/metrics.jsonl"
      let result = try await toyTrainer(ToyNet.make()).fit(
        toyLoader(32), validation: toyLoader(32), epochs: 2, handlers: [MetricStore(path)])
      let records = try MetricStore.read(path)
      #expect(records.filter { $0.name == "step/loss" }.map(\.step) == [1, 2, 3, 4])
      #expect(records.filter { $0.name == "validation/loss" }.map(\.value) == result.values("validation/loss"))
      #expect(records.filter { $0.name == "train/accuracy" }.map(\.epoch) == [0, 1])
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.hasPrefix("{\"epoch\":0,\"name\":\"step/loss\",\"step\":1,\"time\":"))
      // A second run replaces the file.
      try await toyTrainer(ToyNet.make()).fit(toyLoader(32), epochs: 1, handlers: [MetricStore(path)])
      #expect(try MetricStore.read(path).filter { $0.name == "step/loss" }.count == 2)
    }

    @Test func itCanBeReadWhileTheRunGoesOn() async throws {
      let folder = try TemporaryFolder()
      let path = folder.path + "/metrics.jsonl"
      var seen: [Int] = []
      let reader = Watcher(rank: 5) { event, _ in
        if case .epochEnd = event { seen.append(try MetricStore.read(path).filter { $0.name == "train/loss" }.count) }
        return .continue
      }
      try await toyTrainer(ToyNet.make()).fit(toyLoader(32), epochs: 3, handlers: [MetricStore(path), reader])
      #expect(seen == [1, 2, 3])
    }

    @Test func aCutOffLineIsLeftOutAndDamageIsNamed() throws {
      let folder = try TemporaryFolder()
      let path = folder.path + "/metrics.jsonl"
      let line = "{\"epoch\":0,\"name\":\"a\",\"step\":1,\"time\":1.5,\"value\":2}\n"
      try Data((line + line.dropLast(9)).utf8).write(to: URL(fileURLWithPath: path))
      #expect(try MetricStore.read(path).count == 1)
      try Data((line + "{\"epoch\":0}\n" + line).utf8).write(to: URL(fileURLWithPath: path))
      #expect { try MetricStore.read(path) } throws: { "\($0)".contains("metrics.jsonl, line 2: .step is missing") }
      #expect { try MetricStore.read(folder.path + "/none") } throws: { "\($0)".contains("cannot be read") }
    }

    @Test func oddNamesAndValuesSurvive() async throws {
      let folder = try TemporaryFolder()
      let path = folder.path + "/metrics.jsonl"
      let odd = Watcher(rank: -20) { event, run in
        if case .fitBegin = event { return .continue }
        if case .epochBegin = event {
          try run.record([
            (name: "Güte \"x\"\n", value: .nan), (name: "up", value: .infinity), (name: "down", value: -.infinity),
            (name: "tiny", value: .leastNonzeroMagnitude),
          ])
        }
        return .continue
      }
      try await toyTrainer(ToyNet.make()).fit(toyLoader(32), epochs: 1, handlers: [odd, MetricStore(path)])
      let records = try MetricStore.read(path).prefix(4)
      #expect(records.map(\.name) == ["Güte \"x\"\n", "up", "down", "tiny"])
      #expect(
        records[0].value.isNaN && records[1].value == .infinity && records[2].value == -.infinity
          && records[3].value == .leastNonzeroMagnitude)
    }

    @Test func aFileThatCannotBeWritten() async throws {
      let folder = try TemporaryFolder()
      try Data().write(to: URL(fileURLWithPath: folder.path + "/file"))
      await #expect(throws: FileError.self) {
        try await toyTrainer(ToyNet.make()).fit(toyLoader(32), epochs: 1, handlers: [MetricStore(folder.path + "/file/metrics.jsonl")])
      }
    }
  }
}
