import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Models

@Suite(.serialized) struct LanguageTrainingTests {
  private func expect(_ found: Tensor, _ expected: Double) throws {
    #expect(try abs(found.double() - expected) < 1e-5 * max(1, abs(expected)))
  }

  @Test func packedTextsAnswerAsTheyWouldAlone() throws {
    for (name, task) in [("llama", LanguageTask.causalLanguageModel), ("gpt2", .causalLanguageModel), ("bert", .maskedLanguageModel)] {
      let model = try LanguageModels.load(folder: LanguageFixture(name).folder, task: task)
      let texts = [[3, 4, 5], [6, 7, 8, 9]]
      let packed = TokenInput(
        try Tensor([3, 4, 5, 6, 7, 8, 9] as [Int64], shape: [1, 7]),
        positions: try Tensor([0, 1, 2, 0, 1, 2, 3] as [Int64], shape: [1, 7]),
        segments: try Tensor([0, 0, 0, 1, 1, 1, 1] as [Int64], shape: [1, 7]))
      let together = try model(packed)
      var start = 0
      for text in texts {
        let alone = try model(TokenInput(rows: [text], padding: 0))
        #expect(try LanguageFixture.difference(together.narrow(dim: 1, start: start, length: text.count), alone) < 1e-5, "\(name)")
        start += text.count
      }
    }
  }

  @Test func paddingChangesNothing() throws {
    for name in ["bert", "roberta", "distilbert", "llama", "gpt2"] {
      let model = try LanguageModels.load(folder: LanguageFixture(name).folder, task: .hiddenStates)
      let padding = try #require(model.body.padding)
      let alone = try model(TokenInput(rows: [[3, 4, 5]], padding: padding))
      let beside = try model(TokenInput(rows: [[3, 4, 5], [6, 7, 8, 9, 10]], padding: padding))
      let first = try beside.narrow(dim: 0, start: 0, length: 1).narrow(dim: 1, start: 0, length: 3)
      #expect(try LanguageFixture.difference(first, alone) < 1e-5, "\(name)")
    }
  }

  @Test func layersThatAreComputedAgainGiveTheSameGradients() throws {
    for name in ["bert", "t5", "marian", "llama"] {
      let fixture = try LanguageFixture(name)
      let item = try #require(fixture.cases.first)
      var gradients: [[Float]] = []
      for recomputes in [false, true] {
        let model = try fixture.model(item)
        model.train()
        var calls = 0
        if recomputes {
          model.body.recomputation = { (inputs, modules, body) throws(TorchError) in
            calls += 1
            return try body(inputs)
          }
        }
        // Dropout is 0 in these fixtures or draws the same numbers.
        let loss = try RandomState.with(seed: 1) { try model(fixture.input(item)).square().mean() }
        try loss.backward()
        gradients.append(try #require(model.body.tokenTable.weight.grad).array(of: Float.self))
        #expect(recomputes == (calls > 0))
      }
      #expect(gradients[0] == gradients[1], "\(name)")
    }
  }

  @Test func poolingsLeavePaddingOut() throws {
    let hidden = try Tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] as [Float], shape: [2, 3, 2])
    let mask = try Tensor([1, 1, 0, 1, 1, 1] as [Int64], shape: [2, 3])
    let expected: [Pooling: [Float]] = [
      .first: [1, 2, 7, 8], .last: [3, 4, 11, 12], .largest: [3, 4, 11, 12], .mean: [2, 3, 9, 10],
      .rootMean: [4 / 2.0.squareRoot(), 6 / 2.0.squareRoot(), 27 / 3.0.squareRoot(), 30 / 3.0.squareRoot()].map { Float($0) },
      .weightedMean: [7 / 3, 10 / 3, 58 / 6, 64 / 6],
    ]
    for (pooling, values) in expected {
      let found = try pooling(hidden, mask: mask).array(of: Float.self)
      #expect(zip(found, values).allSatisfy { abs($0 - $1) < 1e-5 }, "\(pooling): \(found)")
    }
  }

  @Test func lossesAreWhatTheirFormulasSay() throws {
    let scores = try Tensor([1, 2, 0, 3, 1, -1] as [Float], shape: [2, 3])
    // KL of softmax(teacher / 2) and softmax(student / 2), times 4, by hand.
    let teacher = try Tensor([2, 0, 1, 0, 0, 0] as [Float], shape: [2, 3])
    func divergence(_ t: [Double], _ s: [Double]) -> Double {
      func soft(_ x: [Double]) -> [Double] { x.map { exp($0 / 2) }.map { $0 / x.map { exp($0 / 2) }.reduce(0, +) } }
      return zip(soft(t), soft(s)).map { $0 * log($0 / $1) }.reduce(0, +) * 4
    }
    let first = divergence([2, 0, 1], [1, 2, 0]), second = divergence([0, 0, 0], [3, 1, -1])
    try expect(distillation(scores, teacher: teacher), (first + second) / 2)
    try expect(distillation(scores, teacher: teacher, mask: Tensor([0, 1] as [Int64])), second)
    #expect(throws: TorchError.self) { try distillation(scores, teacher: teacher, temperature: 0) }
    let anchors = try Tensor([1, 0, 0, 2] as [Float], shape: [2, 2]), partners = try Tensor([3, 0, 4, 4] as [Float], shape: [2, 2])
    // Cosines 1, 0.7071 and 0, 0.7071; scale 2.
    let root = 0.5.squareRoot()
    let loss = (-2 + log(exp(2) + exp(2 * root)) - 2 * root + log(1 + exp(2 * root))) / 2
    try expect(multipleNegatives(anchors, partners, scale: 2), loss)
    #expect(throws: TorchError.self) { try multipleNegatives(anchors, anchors.narrow(dim: 0, start: 0, length: 1)) }
    #expect(throws: TorchError.self) { try nextTokenCrossEntropy(scores, scores) }
  }

  @Test func wrongInputsAreRefusedInWords() throws {
    let model = try LanguageModels.load(folder: LanguageFixture("bert").folder, task: .hiddenStates)
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let long = try Tensor.ones([1, 25], dtype: .int64)
    #expect(message { _ = try model(long) }.contains("a text of 25 tokens; expected at most 24"))
    #expect(message { _ = try model(Tensor.ones([2, 3])) }.contains("whole numbers"))
    #expect(
      message { _ = try model(TokenInput(Tensor.ones([1, 3], dtype: .int64), mask: Tensor.ones([1, 4], dtype: .int64))) }.contains(
        "mask has shape"))
    let t5 = try LanguageModels.load(folder: LanguageFixture("t5").folder)
    #expect(message { _ = try t5(Tensor.ones([1, 3], dtype: .int64)) }.contains("decoder got nothing to read"))
  }

  /// Hidden tokens as transformers hides and asks for them, pairs and triplets by sentence-transformers' formula.
  @Test func objectivesAreThoseOfTheField() throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/language/objectives.safetensors").path
    let expected = try SafetensorsFile(path: folder)
    func check(_ kind: String, _ model: LanguageModel, _ loss: Tensor) throws {
      #expect(try abs(loss.double() / expected.tensor("\(kind)/loss").double() - 1) < 1e-5, "\(kind)")
      try loss.backward()
      let parameters = Dictionary(uniqueKeysWithValues: model.body.namedParameters().map { ($0.name, $0.parameter) })
      let names = expected.names.filter { $0.hasPrefix("\(kind)/gradient/") }
      #expect(names.count == 3)
      for name in names {
        let own = try #require(parameters[String(name.dropFirst(kind.count + 10))], "\(name)")
        #expect(try LanguageFixture.difference(#require(own.grad), expected.tensor(name)) < 5e-5, "\(name)")
      }
    }
    let bert = try LanguageFixture("bert").folder
    let masked = try LanguageModels.load(folder: bert, task: .maskedLanguageModel)
    let scores = try masked(masked.input(expected.tensor("masked/ids")))
    try check("masked", masked, tokenCrossEntropy(scores, expected.tensor("masked/labels")))
    for (kind, partners) in [("pairs", ["positives"]), ("triplets", ["positives", "negatives"])] {
      let model = try LanguageModels.load(folder: bert, task: .embedding())
      let anchors = try model(model.input(expected.tensor("texts/anchors")))
      let others = try Tensor.cat(partners.map { try model(model.input(expected.tensor("texts/" + $0))) }, dim: 0)
      try check(kind, model, multipleNegatives(anchors, others))
    }
  }
}
