import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct ReparametrizationTests {
    @Test func removingANormBakesTheWeightIn() throws {
      let layer = try weightNorm(Conv1d(2, 3, kernel: 2))
      let x = try Tensor.randn([1, 2, 5])
      let before = try layer(x).detach()
      #expect(try layer.state().names == ["bias", "parametrizations.weight.original0", "parametrizations.weight.original1"])
      try removeNorm(of: layer)
      #expect(try layer.state().names == ["weight", "bias"])
      #expect(try relativeDifference(layer(x).detach(), before) < 1e-6)
      try layer(x).sum().backward()
      #expect(layer.weight.grad != nil)
    }

    @Test func spectralNormIsTheLargestSingularValue() throws {
      let layer = Linear(6, 4)
      let weight = try layer.weight.value.detach().clone()
      try spectralNorm(layer, powerIterations: 50)
      for _ in 0..<4 { _ = try layer(Tensor.randn([1, 6])) }
      layer.eval()
      let largest = try weight.linalgMatrixNorm(ord: Scalar(2))
      #expect(try relativeDifference(layer.weight.value.detach(), weight / largest) < 1e-4)
      try removeNorm(of: layer)
      #expect(try relativeDifference(layer.weight.value.detach(), weight / largest) < 1e-4)
      #expect(try layer.state().names == ["weight", "bias"])
    }

    @Test func evaluationDoesNotMoveTheVectors() throws {
      let layer = try spectralNorm(Linear(3, 2))
      let buffers = layer.namedBuffers()
      #expect(buffers.map(\.name) == ["parametrizations.weight.0._u", "parametrizations.weight.0._v"])
      layer.eval()
      let before = try buffers[0].buffer.value.array(of: Float.self)
      _ = try layer(Tensor.ones([1, 3]))
      #expect(try buffers[0].buffer.value.array(of: Float.self) == before)
      layer.train()
      // The vectors have come to rest; another weight moves them again.
      let original = try #require(layer.namedParameters().first { $0.name.hasSuffix("original") }).parameter
      try original.assign(Tensor([3, 1, -2, 0, 1, 5] as [Float], shape: [2, 3]))
      _ = try layer(Tensor.ones([1, 3]))
      #expect(try buffers[0].buffer.value.array(of: Float.self) != before)
    }

    @Test func weightsOfRecurrentLayersAndInsideModels() throws {
      let lstm = LSTM(2, 3)
      let plain = try lstm(Tensor.ones([1, 2, 2])).detach()
      try weightNorm(lstm, "weight_hh_l0")
      #expect(lstm.namedParameters().map(\.name).last == "parametrizations.weight_hh_l0.original1")
      #expect(try relativeDifference(lstm(Tensor.ones([1, 2, 2])).detach(), plain) < 1e-5)
      let model = Sequential(Linear(2, 2), try weightNorm(Linear(2, 2)))
      #expect(model.namedParameters().map(\.name).contains("1.parametrizations.weight.original0"))
      #expect(model.parameterCount() == 6 + 2 + 2 + 4)
      model.freeze()
      #expect(try !model(Tensor.ones([1, 2])).requiresGrad)
    }

    @Test func whatCannotBeIsAnError() throws {
      let layer = Linear(2, 2)
      #expect(message { try weightNorm(layer, "wieght") }?.contains("weight or bias") == true)
      #expect(message { try weightNorm(layer, dim: 2) }?.contains("no dimension 2") == true)
      #expect(message { try spectralNorm(layer, powerIterations: 0) }?.contains("0 power iterations") == true)
      #expect(message { try removeNorm(of: layer) }?.contains("neither") == true)
      #expect(message { try weightNorm(ReLU()) }?.contains("a layer with parameters") == true)
      try weightNorm(layer)
      #expect(message { try spectralNorm(layer) }?.contains("has a norm already") == true)
      #expect(message { try layer.weight.assign(Tensor.zeros([2, 2])) }?.contains("computed from others") == true)
      #expect(message { try layer.weight.initialize(.zeros) }?.contains("computed from others") == true)
    }
  }
}
