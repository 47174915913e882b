import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct DropoutTests {
    private func dropped(_ x: Tensor, _ p: Double, seed: UInt64 = 1) throws -> Tensor {
      try RandomState.with(seed: seed) { try Dropout(p, keyed: true)(x) }
    }

    @Test func asManyAsAskedAreZeroAndTheRestIsScaled() throws {
      let x = try Tensor.ones([301, 333])
      for p in [0.1, 0.5, 0.9] {
        let values = try dropped(x, p).array(of: Float.self)
        let zeros = Double(values.count { $0 == 0 }) / Double(values.count)
        // Four standard deviations.
        #expect(abs(zeros - p) < 4 * (p * (1 - p) / Double(values.count)).squareRoot(), "\(p): \(zeros)")
        #expect(values.allSatisfy { $0 == 0 || abs($0 - Float(1 / (1 - p))) < 1e-6 })
      }
      #expect(try dropped(x, 1).abs().max().double() == 0)
      #expect(try dropped(x, 0).equal(x))
    }

    @Test func theSeedDecidesAndTheThreadsDoNot() throws {
      let x = try Tensor.ones([500, 500])
      let one = try TorchThreads.with(1) { try dropped(x, 0.3) }
      #expect(try TorchThreads.with(2) { try dropped(x, 0.3) }.equal(one))
      #expect(try !dropped(x, 0.3, seed: 2).equal(one))
      // Two calls draw different zeros.
      let (first, second) = try RandomState.with(seed: 1) { (try Dropout(0.3, keyed: true)(x), try Dropout(0.3, keyed: true)(x)) }
      #expect(try first.equal(one) && !second.equal(one))
      // Neighbours are independent: about as many pairs of zeros as chance makes.
      let values = try one.array(of: Float.self)
      let pairs = zip(values, values.dropFirst()).count { $0 == 0 && $1 == 0 }
      #expect(abs(Double(pairs) / Double(values.count) - 0.09) < 0.004)
    }

    @Test func gradientsPassWhereValuesDid() throws {
      let x = try Tensor.randn([7, 5]).requiringGrad()
      let y = try dropped(x, 0.4)
      let slope = try #require(try Tensor.gradients(of: [y.square().sum()], withRespectTo: [x], createGraph: true)[0])
      let kept = try y.detach().ne(0).to(.float32) / 0.6
      #expect(try (slope - x.detach() * kept * kept * 2).abs().max().double() < 1e-5)
      let curvature = try #require(try Tensor.gradients(of: [slope.sum()], withRespectTo: [x])[0])
      #expect(try (curvature - kept * kept * 2).abs().max().double() < 1e-5)
    }

    @Test func otherOrdersAndTypesAreTakenAsTheyAre() throws {
      let turned = try Tensor.ones([6, 4]).t()
      #expect(try dropped(turned, 0.5).shape == [4, 6])
      let wide = try Tensor.ones([1, 6]).expand([4, 6]).requiringGrad()
      try dropped(wide, 0.5).sum().backward()
      for dtype in [DType.bfloat16, .float16, .float64] {
        let y = try dropped(Tensor.ones([64, 64], dtype: dtype), 0.5)
        #expect(y.dtype == dtype)
        #expect(try y.to(.float32).array(of: Float.self).allSatisfy { $0 == 0 || $0 == 2 })
      }
      // A gradient of another order than the values.
      let x = try Tensor.randn([3, 4]).requiringGrad()
      let y = try dropped(x, 0.5)
      try (y.t() * Tensor.arange(12, dtype: .float32).reshape([4, 3])).sum().backward()
      let expected = try Tensor.arange(12, dtype: .float32).reshape([4, 3]).t() * (y.detach().ne(0).to(.float32) * 2)
      #expect(try (#require(x.grad) - expected).abs().max().double() < 1e-5)
    }
  }
}
