import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private struct AdaptiveFixture: Decodable {
  struct Case: Decodable {
    let factor, minimum: Double
    let result: [[Double]]
  }
  let shapes: [[Int]]
  let weights, gradients: [[Double]]
  let cases: [Case]
}

extension TorchTests {
  @Suite struct AdaptiveClippingTests {
    private func parameters(_ fixture: AdaptiveFixture) throws -> [(name: String, parameter: Parameter)] {
      try fixture.shapes.indices.map { index in
        let parameter = Parameter(try Tensor(fixture.weights[index].map(Float.init), shape: fixture.shapes[index]))
        try parameter.value.setGrad(Tensor(fixture.gradients[index].map(Float.init), shape: fixture.shapes[index]))
        return (name: "layer\(index)", parameter: parameter)
      }
    }

    private func gradients(_ parameters: [(name: String, parameter: Parameter)]) throws -> [[Double]] {
      try parameters.map { try #require($0.parameter.grad).array(of: Double.self) }
    }

    @Test func unitsEqualThePaper() throws {
      let fixture = try fixture("adaptive-clipping.json", as: AdaptiveFixture.self)
      #expect(fixture.cases.count == 3)
      for example in fixture.cases {
        let parameters = try parameters(fixture)
        #expect(try GradientClip.adaptive(factor: example.factor, minimum: example.minimum).apply(to: parameters) == nil)
        for (result, expected) in zip(try gradients(parameters), example.result) {
          for (value, wanted) in zip(result, expected) { #expect(abs(value - wanted) <= 1e-6) }
        }
      }
    }

    @Test func everyKindOfClipDoesItsWork() throws {
      let fixture = try fixture("adaptive-clipping.json", as: AdaptiveFixture.self)
      let parameters = try parameters(fixture)
      #expect(try Gradients.norm(of: parameters.map(\.parameter)) > 0.1)
      try GradientClip.norm(0.1).apply(to: parameters)
      #expect(abs(try Gradients.norm(of: parameters.map(\.parameter)) - 0.1) < 1e-5)
      try GradientClip.normOfOrder(maximum: 0.01, .infinity).apply(to: parameters)
      #expect(abs(try Gradients.norm(of: parameters.map(\.parameter), .infinity) - 0.01) < 1e-6)
      try GradientClip.value(0.001).apply(to: parameters)
      #expect(try Gradients.norm(of: parameters.map(\.parameter), .infinity) <= 0.001 + 1e-9)
    }

    @Test func groupsAreClippedByThemselves() throws {
      let fixture = try fixture("adaptive-clipping.json", as: AdaptiveFixture.self)
      let parameters = try parameters(fixture)
      let before = try parameters.map { try Gradients.norm(of: [$0.parameter]) }
      let norms = try Gradients.clip(groups: parameters.map { [$0.parameter] }, norm: 0.5)
      #expect(norms == before)
      for (entry, norm) in zip(parameters, before) { #expect(abs(try Gradients.norm(of: [entry.parameter]) - min(norm, 0.5)) < 1e-5) }
    }

    @Test func infinityMayPassOnDemand() throws {
      let fixture = try fixture("adaptive-clipping.json", as: AdaptiveFixture.self)
      let parameters = try parameters(fixture)
      try parameters[1].parameter.value.setGrad(Tensor([.infinity, 1, 1, 1, 1] as [Float]))
      #expect(throws: NonFiniteGradient.self) { try Gradients.clip(parameters, norm: 1) }
      #expect(throws: NonFiniteGradient.self) { try Gradients.clip(groups: [parameters.map(\.parameter)], norm: 1) }
      let norm = try Gradients.clip(parameters, norm: 1, refusesNonFinite: false)
      #expect(norm == .infinity)
      // Infinity times zero.
      let clipped = try gradients(parameters)
      #expect(clipped[1][0].isNaN && clipped[1][1] == 0 && clipped[0].allSatisfy { $0 == 0 })
    }

    @Test func limitsThatAreNoneAreRefused() {
      #expect { try GradientClip.norm(0).validate() } throws: { "\($0)".contains("the norm to clip at is 0.0") }
      #expect { try GradientClip.value(-.infinity).validate() } throws: { "\($0)".contains("the value to clip at is -inf") }
      #expect { try GradientClip.adaptive(factor: .nan).validate() } throws: { "\($0)".contains("factor is nan") }
      #expect { try GradientClip.normOfOrder(maximum: 1, .p(0)).validate() } throws: { "\($0)".contains("order is 0.0") }
    }
  }
}
