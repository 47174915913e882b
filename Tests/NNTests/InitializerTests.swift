import MartletCore
import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct InitializerTests {
    @Test("initializers draw PyTorch's values from PyTorch's seed", arguments: Fixtures.shared.initializers)
    func reference(_ testCase: InitializerCase) throws {
      let tensors = try CaseTensors(testCase.name, testCase.sections)
      let reference = try tensors("value")
      try RandomState.seed(Fixtures.shared.creationSeed)
      let parameter = Parameter(shape: reference.shape, try initializer(testCase))
      let value = try parameter.value.detach()
      // What is only drawn and scaled is equal to the bit; a decomposition may differ in the last one.
      let tolerance = testCase.initializer == "orthogonal" ? 1e-5 : 0
      #expect(try relativeDifference(value, reference) <= tolerance)
    }

    private func initializer(_ testCase: InitializerCase) throws -> Initializer {
      let c = Config(values: testCase.config)
      let mode = FanMode(rawValue: c.string("mode", "fanIn")) ?? .fanIn
      let nonlinearities: [String: Nonlinearity] = [
        "relu": .relu, "tanh": .tanh, "selu": .selu, "leakyReLU": .leakyReLU(slope: c.double("slope")),
      ]
      let nonlinearity = nonlinearities[c.string("nonlinearity", "relu")] ?? .linear
      switch testCase.initializer {
      case "kaimingUniform": return .kaimingUniform(mode: mode, nonlinearity: nonlinearity)
      case "kaimingNormal": return .kaimingNormal(mode: mode, nonlinearity: nonlinearity)
      case "xavierUniform": return .xavierUniform(gain: c.double("gain", 1))
      case "xavierNormal": return .xavierNormal(gain: c.double("gain", 1))
      case "orthogonal": return .orthogonal(gain: c.double("gain", 1))
      case "uniform": return .uniform(c.double("low"), c.double("high", 1))
      case "normal": return .normal(mean: c.double("mean"), std: c.double("std", 1))
      case "constant": return .constant(c.double("value"))
      case "zeros": return .zeros
      case "ones": return .ones
      case "truncatedNormal":
        return .truncatedNormal(
          mean: c.double("mean"), std: c.double("std", 1), low: c.double("low", -2), high: c.double("high", 2))
      default: throw ArgumentError("no initializer is called '\(testCase.initializer)'")
      }
    }

    @Test func orthogonalRowsAreOrthogonal() throws {
      let weight = try Parameter(shape: [4, 9], .orthogonal()).value.detach()
      let product = try weight.matmul(weight.t())
      #expect(try relativeDifference(product, Tensor.eye(4)) < 1e-5)
    }

    @Test func vectorsHaveNoFans() {
      #expect(message { _ = try Parameter(shape: [3], .kaimingNormal()).value }?.contains("two or more dimensions") == true)
      #expect(message { _ = try Parameter(shape: [3], .orthogonal()).value } != nil)
      #expect(message { _ = try Parameter(shape: [3], .truncatedNormal(std: -1)).value } != nil)
    }

    @Test func ownInitializersAndRefilling() throws {
      let layer = Linear(2, 2)
      let diagonal = Initializer("identity") { (shape) throws(TorchError) in try Tensor.eye(shape[0], shape[1]) }
      let before = try layer.weight.value
      try layer.initialize(diagonal) { name, _ in name == "weight" }
      try layer.initialize(.zeros) { name, _ in name == "bias" }
      #expect(try layer.weight.value.array(of: Float.self) == [1, 0, 0, 1])
      #expect(try layer.weight.value.isIdentical(to: before), "filled in place, so that an optimizer sees it")
      #expect(try layer(Tensor([3, 4] as [Float], shape: [1, 2])).array(of: Float.self) == [3, 4])
      #expect(message { try layer.weight.initialize(Initializer("wrong") { (_) throws(TorchError) in try Tensor.zeros([1]) }) } != nil)
    }
  }
}
