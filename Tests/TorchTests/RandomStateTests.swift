import Testing

@testable import Torch

// The default generator belongs to the process: tests that draw from it do not run side by side.
extension SerialTests {
  @Suite struct RandomStateTests {
    @Test func drawsWhatPyTorchDraws() throws {
      let fixture = try TorchFixture.shared.get().random
      try RandomState.seed(1234)
      #expect(try Tensor.rand([5]).array(of: Double.self) == fixture.rand)
      #expect(try Tensor.randn([20]).array(of: Double.self) == fixture.randn)
      #expect(try Tensor.randint(low: 0, high: 100, shape: [5]).array(of: Int.self) == fixture.randint)
      #expect(try Tensor.randperm(10).array(of: Int.self) == fixture.randperm)
      let generator = try Generator(seed: 7)
      #expect(try Tensor.rand([3], generator: generator).array(of: Double.self) == fixture.generator)
    }

    @Test func theStateCanBeSavedAndRestored() throws {
      try RandomState.seed(5)
      _ = try Tensor.randn([3])
      let state = try RandomState.save()
      let first = try Tensor.randn([50]).array(of: Float.self)
      try RandomState.restore(state)
      #expect(try Tensor.randn([50]).array(of: Float.self) == first)
      #expect(throws: TorchError.self) { try RandomState.restore(Tensor.zeros([3], dtype: .uint8)) }
    }

    @Test func aSeededScopeDisturbsNobody() throws {
      try RandomState.seed(9)
      let expected = try Tensor.rand([4]).array(of: Float.self)
      try RandomState.seed(9)
      let inside = try RandomState.with(seed: 1) { try Tensor.rand([4]).array(of: Float.self) }
      #expect(try Tensor.rand([4]).array(of: Float.self) == expected)
      #expect(try RandomState.with(seed: 1) { try Tensor.rand([4]).array(of: Float.self) } == inside)
    }

    @Test func generatorsRepeat() throws {
      let generator = try Generator(seed: 3)
      let state = try generator.state()
      let first = try Tensor.randn([8], generator: generator).array(of: Float.self)
      try generator.restore(state)
      #expect(try Tensor.randn([8], generator: generator).array(of: Float.self) == first)
      try generator.seed(3)
      #expect(try Tensor.randn([8], generator: generator).array(of: Float.self) == first)
    }
  }

  /// What every other suite allocates at the same time would be counted, too; so each measures inside one synchronous body on the suite's
  /// own objects, and retries until a quiet moment shows the true number.
  @Suite struct LiveHandlesTests {
    @Test func everythingIsFreed() throws {
      func work() throws {
        let x = try Tensor.randn([4, 4]).requiringGrad()
        let y = try x.matmul(x).relu().sum()
        try y.backward()
        _ = try x.split(2, dim: 0)
        _ = try TorchOperator("aten::topk")(.tensor(x), .scalar(2))
        _ = #expect(throws: TorchError.self) { try x.mm(Tensor.zeros([3, 3])) }
        let z = try x[0, 1...]
        try z.registerHook { _ in nil }
        try z.sum().backward()
        _ = try Generator(seed: 1)
      }
      try work()
      var leaked = Int.max
      for _ in 0..<50 where leaked != 0 {
        let before = LiveHandles.count
        try work()
        leaked = LiveHandles.count - before
      }
      #expect(leaked == 0)
    }
  }
}
