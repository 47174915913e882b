import MartletCore
import Testing

@testable import Torch

/// The kernel for windows of 2×2 side by side against libtorch's own, which takes what does not lie in order.
@Suite struct MaxPoolingTests {
  /// Ties, odd sizes, infinities and NaN included: values and positions are the same, so gradients are, too.
  @Test(arguments: [DType.float32, .float64], [[3, 5, 8, 10], [2, 1, 7, 9], [4, 6, 2], [1, 3, 2, 3], [70, 40, 6, 6]])
  func sameValuesAndPositions(_ type: DType, _ shape: [Int]) throws {
    try RandomState.seed(5)
    for special in [nil, Double.nan, -Double.infinity, .infinity] {
      var x = try Tensor.randint(low: -3, high: 4, shape: shape).to(type)
      if let special { x = try Tensor.where(Tensor.rand(shape).lt(0.3), Tensor.full([], value: .double(special), dtype: type), x) }
      let scattered = try x.transpose(-1, -2).contiguous().transpose(-1, -2)
      #expect(!scattered.isContiguous)
      let ours = try x.maxPool2dWithIndices(kernelSize: [2, 2], stride: [2, 2])
      let theirs = try scattered.maxPool2dWithIndices(kernelSize: [2, 2], stride: [2, 2])
      #expect(ours.0.shape == theirs.0.shape)
      #expect(try ours.1.array(of: Int64.self) == theirs.1.array(of: Int64.self))
      let values = try ours.0.array(of: Double.self).map(\.bitPattern), expected = try theirs.0.array(of: Double.self).map(\.bitPattern)
      #expect(values == expected)
    }
  }

  /// The last window of an odd side hangs over the edge in ceil mode, which is not the short way's to do.
  @Test func ceilModeAndGradients() throws {
    try RandomState.seed(6)
    let x = try Tensor.randn([2, 3, 5, 7]).requiringGrad()
    #expect(try x.maxPool2d(kernelSize: [2], ceilMode: true).shape == [2, 3, 3, 4])
    let y = try x.maxPool2d(kernelSize: [2])
    #expect(y.shape == [2, 3, 2, 3])
    try y.square().sum().backward()
    let gradient = try #require(x.grad)
    #expect(try abs(gradient.sum().double() - 2 * y.sum().double()) < 1e-4)
    #expect(try gradient.ne(0).sum().double() == Double(y.count))
  }
}
