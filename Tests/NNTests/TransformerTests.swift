import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct TransformerTests {
    static let cases = FixtureFile.layers("transformer")

    @Test("transformers keep the contract of layers", arguments: cases)
    func contract(_ testCase: LayerCase) throws { try checkLayer(testCase) }

    @Test func fixturesAreThere() { #expect(Self.cases.count >= 28) }

    @Test func errorsNameTheLayerInside() throws {
      let encoder = TransformerEncoder(layers: 2) { TransformerEncoderLayer(4, heads: 3) }
      let text = message { _ = try encoder(Tensor.zeros([1, 2, 4])) } ?? ""
      #expect(text.contains("layers.0.self_attn") && text.contains("3 heads do not divide the dimension 4"), "\(text)")
    }

    @Test func causalityIsTheMaskOfTheSameName() throws {
      let encoder = TransformerEncoder(layers: 1) { TransformerEncoderLayer(4, heads: 2, feedForward: 8, dropout: 0) }
      let x = try Tensor.randn([2, 5, 4])
      let masked = try encoder(x, AttentionMasks(mask: Transformer.causalMask(5)))
      #expect(try relativeDifference(encoder(x, .causal).detach(), masked.detach()) < 1e-5)
    }

    @Test func theSummaryCountsEveryPart() throws {
      let layer = TransformerEncoderLayer(8, heads: 2, feedForward: 16)
      let result = try summary(of: layer, input: [2, 5, 8])
      #expect(result.multiplyAdds == 2 * 5 * (4 * 8 * 8 + 2 * 8 * 16) + 2 * 2 * 5 * 5 * 8)
    }
  }
}
