public import NN
public import Torch

/// A small vision transformer without classes: pictures to features (Dosovitskiy et al. 2020, arXiv:2010.11929).
///
/// `[batch, channels, height, width]` to `[batch, dimension]`, the mean over the patches. State: `project.…`, `positions`, `blocks.…`.
public final class PatchEncoder: Module, Layer {
  /// Rows and columns of a picture.
  public let size: Int
  /// Rows and columns of a patch.
  public let patch: Int
  /// Channels of a picture.
  public let channels: Int
  /// The length of the features.
  public let dimension: Int
  /// A patch's pixels to a vector.
  public let project: Linear
  /// What tells patches apart by their place, learned.
  public let positions: Parameter
  /// The transformer.
  public let blocks: TransformerEncoder

  /// - Parameters:
  ///   - size: rows and columns of the pictures, a multiple of `patch`.
  ///   - dimension: the length of the features, a multiple of `heads`.
  public init(size: Int, patch: Int, channels: Int = 3, dimension: Int = 192, depth: Int = 6, heads: Int = 3) {
    self.size = size
    self.patch = patch
    self.channels = channels
    self.dimension = dimension
    project = Linear(patch * patch * channels, dimension)
    positions = Parameter(shape: [1, (size / max(1, patch)) * (size / max(1, patch)), dimension], .truncatedNormal(std: 0.02))
    blocks = Self.transformer(dimension, depth: depth, heads: heads)
  }

  static func transformer(_ dimension: Int, depth: Int, heads: Int) -> TransformerEncoder {
    TransformerEncoder(layers: depth, norm: LayerNorm(dimension)) {
      TransformerEncoderLayer(
        dimension, heads: heads, feedForward: 4 * dimension, dropout: 0, activation: .gelu, normFirst: true)
    }
  }

  /// The number of patches.
  public var count: Int { (size / max(1, patch)) * (size / max(1, patch)) }

  public override var details: String { "\(size)×\(size) in patches of \(patch), dimension \(dimension)" }

  public override func expectation(inputs: [[Int]]) -> String? { "[batch, \(channels), \(size), \(size)]" }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try encode(patches(x), places: nil).mean(dims: [1]) }
  }

  /// The pixels patch by patch: `[batch, patches, patch · patch · channels]`.
  func patches(_ x: Tensor) throws(TorchError) -> Tensor {
    let side = size / max(1, patch)
    return try x.reshape([-1, channels, side, patch, side, patch]).permute([0, 2, 4, 3, 5, 1])
      .reshape([-1, side * side, patch * patch * channels])
  }

  /// Some patches, or all, as vectors that know of each other.
  /// - Parameter places: which patches, `[batch, kept]`.
  func encode(_ patches: Tensor, places: Tensor?) throws(TorchError) -> Tensor {
    guard let places else { return try blocks(project(patches) + positions.value) }
    let (batch, kept) = (places.shape[0], places.shape[1])
    let pixels = try patches.gather(dim: 1, places.unsqueeze(-1).expand([batch, kept, patches.shape[2]]))
    let spots = try positions.value.expand([batch, count, dimension])
      .gather(dim: 1, places.unsqueeze(-1).expand([batch, kept, dimension]))
    return try blocks(project(pixels) + spots)
  }
}
