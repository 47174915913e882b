import NN
import Testing
import Torch

extension NNSuite {
  /// What does not fit is an error with the loss's name, never a crash or a number that trains something else.
  @Suite struct LossErrorTests {
    private func refused(_ says: String, _ body: () throws -> Tensor, line: Int = #line) {
      let text = message { _ = try body() }
      #expect(text?.contains(says) == true, "line \(line): \(text ?? "no error")")
    }

    @Test func classesOutOfRange() throws {
      let logits = try Tensor.randn([3, 4]), wrong = try Tensor([0, 4, 1]), negative = try Tensor([0, -1, 1])
      for target in [wrong, negative] {
        refused("out of bounds") { try crossEntropy(logits, target) }
        refused("out of bounds") { try nll(logits, target) }
        refused("out of bounds") { try focal(logits, target) }
        refused("out of bounds") { try multiMargin(logits, target) }
        refused("out of bounds") { try dice(logits, target) }
        refused("out of bounds") { try tversky(logits, target) }
        refused("out of bounds") { try generalizedDice(logits, target) }
      }
      refused("out of bounds") { try multilabelMargin(logits, Tensor([0, 4, -1, -1, 0, 1, 2, 3, 3, -1, -1, -1], shape: [3, 4])) }
      refused("out of bounds") { try multilabelMargin(logits, Tensor([0, -2, -1, -1, 0, 1, 2, 3, 3, -1, -1, -1], shape: [3, 4])) }
      #expect(try focal(logits, Tensor([0, -100, 1])).double().isFinite)
    }

    @Test func wrongTypes() throws {
      let logits = try Tensor.randn([3, 4]), numbers = try Tensor([0, 1, 1] as [Float])
      refused("whole numbers") { try focal(logits, numbers) }
      refused("whole numbers") { try multiMargin(logits, numbers) }
      refused("whole numbers") { try dice(logits, numbers) }
      refused("whole numbers") { try batchHardTriplet(logits, numbers) }
      refused("whole numbers") { try supervisedContrastive(logits, numbers) }
      refused("whole numbers") { try ctc(Tensor.randn([3, 1, 4]), Tensor([1] as [Float])) }
      refused("float") { try nll(logits, numbers) }
    }

    @Test func wrongShapes() throws {
      let logits = try Tensor.randn([3, 4]), three = try Tensor.ones([3]), five = try Tensor.zeros([5], dtype: .int64)
      for (name, loss) in [
        ("hinge", Loss.hinge), ("squaredHinge", .squaredHinge), ("softMargin", .softMargin), ("hingeEmbedding", .hingeEmbedding()),
        ("logCosh", .logCosh), ("poissonNLL", .poissonNLL), ("multilabelSoftMargin", .multilabelSoftMargin),
        ("sigmoidFocal", .sigmoidFocal),
      ] {
        refused(name) { try loss(logits, three) }
        refused("equal shapes") { try loss(logits, three) }
      }
      refused("targets [3]") { try focal(logits, five) }
      refused("targets [batch]") { try multiMargin(logits, five) }
      refused("multilabelMargin") { try multilabelMargin(logits, five) }
      refused("[3, 4, 2]") { try quantile(logits, logits, quantiles: [0.1, 0.9]) }
      refused("[batch, dimension]") { try infoNCE(three, three) }
      refused("equal shapes") { try ntXent(logits, Tensor.randn([2, 4])) }
      refused("[count, 4]") { try infoNCE(logits, logits, negatives: Tensor.randn([2, 3])) }
      refused("[3]") { try contrastive(logits, logits, five) }
      refused("[3]") { try supervisedContrastive(logits, five) }
      refused("[3]") { try batchHardTriplet(logits, five) }
      refused("vectors") { try cosineEmbedding(logits, logits, Tensor.ones([3, 1])) }
      refused("equal shapes") { try tripletMargin(logits, logits, three) }
      refused("one variance") { try gaussianNLL(logits, logits, variance: three.narrow(dim: 0, start: 0, length: 2)) }
      refused("[3, 5]") { try dice(Tensor.randn([3, 4, 5]), Tensor.zeros([3, 6], dtype: .int64)) }
      refused("[batch, classes, …]") { try dice(three, five) }
      refused("one for each class") { try focal(logits, Tensor([0, 1, 2]), weight: three) }
    }

    @Test func wrongValues() throws {
      let logits = try Tensor.randn([3, 4]), binary = try Tensor.zeros([3, 4])
      for loss in [Loss.hinge, .squaredHinge, .softMargin, .hingeEmbedding()] { refused("target * 2 - 1") { try loss(logits, binary) } }
      refused("-1 and 1") { try marginRanking(logits, logits, binary) }
      refused("-1 and 1") { try cosineEmbedding(logits, logits, Tensor.zeros([3])) }
      refused("0…1") { try sigmoidFocal(logits, binary + 2) }
      refused("0…1") { try multilabelSoftMargin(logits, binary - 1) }
      refused("0…1") { try contrastive(logits, logits, Tensor([0, 1, 2] as [Float])) }
      refused("0…1") { try dice(logits, binary - 1) }
      refused("below 0") { try poissonNLL(logits, binary - 1) }
      refused("below 0") { try gaussianNLL(logits, logits, variance: binary - 1) }
      refused("between 0 and 1") { try bce(logits * 5, binary) }
    }

    @Test func wrongSettings() throws {
      let logits = try Tensor.randn([3, 4]), labels = try Tensor([0, 1, 2])
      refused("gamma is -1") { try focal(logits, labels, gamma: -1) }
      refused("alpha is 2") { try sigmoidFocal(logits, logits.sigmoid(), alpha: 2) }
      refused("p is 3") { try multiMargin(logits, labels, p: 3) }
      refused("temperature is 0") { try ntXent(logits, logits, temperature: 0) }
      refused("temperature is nan") { try infoNCE(logits, logits, temperature: .nan) }
      refused("margin is 0") { try tripletMargin(logits, logits, logits, margin: 0) }
      refused("quantiles are [1.0]") { try quantile(logits, logits, quantiles: [1]) }
      refused("quantiles are []") { try quantile(logits, logits, quantiles: []) }
      refused("two or more") {
        try dice(Tensor.randn([3, 1, 2]), Tensor.zeros([3, 1, 2]), activation: .sigmoid, includesBackground: false)
      }
      refused("ignoreIndex") { try dice(logits, logits.sigmoid(), ignoreIndex: 0) }
    }

    @Test func lengthsThatLie() throws {
      let speech = try Tensor.randn([5, 2, 4]).logSoftmax(dim: 2), padded = try Tensor([1, 2, 3, 3, 2, 1], shape: [2, 3])
      let flat = try Tensor([1, 2, 3, 3])
      refused("lengths in 0…5") { try ctc(speech, padded, inputLengths: [6, 5]) }
      refused("lengths in 0…5") { try ctc(speech, padded, inputLengths: [-1, 5]) }
      refused("2 lengths") { try ctc(speech, padded, inputLengths: [5]) }
      refused("lengths in 0…3") { try ctc(speech, padded, targetLengths: [4, 3]) }
      refused("lengths in 0…3") { try ctc(speech, padded, targetLengths: [3, -3]) }
      refused("2 lengths") { try ctc(speech, padded, targetLengths: [3]) }
      refused("sum is 4") { try ctc(speech, flat, targetLengths: [2, 3]) }
      refused("sum is 4") { try ctc(speech, flat, targetLengths: [2, 1]) }
      refused("sum is 4") { try ctc(speech, flat, targetLengths: [5, -1]) }
      refused("sum is 4") { try ctc(speech, flat, targetLengths: [1, 1, 2]) }
      refused("sum is 4") { try ctc(speech, flat, targetLengths: [.max, .max]) }
      refused("without their lengths") { try ctc(speech, flat) }
      refused("class 4") { try ctc(speech, Tensor([1, 4, 1, 1], shape: [2, 2])) }
      refused("class -1") { try ctc(speech, Tensor([1, -1, 1, 1], shape: [2, 2])) }
      refused("holds the blank") { try ctc(speech, Tensor([1, 0, 1, 1], shape: [2, 2])) }
      refused("the blank is class 4") { try ctc(speech, padded, blank: 4) }
      refused("[time, batch, classes]") { try ctc(Tensor.randn([4]), flat) }
      refused("targets of shape") { try ctc(speech, Tensor.zeros([1, 1, 1], dtype: .int64)) }
      #expect(try ctc(speech, padded, inputLengths: [0, 0], targetLengths: [0, 0], reduction: .sum).double() == 0)
      #expect(try ctc(speech, padded, inputLengths: [0, 5], zeroInfinity: true).double().isFinite)
    }

    @Test func emptyBatchesNeverCrash() throws {
      let nothing = try Tensor.zeros([0, 4]), none = try Tensor.zeros([0], dtype: .int64)
      let losses: [Loss] = [
        .crossEntropy, .nll, .focal, .multiMargin, .dice, .tversky, .generalizedDice, .batchHardTriplet(), .supervisedContrastive(),
      ]
      for loss in losses { _ = message { _ = try loss(nothing, none).double() } }
      for loss in [Loss.hinge, .softMargin, .logCosh, .sigmoidFocal, .multilabelSoftMargin] {
        _ = message { _ = try loss(nothing, nothing).double() }
      }
      _ = message { _ = try ntXent(nothing, nothing).double() }
      _ = message { _ = try infoNCE(nothing, nothing).double() }
      _ = message { _ = try ctc(Tensor.zeros([0, 2, 3]), Tensor.zeros([2, 0], dtype: .int64)).double() }
      _ = message { _ = try ctc(Tensor.zeros([3, 0, 3]), Tensor.zeros([0, 2], dtype: .int64)).double() }
      _ = message { _ = try multilabelMargin(Tensor.zeros([3, 0]), Tensor.zeros([3, 0], dtype: .int64)).double() }
      _ = message { _ = try multiMargin(Tensor.zeros([0]), Tensor(scalar: Int64(0))).double() }
      #expect(try batchHardTriplet(nothing, none).double() == 0)
    }
  }
}
