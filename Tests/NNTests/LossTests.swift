import MartletCore
import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct LossTests {
    @Test("losses and their gradients equal PyTorch's", arguments: Fixtures.shared.losses)
    func reference(_ testCase: LossCase) throws {
      let tensors = try CaseTensors(testCase.name, testCase.sections)
      let c = Config(values: testCase.config)
      let output = try tensors("output").requiringGrad(), target = try tensors("target")
      let weight = tensors.optional("weight")
      let reduction = reductions[c.string("reduction", "mean")] ?? .mean
      let value: Tensor
      switch testCase.loss {
      case "crossEntropy":
        value = try crossEntropy(
          output, target, weight: weight, ignoreIndex: c.int("ignoreIndex", -100), labelSmoothing: c.double("labelSmoothing"),
          reduction: reduction)
      case "nll": value = try nll(output, target, weight: weight, ignoreIndex: c.int("ignoreIndex", -100), reduction: reduction)
      case "bce": value = try bce(output, target, weight: weight, reduction: reduction)
      case "bceWithLogits":
        value = try bceWithLogits(output, target, weight: weight, posWeight: tensors.optional("posWeight"), reduction: reduction)
      case "mse": value = try mse(output, target, reduction: reduction)
      case "l1": value = try l1(output, target, reduction: reduction)
      case "smoothL1": value = try smoothL1(output, target, beta: c.double("beta", 1), reduction: reduction)
      case "huber": value = try huber(output, target, delta: c.double("delta", 1), reduction: reduction)
      case "klDivergence":
        let kinds: [String: DivergenceReduction] = ["batchMean": .batchMean, "mean": .mean, "sum": .sum, "none": .none]
        value = try klDivergence(
          output, target, reduction: kinds[c.string("reduction")] ?? .mean, logTarget: c.bool("logTarget", false))
      default: throw ArgumentError("no loss is called '\(testCase.loss)'")
      }
      #expect(try relativeDifference(value.detach(), tensors("value")) <= 1e-6)
      try value.sum().backward()
      let grad = try #require(output.grad)
      #expect(try relativeDifference(grad, tensors("grad")) <= 1e-5)
    }

    private let reductions: [String: Reduction] = ["mean": .mean, "sum": .sum, "none": Reduction.none]

    @Test func valuesAreTheFunctions() throws {
      let logits = try Tensor.randn([4, 3]), labels = try Tensor([0, 1, 2, 1]), other = try Tensor.rand([4, 3])
      func equal(_ loss: Loss, _ target: Tensor, _ value: Tensor) throws { #expect(try loss(logits, target).double() == value.double()) }
      try equal(.crossEntropy, labels, crossEntropy(logits, labels))
      try equal(.crossEntropy(labelSmoothing: 0.1), labels, crossEntropy(logits, labels, labelSmoothing: 0.1))
      try equal(.nll, labels, nll(logits, labels))
      try equal(.bceWithLogits, other, bceWithLogits(logits, other))
      try equal(.mse, other, mse(logits, other))
      try equal(.l1, other, l1(logits, other))
      try equal(.smoothL1, other, smoothL1(logits, other))
      try equal(.huber(delta: 0.5), other, huber(logits, other, delta: 0.5))
      try equal(.klDivergence, other, klDivergence(logits, other))
    }

    @Test func classesMayBeSmallerIntegers() throws {
      let logits = try Tensor.randn([3, 4])
      let wide = try crossEntropy(logits, Tensor([1, 3, 0])), narrow = try crossEntropy(logits, Tensor([1, 3, 0] as [Int32]))
      #expect(try wide.double() == narrow.double())
    }

    @Test func wrongTargetsAreErrorsThatHelp() throws {
      let logits = try Tensor.zeros([4, 3])
      #expect(message { _ = try crossEntropy(logits, Tensor([0, 1, 2])) }?.contains("targets of shape [4]") == true)
      #expect(message { _ = try crossEntropy(logits, Tensor([0, 1, 2, 3])) }?.contains("out of bounds") == true)
      #expect(message { _ = try mse(Tensor.zeros([4, 1]), Tensor.zeros([4])) }?.contains("target.reshape([4, 1])") == true)
      #expect(message { _ = try bceWithLogits(logits, Tensor.zeros([4])) }?.contains("equal shapes") == true)
    }
  }
}
