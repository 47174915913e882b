import NN
import Testing
import Torch

extension NNSuite {
  /// Losses as values, as a trainer takes them, and what follows from their definitions.
  @Suite struct LossValueTests {
    @Test func valuesOfClassesAreTheFunctions() throws {
      let logits = try Tensor.randn([4, 3]), labels = try Tensor([0, 1, 2, 1]), binary = try Tensor.rand([4, 3]).round()
      let signs = try binary * 2 - 1
      func equal(_ loss: Loss, _ target: Tensor, _ value: Tensor) throws {
        #expect(try loss(logits, target).double() == value.double(), "\(loss.name)")
        #expect(try loss(logits, target).shape == [])
      }
      try equal(.focal, labels, focal(logits, labels))
      try equal(.focal(gamma: 1), labels, focal(logits, labels, gamma: 1))
      try equal(.sigmoidFocal, binary, sigmoidFocal(logits, binary))
      try equal(.sigmoidFocal(gamma: 1, alpha: nil), binary, sigmoidFocal(logits, binary, gamma: 1, alpha: nil))
      try equal(.hinge, signs, hinge(logits, signs))
      try equal(.squaredHinge, signs, squaredHinge(logits, signs))
      try equal(.softMargin, signs, softMargin(logits, signs))
      try equal(.hingeEmbedding(margin: 0.5), signs, hingeEmbedding(logits, signs, margin: 0.5))
      try equal(.multiMargin, labels, multiMargin(logits, labels))
      try equal(.multiMargin(p: 2, margin: 0.5), labels, multiMargin(logits, labels, p: 2, margin: 0.5))
      try equal(.multilabelSoftMargin, binary, multilabelSoftMargin(logits, binary))
      let several = try Tensor([0, 2, -1, 1, -1, 0, 2, 1, 0, -1, -1, -1], shape: [4, 3])
      try equal(.multilabelMargin, several, multilabelMargin(logits, several))
      try equal(.dice, labels, dice(logits, labels))
      try equal(.dice(squared: true, includesBackground: false), labels, dice(logits, labels, squared: true, includesBackground: false))
      try equal(.generalizedDice, labels, generalizedDice(logits, labels))
      try equal(.tversky, labels, tversky(logits, labels))
      try equal(.logCosh, binary, logCosh(logits, binary))
      try equal(.poissonNLL, binary, poissonNLL(logits, binary))
      try equal(.quantile([0.2, 0.5, 0.8]), labels.to(.float32), quantile(logits, labels.to(.float32), quantiles: [0.2, 0.5, 0.8]))
      try equal(.batchHardTriplet(), labels, batchHardTriplet(logits, labels))
      try equal(.supervisedContrastive(temperature: 0.5), labels, supervisedContrastive(logits, labels, temperature: 0.5))
    }

    @Test func severalInputsComeInOneOutput() throws {
      let pairs = try Tensor.randn([4, 2, 3]), signs = try Tensor([1, -1, 1, -1] as [Float]), nothing = try Tensor.zeros([4])
      let first = try pairs.select(dim: 1, index: 0), second = try pairs.select(dim: 1, index: 1)
      func equal(_ loss: Loss, _ output: Tensor, _ target: Tensor, _ value: Tensor) throws {
        #expect(try loss(output, target).double() == value.double(), "\(loss.name)")
      }
      try equal(.cosineEmbedding(margin: 0.1), pairs, signs, cosineEmbedding(first, second, signs, margin: 0.1))
      try equal(.contrastive(margin: 2), pairs, signs.clamp(min: 0), contrastive(first, second, signs.clamp(min: 0), margin: 2))
      try equal(.infoNCE(), pairs, nothing, infoNCE(first, second))
      try equal(.ntXent(), pairs, nothing, ntXent(first, second))
      let triples = try Tensor.randn([4, 3, 5]), parts = try triples.unbind(dim: 1)
      try equal(.tripletMargin(), triples, nothing, tripletMargin(parts[0], parts[1], parts[2]))
      let two = try Tensor.randn([4, 2]), columns = try two.unbind(dim: 1)
      try equal(.marginRanking(margin: 0.2), two, signs, marginRanking(columns[0], columns[1], signs, margin: 0.2))
      try equal(.gaussianNLL, two, signs, gaussianNLL(columns[0], signs, variance: columns[1].exp()))
      let speech = try Tensor.randn([6, 2, 4]).logSoftmax(dim: 2), targets = try Tensor([1, 2, 3, 2, -1, -1], shape: [2, 3])
      try equal(.ctc(), speech, targets, ctc(speech, targets, targetLengths: [3, 1]))
      #expect(message { _ = try Loss.ntXent()(Tensor.randn([4, 3, 2]), nothing) }?.contains("[batch, 2, dimension]") == true)
      #expect(message { _ = try Loss.gaussianNLL(Tensor.randn([4]), nothing) }?.contains("[…, 2]") == true)
    }

    @Test func focalWithoutFocusIsCrossEntropy() throws {
      let logits = try Tensor.randn([5, 4, 3]), target = try Tensor.randint(low: 0, high: 4, shape: [5, 3])
      let weight = try Tensor([1, 2, 3, 0.5] as [Float])
      for reduction in [Reduction.mean, .sum, .none] {
        let a = try focal(logits, target, gamma: 0, weight: weight, ignoreIndex: 2, reduction: reduction)
        #expect(try relativeDifference(a, crossEntropy(logits, target, weight: weight, ignoreIndex: 2, reduction: reduction)) < 1e-6)
      }
    }

    @Test func tverskyOfEqualWeightsIsDice() throws {
      let logits = try Tensor.randn([2, 3, 4, 4]), target = try Tensor.randint(low: 0, high: 3, shape: [2, 4, 4])
      let a = try tversky(logits, target, alpha: 0.5, beta: 0.5, smoothing: 0.5), b = try dice(logits, target, smoothing: 1)
      #expect(try abs(a.double() - b.double()) < 1e-6)
    }

    @Test func certainPredictionsHaveFiniteGradients() throws {
      let target = try Tensor([0, 2])
      for gamma in [0.5, 1, 2] {
        let logits = try Tensor([200, 0, 0, -200, 0, 200] as [Float], shape: [2, 3]).requiringGrad()
        try focal(logits, target, gamma: gamma).backward()
        #expect(try #require(logits.grad).isfinite().all().int() == 1, "gamma \(gamma)")
      }
      let apart = try Tensor([0, 1000] as [Float]).requiringGrad()
      try logCosh(apart, Tensor.zeros([2])).backward()
      #expect(try #require(apart.grad).array(of: Float.self) == [0, 0.5])
      let same = try Tensor.ones([4, 3]).requiringGrad()
      try (batchHardTriplet(same, Tensor([0, 0, 1, 1])) + contrastive(same, same, Tensor.ones([4]))).backward()
      #expect(try #require(same.grad).isfinite().all().int() == 1)
    }
  }
}
