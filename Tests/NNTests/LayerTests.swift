import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct LayerTests {
    @Test("every layer keeps the contract", arguments: Fixtures.shared.layers)
    func contract(_ testCase: LayerCase) throws { try checkLayer(testCase) }

    @Test func fixturesAreThere() {
      #expect(Fixtures.shared.layers.count >= 110)
      #expect(Fixtures.shared.losses.count >= 50)
      #expect(Fixtures.shared.initializers.count >= 40)
    }

    @Test func settingsThatCannotBeAreErrorsOnUse() throws {
      let x = try Tensor.zeros([1, 3, 8, 8])
      #expect(message { _ = try Conv2d(3, 4, kernel: 3, groups: 2)(x) }?.contains("2 groups do not divide 3→4 channels") == true)
      #expect(message { _ = try Conv2d(3, 4, kernel: 3, groups: 0)(x) } != nil)
      #expect(message { _ = try Conv2d(3, 4, kernel: [3], stride: 1)(x) } != nil)
      #expect(message { _ = try Conv2d(3, 4, kernel: 3, stride: 2, padding: .same)(x) }?.contains("stride") == true)
      #expect(message { _ = try Linear(-1, 4)(x) } != nil)
      #expect(message { _ = try Embedding(3, 2, paddingIndex: 5)(Tensor([0])) }?.contains("0..<3") == true)
      #expect(message { _ = try Dropout(1.5)(x) } != nil)
      #expect(message { _ = try GroupNorm(2, 3)(x) }?.contains("2 groups do not divide 3 channels") == true)
      #expect(message { _ = try MaxPool2d(0)(x) } != nil)
      #expect(message { _ = try Embedding(3, 2)(Tensor([7])) } != nil)
    }

    @Test func batchNormRefusesOneValuePerChannel() throws {
      let layer = BatchNorm1d(3)
      let text = message { _ = try layer(Tensor.zeros([1, 3])) }
      #expect(text?.contains("more than one value per channel") == true)
      layer.eval()
      #expect(try layer(Tensor.zeros([1, 3])).shape == [1, 3])
    }
  }
}
