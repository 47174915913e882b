import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct SimpleLayerTests {
    static let cases = FixtureFile.layers("layers")

    @Test("norms, pools, shapes and activations keep the contract of layers", arguments: cases)
    func contract(_ testCase: LayerCase) throws { try checkLayer(testCase) }

    @Test func fixturesAreThere() { #expect(Self.cases.count >= 195) }

    @Test func settingsThatCannotBeAreErrorsOnUse() throws {
      let x = try Tensor.zeros([1, 3, 4])
      #expect(message { _ = try InstanceNorm1d(3)(Tensor.zeros([1, 3, 1])) }?.contains("more than one position") == true)
      #expect(message { _ = try LocalResponseNorm(0)(x) }?.contains("0 channels") == true)
      #expect(message { _ = try Dropout1d(1.5)(x) } != nil)
      #expect(message { _ = try MaxPool1d(0)(x) }?.contains("[0]") == true)
      #expect(message { _ = try MaxPool1d(2, padding: 2)(x) }?.contains("half the window") == true)
      #expect(message { _ = try AvgPool3d([2, 2])(Tensor.zeros([1, 1, 2, 2, 2])) }?.contains("3 sizes") == true)
      #expect(message { _ = try AdaptiveAvgPool1d(-1)(x) }?.contains("no size") == true)
      #expect(message { _ = try LPPool1d(0, 2)(x) }?.contains("power 0") == true)
      #expect(message { _ = try FractionalMaxPool2d(2, size: 9)(Tensor.zeros([1, 1, 4, 4])) }?.contains("cannot make [9, 9]") == true)
      #expect(message { _ = try MaxUnpool1d(2)(x, Tensor.zeros([1, 3, 3], dtype: .int64)) }?.contains("equal shapes") == true)
      #expect(message { _ = try ReflectionPad1d([1, 2, 3])(x) }?.contains("one number, or 2") == true)
      #expect(message { _ = try ReflectionPad1d(4)(x) } != nil)
      #expect(message { _ = try Upsample(scale: 0)(x) }?.contains("factors above zero") == true)
      #expect(message { _ = try Upsample(scale: 2, mode: .bilinear)(x) }?.contains("height, width") == true)
      #expect(message { _ = try Upsample(scale: 2, alignCorners: true)(x) }?.contains("no corners") == true)
      #expect(message { _ = try interpolate(x) }?.contains("both missing") == true)
      #expect(message { _ = try interpolate(x, size: [2], antialias: true) }?.contains("smooth") == true)
      #expect(message { _ = try Fold(3, kernel: 0)(x) }?.contains("sizes above zero") == true)
      #expect(message { _ = try SwiGLU()(Tensor.zeros([2, 3])) }?.contains("an even size") == true)
    }

    @Test func bagsThatCannotBeAreErrors() throws {
      let bag = EmbeddingBag(4, 2), flat = try Tensor([Int64](repeating: 1, count: 3))
      #expect(message { _ = try bag(flat) }?.contains("without offsets") == true)
      #expect(message { _ = try bag(flat, offsets: Tensor([Int64(0)]), weights: Tensor.ones([3])) }?.contains("mode .sum") == true)
      #expect(message { _ = try bag(flat.reshape([1, 3]), offsets: Tensor([Int64(0)])) }?.contains("with offsets") == true)
      #expect(message { _ = try EmbeddingBag(4, 2, paddingIndex: 7)(flat.reshape([1, 3])) }?.contains("0..<4") == true)
    }

    @Test func largestAbsoluteValuesArePooledAtInfinity() throws {
      let x = try Tensor([1.0, -5, 2, 3] as [Float], shape: [1, 1, 4])
      #expect(try LPPool1d(.infinity, 2)(x).array(of: Float.self) == [5, 3])
      #expect(try LPPool1d(-.infinity, 2)(x).array(of: Float.self) == [1, 2])
    }

    @Test func unpoolingPutsValuesBack() throws {
      let pool = MaxPool2d(2), x = try Tensor.randn([1, 2, 4, 4])
      let (values, indices) = try pool.withIndices(x)
      let restored = try MaxUnpool2d(2)(values, indices)
      #expect(try relativeDifference(pool(restored).detach(), values.clampMin(0)) == 0)
      #expect(restored.shape == x.shape)
    }

    @Test func foldingCountsHowOftenPixelsAreCovered() throws {
      let x = try Tensor.ones([1, 1, 3, 3])
      let sum = try Fold(3, kernel: 2)(Unfold(2)(x))
      #expect(try sum.array(of: Float.self) == [1, 2, 1, 2, 4, 2, 1, 2, 1])
    }
  }
}
