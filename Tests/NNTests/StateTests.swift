import Foundation
import MartletCore
import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct StateTests {
    private func network() -> Sequential { Sequential(Linear(3, 4), BatchNorm1d(4), Linear(4, 2)) }

    private func bytes(_ module: Module) throws -> Data {
      var data = Data()
      for (_, tensor) in try module.state() { try tensor.withUnsafeBytes { data.append(contentsOf: $0) } }
      return data
    }

    @Test func everythingWrongIsListedAndNothingChanges() throws {
      let model = network()
      let before = try bytes(model)
      var state = try network().state().copied()
      state["2.weight"] = try Tensor.zeros([2, 5])
      state["2.bias"] = try Tensor.zeros([2], dtype: .float64)
      state["0.bias"] = nil
      state["0.offset"] = try Tensor.zeros([4])
      do {
        try model.load(state)
        Issue.record("loaded")
      } catch let error as StateError {
        #expect(error.missing == ["0.bias"])
        #expect(error.unexpected == ["0.offset"])
        #expect(error.mismatched.map(\.name) == ["2.weight", "2.bias"])
        let text = "\(error)"
        for part in ["missing: 0.bias", "unexpected: 0.offset", "2.weight is float32 [2, 5], not float32 [2, 4]", "float64 [2]"] {
          #expect(text.contains(part), "\(text)")
        }
      }
      #expect(try bytes(model) == before)
    }

    @Test func looseLoadingTakesWhatFits() throws {
      let model = network()
      var state = try network().state().copied()
      state["2.bias"] = nil
      state["extra"] = try Tensor.zeros([1])
      let report = try model.load(state, strict: false)
      #expect(report.missing == ["2.bias"])
      #expect(report.unexpected == ["extra"])
      #expect(try model.state()["0.weight"]?.array(of: Float.self) == state["0.weight"]?.array(of: Float.self))
      state["0.weight"] = try Tensor.zeros([9])
      #expect(throws: StateError.self) { try model.load(state, strict: false) }
    }

    @Test func remediesFitTheMistake() throws {
      let model = network()
      let state = try network().state()
      let wrapped = state.renamed { "module." + $0 }
      #expect(message { try model.load(wrapped) }?.contains("drop the prefix 'module.'") == true)
      try model.load(wrapped.renamed { String($0.dropFirst("module.".count)) })
      let slip = state.renamed { $0 == "0.weight" ? "0.wieght" : $0 }
      #expect(message { try model.load(slip) }?.contains("rename '0.wieght' to '0.weight'") == true)
      let half = StateDictionary(try state.map { ($0.name, $0.tensor.dtype == .float32 ? try $0.tensor.to(.float16) : $0.tensor) })
      #expect(message { try model.load(half) }?.contains("convertingTypes: true") == true)
      try model.load(half, convertingTypes: true)
      #expect(try model.state()["0.weight"]?.dtype == .float32)
    }

    @Test func theStateSharesMemoryAndACopyDoesNot() throws {
      let model = Linear(1, 1, bias: false)
      let state = try model.state(), copy = try state.copied()
      try model.initialize(.constant(5)) { _, _ in true }
      #expect(try state["weight"]?.array(of: Float.self) == [5])
      #expect(try copy["weight"]?.array(of: Float.self) != [5])
    }

    @Test func filesCarryTheStateAndDamagedOnesChangeNothing() throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let path = folder.appendingPathComponent("model.safetensors").path
      let model = network(), other = network()
      try model.save(to: path, metadata: ["epoch": "3"])
      #expect(try SafetensorsFile(path: path).metadata == ["epoch": "3", "format": "pt"])
      try other.load(from: path)
      #expect(try bytes(model) == bytes(other))

      let third = network()
      let before = try bytes(third)
      try Data(contentsOf: URL(fileURLWithPath: path)).prefix(100).write(to: URL(fileURLWithPath: path))
      #expect(throws: (any Error).self) { try third.load(from: path) }
      #expect(try bytes(third) == before)
      let wrong = folder.appendingPathComponent("wrong.safetensors").path
      try Linear(2, 2).save(to: wrong)
      #expect(message { try third.load(from: wrong) }?.hasPrefix(wrong) == true)
    }

    @Test func dictionariesKeepTheirOrder() throws {
      var state = StateDictionary()
      for name in ["b", "a", "c"] { state[name] = try Tensor.zeros([1]) }
      state["a"] = try Tensor.ones([1])
      #expect(state.names == ["b", "a", "c"])
      #expect(try state["a"]?.double() == 1)
      state["b"] = nil
      #expect(state.map(\.name) == ["a", "c"])
      #expect(state.count == 2)
    }
  }
}
