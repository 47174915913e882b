import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private struct ClippingFixture: Decodable {
  struct Case: Decodable {
    let mode: String
    let maximum: Double
    let kind: JSONValue?
    let norm: Double?
    let result: [[Double]]
  }
  let shapes: [[Int]]
  let gradients: [[Double]]
  let cases: [Case]
}

extension TorchTests {
  @Suite struct ClippingTests {
    private func parameters(_ fixture: ClippingFixture) throws -> [(name: String, parameter: Parameter)] {
      try zip(fixture.shapes, fixture.gradients).enumerated().map { index, pair in
        let parameter = Parameter(try Tensor.zeros(pair.0))
        try parameter.value.setGrad(Tensor(pair.1.map(Float.init), shape: pair.0))
        return (name: "layer\(index).weight", parameter: parameter)
      }
    }

    @Test func equalsPyTorch() throws {
      let fixture = try fixture("clipping.json", as: ClippingFixture.self)
      #expect(fixture.cases.count == 6)
      for example in fixture.cases {
        let parameters = try parameters(fixture)
        if example.mode == "value" {
          try Gradients.clip(parameters.map(\.parameter), value: example.maximum)
        } else {
          let kind = example.kind?.doubleValue.map { Gradients.Norm.p($0) } ?? .infinity
          let norm = try Gradients.clip(parameters, norm: example.maximum, kind)
          #expect(abs(norm - (example.norm ?? .nan)) <= 1e-5 * norm)
        }
        for (entry, expected) in zip(parameters, example.result) {
          let result = try #require(entry.parameter.grad).array(of: Double.self)
          for (value, wanted) in zip(result, expected) { #expect(abs(value - wanted) <= 1e-6) }
        }
      }
    }

    @Test func theFirstBadGradientIsNamed() throws {
      let parameters = try parameters(fixture("clipping.json", as: ClippingFixture.self))
      try parameters[1].parameter.value.setGrad(Tensor([1, .infinity, 0, 0] as [Float]))
      #expect { try Gradients.clip(parameters, norm: 1) } throws: { "\($0)".contains("gradient of 'layer1.weight' is not finite") }
      // Nothing was scaled.
      #expect(try #require(parameters[0].parameter.grad).array(of: Float.self).count == 12)
      let fresh = try self.parameters(fixture("clipping.json", as: ClippingFixture.self))
      #expect(try bytes(#require(parameters[0].parameter.grad)) == bytes(#require(fresh[0].parameter.grad)))
    }

    @Test func mixedTypesAndNoGradients() throws {
      let single = Parameter(try Tensor.zeros([1])), double = Parameter(try Tensor.zeros([1], dtype: .float64))
      #expect(try Gradients.norm(of: [single, double]) == 0)
      try single.value.setGrad(Tensor([3] as [Float]))
      try double.value.setGrad(Tensor([4] as [Double]))
      #expect(try Gradients.norm(of: [single, double]) == 5)
    }
  }
}
