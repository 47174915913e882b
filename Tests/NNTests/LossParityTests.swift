import MartletCore
import NN
import Testing
import Torch

extension NNSuite {
  /// Values to 1e-6 and gradients to 1e-5 of PyTorch's, torchvision's, or the papers' formulas in float64.
  @Suite struct LossParityTests {
    @Test func thereAreCases() { #expect(LossFixtures.shared.losses.count > 390 && LossFixtures.shared.initializers.count > 50) }

    @Test("losses and the gradients of all their inputs equal the reference's", arguments: LossFixtures.shared.losses)
    func reference(_ testCase: LossFixtures.Case) throws {
      let file = try LossFixtures.tensors.get()
      var tensors: [String: Tensor] = [:]
      for name in testCase.constants { tensors[name] = try file.tensor("\(testCase.base)/\(name)") }
      for name in testCase.inputs { tensors[name] = try file.tensor("\(testCase.base)/\(name)").clone().requiringGrad() }
      let value = try compute(testCase, tensors)
      if let expected = testCase.config["value"]?.doubleValue {
        #expect(value.shape == [])
        let number = try value.double()
        #expect(abs(number - expected) <= 1e-6 * max(abs(expected), 1e-3), "\(number) \(expected)")
      } else {
        #expect(try relativeDifference(value.detach(), file.tensor("\(testCase.name)/value")) <= 1e-6)
      }
      try value.sum().backward()
      for name in testCase.inputs {
        let gradient = try #require(tensors[name]?.grad)
        #expect(try relativeDifference(gradient, file.tensor("\(testCase.name)/grad.\(name)")) <= 1e-5, "\(name)")
      }
    }

    private func compute(_ testCase: LossFixtures.Case, _ tensors: [String: Tensor]) throws -> Tensor {
      let c = LossConfig(values: testCase.config), reduction = c.reduction
      let output = try #require(tensors["output"])
      func tensor(_ name: String) throws -> Tensor { try #require(tensors[name]) }
      let weight = tensors["weight"]
      switch testCase.loss {
      case "nll":
        return try nll(output, tensor("target"), weight: weight, ignoreIndex: c.int("ignoreIndex", -100), reduction: reduction)
      case "crossEntropy":
        return try crossEntropy(
          output, tensor("target"), weight: weight, ignoreIndex: c.int("ignoreIndex", -100), labelSmoothing: c.double("labelSmoothing", 0),
          reduction: reduction)
      case "klDivergence":
        let kinds: [String: DivergenceReduction] = ["batchMean": .batchMean, "mean": .mean, "sum": .sum, "none": .none]
        return try klDivergence(output, tensor("target"), reduction: #require(kinds[c.string("reduction", "")]), logTarget: true)
      case "bceWithLogits": return try bceWithLogits(output, tensor("target"), posWeight: tensors["posWeight"], reduction: reduction)
      case "focal":
        return try focal(
          output, tensor("target"), gamma: c.double("gamma", 2), weight: weight, ignoreIndex: c.int("ignoreIndex", -100),
          reduction: reduction)
      case "sigmoidFocal":
        let alpha = c.values["alpha"]?.doubleValue
        return try sigmoidFocal(output, tensor("target"), gamma: c.double("gamma", 2), alpha: alpha, reduction: reduction)
      case "smoothL1": return try smoothL1(output, tensor("target"), beta: c.double("beta", 1), reduction: reduction)
      case "huber": return try huber(output, tensor("target"), delta: c.double("delta", 1), reduction: reduction)
      case "logCosh": return try logCosh(output, tensor("target"), reduction: reduction)
      case "quantile": return try quantile(output, tensor("target"), quantiles: c.doubles("quantiles"), reduction: reduction)
      case "poissonNLL":
        return try poissonNLL(
          output, tensor("target"), logInput: c.bool("logInput", true), full: c.bool("full", false), reduction: reduction)
      case "gaussianNLL":
        return try gaussianNLL(output, tensor("target"), variance: tensor("variance"), full: c.bool("full", false), reduction: reduction)
      case "ctc":
        return try ctc(
          output, tensor("target"), inputLengths: c.ints("inputLengths"), targetLengths: c.ints("targetLengths"), blank: c.int("blank", 0),
          zeroInfinity: c.bool("zeroInfinity", false), reduction: reduction)
      case "dice", "generalizedDice", "tversky": return try overlap(testCase.loss, c, output, tensor("target"))
      default: return try margin(testCase.loss, c, output, tensors)
      }
    }

    private func margin(_ loss: String, _ c: LossConfig, _ output: Tensor, _ tensors: [String: Tensor]) throws -> Tensor {
      let reduction = c.reduction, margin = c.double("margin", 1), temperature = c.double("temperature", 1)
      func tensor(_ name: String) throws -> Tensor { try #require(tensors[name]) }
      switch loss {
      case "hinge": return try hinge(output, tensor("target"), reduction: reduction)
      case "squaredHinge": return try squaredHinge(output, tensor("target"), reduction: reduction)
      case "softMargin": return try softMargin(output, tensor("target"), reduction: reduction)
      case "hingeEmbedding": return try hingeEmbedding(output, tensor("target"), margin: margin, reduction: reduction)
      case "marginRanking": return try marginRanking(output, tensor("second"), tensor("target"), margin: margin, reduction: reduction)
      case "cosineEmbedding": return try cosineEmbedding(output, tensor("second"), tensor("target"), margin: margin, reduction: reduction)
      case "multiMargin":
        return try multiMargin(output, tensor("target"), p: c.int("p", 1), margin: margin, weight: tensors["weight"], reduction: reduction)
      case "multilabelMargin": return try multilabelMargin(output, tensor("target"), reduction: reduction)
      case "multilabelSoftMargin":
        return try multilabelSoftMargin(output, tensor("target"), weight: tensors["weight"], reduction: reduction)
      case "tripletMargin":
        return try tripletMargin(
          output, tensor("positive"), tensor("negative"), margin: margin, p: c.double("p", 2), swap: c.bool("swap", false),
          reduction: reduction)
      case "tripletDistance":
        return try tripletMargin(
          output, tensor("positive"), tensor("negative"), margin: margin, swap: c.bool("swap", false), reduction: reduction
        ) { (a, b) throws(TorchError) in try 1 - a.cosineSimilarity(b) }
      case "contrastive": return try contrastive(output, tensor("second"), tensor("target"), margin: margin, reduction: reduction)
      case "infoNCE":
        return try infoNCE(output, tensor("second"), negatives: tensors["negatives"], temperature: temperature, reduction: reduction)
      case "ntXent": return try ntXent(output, tensor("second"), temperature: temperature, reduction: reduction)
      case "supervisedContrastive":
        return try supervisedContrastive(output, tensor("target"), temperature: temperature, reduction: reduction)
      case "batchHardTriplet":
        return try batchHardTriplet(output, tensor("target"), margin: c.values["margin"]?.doubleValue, reduction: reduction)
      default: throw ArgumentError("no loss is called '\(loss)'")
      }
    }

    private func overlap(_ loss: String, _ c: LossConfig, _ output: Tensor, _ target: Tensor) throws -> Tensor {
      let activation = OverlapActivation(rawValue: c.string("activation", "softmax")) ?? .softmax
      let background = c.bool("includesBackground", true), ignored = c.values["ignoreIndex"]?.intValue
      switch loss {
      case "dice":
        return try dice(
          output, target, activation: activation, smoothing: c.double("smoothing", 1), squared: c.bool("squared", false),
          includesBackground: background, ignoreIndex: ignored, reduction: c.reduction)
      case "generalizedDice":
        return try generalizedDice(
          output, target, activation: activation, smoothing: c.double("smoothing", 1e-5), includesBackground: background,
          ignoreIndex: ignored, reduction: c.reduction)
      default:
        return try tversky(
          output, target, alpha: c.double("alpha", 0.3), beta: c.double("beta", 0.7), gamma: c.double("gamma", 1), activation: activation,
          smoothing: c.double("smoothing", 1), includesBackground: background, ignoreIndex: ignored, reduction: c.reduction)
      }
    }
  }
}
