import MartletCore
import Testing

@testable import Torch

@Suite struct OperatorParityTests {
  private static let fixtures = Result { try OperatorFixture.load() }

  @Test func everyFixtureHasACallAndEveryCallAFixture() throws {
    let names = try Set(Self.fixtures.get().keys)
    #expect(names.symmetricDifference(OperatorCases.all.keys) == [])
    let operators = Set(names.map { $0.prefix { $0 != "." && $0 != "/" } })
    #expect(names.count >= 500)
    #expect(operators.count >= 400)
  }

  @Test(arguments: OperatorCases.all.keys.sorted())
  func equalsPyTorch(name: String) throws {
    let fixture = try #require(Self.fixtures.get()[name])
    let call = try #require(OperatorCases.all[name])
    let inputs = try fixture.inputs.map { try $0.tensor() }
    let results = try call(OperatorCases.Inputs(tensors: inputs))
    try #require(results.count == fixture.results.count)
    for (position, (result, expected)) in zip(results, fixture.results).enumerated() {
      try expect(result, equals: expected, within: 1e-6, "result \(position)")
    }
    let ends = results.filter(\.requiresGrad)
    let leaves = inputs.filter(\.requiresGrad)
    guard let gradients = fixture.gradients else {
      #expect(ends.isEmpty || leaves.isEmpty, "PyTorch has no gradients here")
      return
    }
    try #require(gradients.count == leaves.count && !ends.isEmpty)
    let found = try Tensor.gradients(of: ends, withRespectTo: leaves, gradients: ends.map(weights), allowUnused: true)
    for (position, (gradient, expected)) in zip(found, gradients).enumerated() {
      #expect((gradient == nil) == (expected == nil), "gradient \(position)")
      guard let gradient, let expected else { continue }
      // A copy: libtorch may give a zero that has no memory.
      try expect(gradient.clone(), equals: expected, within: 1e-5, "gradient \(position)")
    }
  }

  /// The gradient of every result: ((k % 7) - 3) / 4 + 1/8 for its k-th element, so that no two neighbours weigh the same.
  private func weights(_ tensor: Tensor) throws -> Tensor {
    let values = (0..<tensor.count).map { Double($0 % 7 - 3) / 4 + 0.125 }
    return try Tensor(values, shape: tensor.shape).to(tensor.dtype)
  }

  /// Type and shape are equal, and each element within `tolerance` of the largest.
  private func expect(_ tensor: Tensor, equals expected: OperatorFixture.Values, within tolerance: Double, _ what: String) throws {
    #expect(tensor.dtype == expected.type, "\(what)")
    try #require(tensor.shape == expected.shape, "\(what)")
    let values = try tensor.array(of: Double.self)
    let scale = max(1, expected.values.map(abs).max() ?? 0)
    let worst = zip(values, expected.values).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= tolerance * scale, "\(what) is \(values), not \(expected.values)")
  }
}
