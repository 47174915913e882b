import Foundation
import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct PyTorchStateTests {
    @Test func aNetworkOfPyTorchAnswersTheSame() throws {
      let url = try #require(Bundle.module.url(forResource: "Fixtures/checkpoint.pth", withExtension: nil))
      let file = try PyTorchFile(path: url.path)
      let model = Sequential(Linear(3, 4), BatchNorm1d(4), Linear(4, 2))
      try model.load(file.stateDictionary())
      model.eval()
      let output = try withoutGrad { try model(file.tensor("input")) }
      #expect(try relativeDifference(output, file.tensor("output")) <= 1e-6)
      #expect(try file.stateDictionary(at: "model").names == model.state().names)
      #expect(throws: PyTorchFileError.self) { try file.stateDictionary(at: "ema") }
    }
  }
}
