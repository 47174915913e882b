import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct InitializerParityTests {
    @Test("initializers draw torch.nn.init's values to the bit", arguments: LossFixtures.shared.initializers)
    func reference(_ item: LossFixtures.Initial) throws {
      let expected = try LossFixtures.tensors.get().tensor("init/\(item.name)")
      try RandomState.seed(LossFixtures.shared.seed)
      let value = try Parameter(shape: expected.shape, initializer(item)).value.detach()
      #expect(try relativeDifference(value, expected) == 0)
      if let gain = item.config["gain"]?.doubleValue, item.config["nonlinearity"] != nil {
        #expect(try nonlinearity(item).gain == gain, "calculate_gain")
      }
    }

    private func nonlinearity(_ item: LossFixtures.Initial) throws -> Nonlinearity {
      let slope = item.config["parameter"]?.doubleValue ?? 0.01
      let all: [String: Nonlinearity] = [
        "linear": .linear, "conv2d": .linear, "conv_transpose1d": .linear, "sigmoid": .sigmoid, "tanh": .tanh, "relu": .relu,
        "leaky_relu": .leakyReLU(slope: slope), "selu": .selu,
      ]
      return try #require(all[item.config["nonlinearity"]?.stringValue ?? "linear"])
    }

    private func initializer(_ item: LossFixtures.Initial) throws -> Initializer {
      let c = LossConfig(values: item.config)
      switch item.initializer {
      case "identity": return .identity
      case "dirac": return .dirac(groups: c.int("groups", 1))
      case "sparse": return .sparse(sparsity: c.double("sparsity", 0), std: c.double("std", 0.01))
      case "orthogonal": return .orthogonal(gain: c.double("gain", 1))
      case "kaimingNormal":
        return .kaimingNormal(mode: c.string("mode", "") == "fan_out" ? .fanOut : .fanIn, nonlinearity: try nonlinearity(item))
      case "xavierUniform": return .xavierUniform(gain: c.double("gain", 1))
      case "lecunNormal": return .lecunNormal
      case "lecunUniform": return .lecunUniform
      case "truncatedNormal": return .truncatedNormal(std: c.double("std", 1), low: c.double("low", -2), high: c.double("high", 2))
      default: return .constant(c.double("value", 0))
      }
    }

    @Test func layersThatHandTheirInputOn() throws {
      let linear = Linear(4, 4), convolution = Conv2d(3, 3, kernel: 3, padding: 1)
      try linear.initialize(.identity) { name, _ in name == "weight" }
      try linear.initialize(.zeros) { name, _ in name == "bias" }
      try convolution.initialize(.dirac()) { name, _ in name == "weight" }
      try convolution.initialize(.zeros) { name, _ in name == "bias" }
      let x = try Tensor.randn([2, 4]), image = try Tensor.randn([1, 3, 5, 4])
      #expect(try linear(x).array(of: Float.self) == x.array(of: Float.self))
      #expect(try convolution(image).array(of: Float.self) == image.array(of: Float.self))
    }

    @Test func namesAndShapesThatDoNotFit() throws {
      func wrong(_ shape: [Int], _ initializer: Initializer) -> String {
        message { _ = try Parameter(shape: shape, initializer).value } ?? ""
      }
      #expect(Initializer.lecunNormal.name == "lecunNormal" && Initializer.lecunUniform.name == "lecunUniform")
      #expect(wrong([3], .identity).contains("two dimensions"))
      #expect(wrong([3, 3], .dirac()).contains("three to five"))
      #expect(wrong([4, 3, 3], .dirac(groups: 3)).contains("divisor of 4"))
      #expect(wrong([4, 3, 3], .dirac(groups: 0)).contains("divisor of 4"))
      #expect(wrong([3], .sparse(sparsity: 0.5)).contains("two dimensions"))
      #expect(wrong([3, 3], .sparse(sparsity: 1.5)).contains("0…1"))
      #expect(try Parameter(shape: [0, 3, 3], .dirac()).value.count == 0)
    }
  }
}
