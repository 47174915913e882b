import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Models

/// Logits, losses and gradients against transformers.
@Suite(.serialized) struct LanguageParityTests {
  @Test(arguments: LanguageFixture.names) func answersAreThoseOfTransformers(name: String) throws {
    let fixture = try LanguageFixture(name)
    var worst = (logits: 0.0, loss: 0.0, gradient: 0.0)
    for item in fixture.cases {
      let model = try fixture.model(item)
      #expect(model.loading?.new.isEmpty == true, "\(item.name): \(String(describing: model.loading))")
      let scores = try model(fixture.input(item))
      let logits = try LanguageFixture.difference(scores, fixture.expected.tensor(item.name + "/logits"))
      worst.logits = max(worst.logits, logits)
      #expect(logits < 1e-5, "\(item.name): logits differ by \(logits)")
      let loss =
        item.task == "hidden"
        ? try scores.square().mean() : try model.usualLoss(scores, fixture.expected.tensor(item.name + "/labels"))
      let lossDifference = try abs(loss.double() / fixture.expected.tensor(item.name + "/loss").double() - 1)
      worst.loss = max(worst.loss, lossDifference)
      #expect(lossDifference < 1e-5, "\(item.name): the loss differs by \(lossDifference)")
      try loss.backward()
      let gradient = try gradients(model, item, fixture)
      worst.gradient = max(worst.gradient, gradient)
    }
    print("\(name): \(fixture.cases.count) cases, logits \(worst.logits), losses \(worst.loss), gradients \(worst.gradient)")
  }

  private func gradients(_ model: LanguageModel, _ item: LanguageFixture.Case, _ fixture: LanguageFixture) throws -> Double {
    let prefix = item.name + "/gradient/"
    let parameters = Dictionary(model.namedParameters().map { ($0.name, $0.parameter) }, uniquingKeysWith: { first, _ in first })
    var worst = 0.0
    var compared = 0
    for name in fixture.expected.names where name.hasPrefix(prefix) {
      let own = String(name.dropFirst(prefix.count))
      let parameter = try #require(parameters[own] ?? parameters["model." + own], "\(item.name) has no \(own)")
      let expected = try fixture.expected.tensor(name)
      let gradient = try #require(parameter.grad, "\(item.name): \(own) has no gradient").flatten(from: 0)
      let difference = try LanguageFixture.difference(gradient.narrow(dim: 0, start: 0, length: expected.count), expected)
      #expect(difference < 5e-5, "\(item.name): the gradient of \(own) differs by \(difference)")
      worst = max(worst, difference)
      compared += 1
    }
    #expect(compared > 0, "\(item.name): nothing was compared")
    return worst
  }
}
