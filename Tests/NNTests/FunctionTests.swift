import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct FunctionTests {
    struct Pair: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let function: @Sendable (Tensor) throws -> Tensor
      let layer: @Sendable (Tensor) throws -> Tensor
    }

    static let pairs: [Pair] = [
      Pair(testDescription: "relu", function: { try relu($0) }, layer: { try ReLU()($0) }),
      Pair(testDescription: "relu6", function: { try relu6($0) }, layer: { try ReLU6()($0) }),
      Pair(testDescription: "gelu", function: { try gelu($0) }, layer: { try GELU()($0) }),
      Pair(testDescription: "gelu tanh", function: { try gelu($0, approximation: .tanh) }, layer: { try GELU(approximation: .tanh)($0) }),
      Pair(testDescription: "silu", function: { try silu($0) }, layer: { try SiLU()($0) }),
      Pair(testDescription: "sigmoid", function: { try sigmoid($0) }, layer: { try Sigmoid()($0) }),
      Pair(testDescription: "tanh", function: { try tanh($0) }, layer: { try Tanh()($0) }),
      Pair(testDescription: "leakyRelu", function: { try leakyRelu($0, slope: 0.2) }, layer: { try LeakyReLU(slope: 0.2)($0) }),
      Pair(testDescription: "elu", function: { try elu($0, alpha: 0.7) }, layer: { try ELU(alpha: 0.7)($0) }),
      Pair(testDescription: "selu", function: { try selu($0) }, layer: { try SELU()($0) }),
      Pair(testDescription: "softplus", function: { try softplus($0, beta: 2) }, layer: { try Softplus(beta: 2)($0) }),
      Pair(testDescription: "hardswish", function: { try hardswish($0) }, layer: { try Hardswish()($0) }),
      Pair(testDescription: "hardsigmoid", function: { try hardsigmoid($0) }, layer: { try Hardsigmoid()($0) }),
      Pair(testDescription: "hardtanh", function: { try hardtanh($0, low: -2) }, layer: { try Hardtanh(low: -2)($0) }),
      Pair(testDescription: "mish", function: { try mish($0) }, layer: { try Mish()($0) }),
      Pair(testDescription: "prelu", function: { try prelu($0, Tensor([0.25] as [Float])) }, layer: { try PReLU()($0).detach() }),
      Pair(testDescription: "softmax", function: { try softmax($0, dim: 1) }, layer: { try Softmax(dim: 1)($0) }),
      Pair(testDescription: "logSoftmax", function: { try logSoftmax($0) }, layer: { try LogSoftmax()($0) }),
      Pair(testDescription: "maxPool2d", function: { try maxPool2d($0, 2, stride: 1) }, layer: { try MaxPool2d(2, stride: 1)($0) }),
      Pair(testDescription: "avgPool2d", function: { try avgPool2d($0, [2, 1]) }, layer: { try AvgPool2d([2, 1])($0) }),
      Pair(testDescription: "adaptiveAvgPool2d", function: { try adaptiveAvgPool2d($0, 3) }, layer: { try AdaptiveAvgPool2d(3)($0) }),
    ]

    @Test("functions and layers of one name compute the same", arguments: pairs)
    func agree(_ pair: Pair) throws {
      let x = try Tensor.randn([2, 3, 4, 5]) * 3
      let values = try pair.function(x)
      #expect(try values.array(of: Float.self) == pair.layer(x).array(of: Float.self))
      #expect(try values.array(of: Float.self) != x.array(of: Float.self))
    }

    @Test func dropoutFollowsItsArgument() throws {
      let x = try Tensor.ones([1000])
      #expect(try dropout(x, p: 0.9, training: false).array(of: Float.self) == x.array(of: Float.self))
      try RandomState.seed(1)
      let zeros = try dropout(x, p: 0.9, training: true).array(of: Float.self).filter { $0 == 0 }.count
      #expect((850...950).contains(zeros))
    }
  }
}
