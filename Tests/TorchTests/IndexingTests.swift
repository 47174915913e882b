import Testing

@testable import Torch

@Suite struct IndexingTests {
  @Test func equalsPyTorch() throws {
    let fixture = try TorchFixture.shared.get()
    let x = try Tensor.arange(24, dtype: .float32).reshape([2, 3, 4])
    let mask = try x .> 10
    let rows = try Tensor([1, 0, 1] as [Int]), edges = try Tensor([0, 2] as [Int])
    let mask2 = try Tensor([true, false, true, false, true, false], shape: [2, 3])
    let cases: [String: () throws -> Tensor] = [
      "[0]": { try x[0] },
      "[-1, 1]": { try x[-1, 1] },
      "[:, 1:3]": { try x[Axis.all, 1..<3] },
      "[..., 0]": { try x[Axis.rest, 0] },
      "[1, ..., None]": { try x[1, Axis.rest, Axis.new] },
      "[None, 0]": { try x[Axis.new, 0] },
      "[:, ::2]": { try x[Axis.all, Axis.slice(step: 2)] },
      "[:, -2:]": { try x[Axis.all, (-2)...] },
      "[:, :, 1:-1]": { try x[Axis.all, Axis.all, Axis.slice(1, -1)] },
      "[[1, 0, 1]]": { try x[rows] },
      "[:, [0, 2]]": { try x[Axis.all, edges] },
      "[[0, 1], [1, 2]]": { try x[Tensor([0, 1] as [Int]), Tensor([1, 2] as [Int])] },
      "[x > 10]": { try x[mask] },
      "[mask2, 1]": { try x[mask2, 1] },
      "[0, [0, 2], 1:]": { try x[0, edges, 1...] },
      "x[:, 1] = -1": { try x.replacing(Axis.all, 1, with: Tensor(scalar: -1 as Float)) },
      "x[x > 20] = 0.5": { try x.replacing(x .> 20, with: Tensor(scalar: 0.5 as Float)) },
    ]
    #expect(Set(cases.keys) == Set(fixture.indexed.keys))
    for (name, make) in cases {
      let result = try make()
      #expect(result.shape == fixture.indexed[name]?.shape, "\(name)")
      #expect(try result.array(of: Double.self) == fixture.indexed[name]?.values, "\(name)")
    }
    #expect(try x.sum().double() == 276, "replacing leaves the original alone")
  }

  @Test func wrongPositionsNameThemselves() throws {
    let x = try Tensor.zeros([2, 3])
    for body in [
      { try x[2] }, { try x[-3] }, { try x[0, 0, 0] }, { try x[Axis.rest, Axis.rest] }, { try x[Axis.slice(0, 2, step: 0)] },
      { try x[Tensor([5] as [Int])] },
    ] as [() throws -> Tensor] {
      let error = #expect(throws: TorchError.self) { try body() }
      #expect(error?.description.contains("[2, 3]") == true)
    }
    let error = #expect(throws: TorchError.self) { try x[2] }
    #expect(error?.description == "Tensor.subscript: position 2 of a dimension of size 2 for shape [2, 3]; expected -2…1")
    #expect(error?.kind == .index)
  }

  @Test func boundsMayLieBeyondTheEnd() throws {
    let x = try Tensor([1, 2, 3] as [Int])
    #expect(try x[0...Int.max].array(of: Int.self) == [1, 2, 3])
    #expect(try x[...(-1)].array(of: Int.self) == [1, 2, 3])
    #expect(try x[5...].count == 0)
  }

  @Test func gradientsFlowThroughIndexing() throws {
    let x = try Tensor([1, 2, 3] as [Float]).requiringGrad()
    try (x[1...] * x[..<2]).sum().backward()
    #expect(try x.grad?.array(of: Float.self) == [2, 4, 2])
    let y = try Tensor([1, 2, 3] as [Float]).requiringGrad(), value = try Tensor(scalar: 10 as Float).requiringGrad()
    try (y.replacing(0, with: value) * 2).sum().backward()
    #expect(try y.grad?.array(of: Float.self) == [0, 2, 2])
    #expect(try value.grad?.double() == 2)
  }
}
