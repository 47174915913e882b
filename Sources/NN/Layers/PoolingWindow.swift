import Torch

/// The window of a pooling layer.
struct PoolingWindow {
  let kernel: [Int]
  let stride: [Int]
  let padding: [Int]
  let dilation: [Int]
  let ceilMode: Bool
  let rank: Int

  init(
    rank: Int, _ kernel: some SpatialExtent, stride: (any SpatialExtent)?, padding: some SpatialExtent = 0,
    dilation: some SpatialExtent = 1, ceilMode: Bool
  ) {
    self.rank = rank
    self.kernel = kernel.extents(rank)
    self.stride = stride?.extents(rank) ?? self.kernel
    self.padding = padding.extents(rank)
    self.dilation = dilation.extents(rank)
    self.ceilMode = ceilMode
  }

  /// Throws what is wrong with the settings or the input.
  func check(_ x: Tensor) throws(TorchError) {
    for sizes in [kernel, stride, dilation] where sizes.count != rank || sizes.contains(where: { $0 < 1 }) {
      throw TorchError.layer("\(sizes) is no window, stride or dilation in \(rank) dimensions", expected: "\(rank) sizes above zero")
    }
    guard padding.count == rank, zip(padding, kernel).allSatisfy({ $0 >= 0 && 2 * $0 <= $1 }) else {
      throw TorchError.layer("the padding \(padding) does not go with the window \(kernel)", expected: "at most half the window")
    }
    guard PoolingShape.expectation([x.shape], rank: rank) == nil else {
      throw TorchError.layer("got \(x.shape)", expected: PoolingShape.names(rank))
    }
  }

  var details: String {
    let size = kernel.map(String.init).joined(separator: "×")
    return stride == kernel ? size : size + ", stride " + stride.map(String.init).joined(separator: "×")
  }
}

enum PoolingShape {
  static func names(_ rank: Int) -> String {
    ["[batch, channels, length]", "[batch, channels, height, width]", "[batch, channels, depth, height, width]"][min(max(rank, 1), 3) - 1]
  }

  static func expectation(_ shapes: [[Int]], rank: Int) -> String? {
    (rank + 1...rank + 2).contains(shapes.first?.count ?? 0) ? nil : names(rank)
  }
}
