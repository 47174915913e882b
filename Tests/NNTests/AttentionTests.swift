import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct AttentionTests {
    static let cases = FixtureFile.layers("attention")

    @Test("attention keeps the contract of layers", arguments: cases)
    func contract(_ testCase: LayerCase) throws { try checkLayer(testCase) }

    @Test func fixturesAreThere() { #expect(Self.cases.count >= 55) }

    @Test func settingsThatCannotBeAreErrorsOnUse() throws {
      let x = try Tensor.zeros([2, 3, 4])
      #expect(message { _ = try MultiheadAttention(4, heads: 3)(x) }?.contains("3 heads do not divide the dimension 4") == true)
      #expect(message { _ = try MultiheadAttention(4, heads: 0)(x) }?.contains("0 heads") == true)
      #expect(message { _ = try MultiheadAttention(4, heads: 2, dropout: 2)(x) }?.contains("dropout 2.0") == true)
      #expect(message { _ = try GroupedQueryAttention(4, heads: 4, keyValueHeads: 3)(x) }?.contains("3 heads of key and value") == true)
      #expect(message { _ = try GroupedQueryAttention(4, heads: 3, keyValueHeads: 1)(x) }?.contains("3 heads do not divide") == true)
      #expect(message { _ = try StochasticDepth(1.5)(x) }?.contains("1.5") == true)
      #expect(message { _ = try StochasticDepth(0.5)(Tensor(scalar: 1.0)) }?.contains("[batch, …]") == true)
    }

    @Test func wrongMasksAreNamed() throws {
      let attention = MultiheadAttention(4, heads: 2)
      let x = try Tensor.zeros([2, 3, 4])
      let hidden = try Tensor.zeros([3, 4], dtype: .bool)
      #expect(message { _ = try attention(x, x, x, mask: hidden) }?.contains("[3, 3] or [4, 3, 3]") == true)
      #expect(message { _ = try attention(x, x, x, keyPaddingMask: hidden) }?.contains("[2, 3]") == true)
      #expect(message { _ = try attention(x, x, x, mask: Tensor.zeros([3, 3], dtype: .int64)) }?.contains("booleans") == true)
      #expect(message { _ = try scaledDotProductAttention(x, x, x, mask: hidden) }?.contains("broadcasts to [2, 3, 3]") == true)
      #expect(message { _ = try attention(x, Tensor.zeros([3, 3, 4]), Tensor.zeros([3, 3, 4])) }?.contains("batches of one size") == true)
      #expect(message { _ = try attention(x, x, Tensor.zeros([2, 5, 4])) }?.contains("one length") == true)
    }

    @Test func causalPositionsDoNotSeeWhatComesLater() throws {
      let attention = GroupedQueryAttention(8, heads: 4, keyValueHeads: 2, isCausal: true)
      let x = try Tensor.randn([1, 5, 8])
      let changed = try Tensor.cat([x.narrow(dim: 1, start: 0, length: 4), Tensor.ones([1, 1, 8])], dim: 1)
      let before = try attention(x).narrow(dim: 1, start: 0, length: 4).detach()
      let after = try attention(changed).narrow(dim: 1, start: 0, length: 4).detach()
      #expect(try relativeDifference(after, before) < 1e-6)
    }

    @Test func weightsSumToOneAndTheKernelAgreesWithThem() throws {
      let attention = MultiheadAttention(8, heads: 2)
      attention.eval()
      let x = try Tensor.randn([2, 5, 8])
      let (output, weights) = try attention.withWeights(x, x, x)
      #expect(try relativeDifference(weights.sum(dims: [-1]).detach(), Tensor.ones([2, 5])) < 1e-6)
      #expect(try relativeDifference(attention(x).detach(), output.detach()) < 1e-5)
    }

    @Test func aMaskAndCausalityTogetherHideBoth() throws {
      let q = try Tensor.randn([1, 1, 3, 2])
      let visible = try Tensor([true, true, true, false, true, true, true, true, true], shape: [3, 3])
      let both = try Tensor([true, false, false, false, true, false, true, true, true], shape: [3, 3])
      let result = try scaledDotProductAttention(q, q, q, mask: visible, isCausal: true)
      #expect(try relativeDifference(result, scaledDotProductAttention(q, q, q, mask: both)) < 1e-6)
    }

    @Test func theSummaryCountsAttention() throws {
      let attention = try summary(of: MultiheadAttention(8, heads: 2), input: [2, 5, 8])
      // Three maps, products and averages; the last map is a row of its own.
      #expect(attention.rows[0].multiplyAdds == 2 * 5 * 8 * 8 * 3 + 2 * 2 * 5 * 5 * 8)
      #expect(attention.multiplyAdds == 2 * 5 * 8 * 8 * 4 + 2 * 2 * 5 * 5 * 8)
      let grouped = try summary(of: GroupedQueryAttention(8, heads: 4, keyValueHeads: 2), input: [1, 5, 8])
      #expect(grouped.multiplyAdds == 5 * 8 * (8 + 4 + 4 + 8) + 2 * 5 * 5 * 8)
    }
  }
}
