import MartletCore
public import NN
public import Torch

/// Learning without labels by filling in what is hidden (He et al.: "Masked autoencoders are scalable vision learners", CVPR 2022,
/// arXiv:2111.06377): most patches are hidden, the encoder sees the rest, a small decoder paints the hidden ones.
///
/// Afterwards `encoder` alone goes on, as a layer. Positions are learned here, not computed as in the paper.
/// State: `encoder.…`, `narrow.…`, `mask`, `positions`, `decoder.…`, `paint.…`.
public final class MaskedAutoencoder: Module {
  /// What is wanted in the end.
  public let encoder: PatchEncoder
  /// The share of patches that is hidden.
  public let hidden: Double
  /// Each patch's pixels are brought to mean 0 and deviation 1 before they are compared.
  public let normalizes: Bool
  private let narrow: Linear
  private let mask: Parameter
  private let positions: Parameter
  private let decoder: TransformerEncoder
  private let paint: Linear

  /// - Parameters:
  ///   - hidden: the share of patches that is hidden, above 0 and below 1.
  ///   - dimension: of the decoder, a multiple of `heads`.
  public init(
    _ encoder: PatchEncoder, hidden: Double = 0.75, normalizes: Bool = true, dimension: Int = 96, depth: Int = 2, heads: Int = 3
  ) {
    self.encoder = encoder
    self.hidden = hidden
    self.normalizes = normalizes
    narrow = Linear(encoder.dimension, dimension)
    mask = Parameter(shape: [1, 1, dimension], .normal(std: 0.02))
    positions = Parameter(shape: [1, encoder.count, dimension], .truncatedNormal(std: 0.02))
    decoder = PatchEncoder.transformer(dimension, depth: depth, heads: heads)
    paint = Linear(dimension, encoder.patch * encoder.patch * encoder.channels)
  }

  /// The patches that stay visible: at least one, and not all.
  var visible: Int { min(max(1, Int((Double(encoder.count) * (1 - hidden)).rounded())), max(1, encoder.count - 1)) }

  /// One pass over a batch of pictures; the loss is the mean squared error of the hidden patches' pixels.
  ///
  /// In training what is hidden comes from libtorch's generator (which the trainer seeds); in evaluation from the items' numbers, so that
  /// two measurements can be compared.
  public func step(_ batch: Batch) throws -> StepOutput {
    let noise: Tensor
    if isTraining {
      noise = try Tensor.rand([batch.inputs.size(0), encoder.count]).to(device: batch.inputs.device)
    } else {
      let values = batch.indices.flatMap { item -> [Double] in
        var random = KeyedRandom(seed: 0, purpose: "mask", index: UInt64(bitPattern: Int64(item)))
        return (0..<encoder.count).map { _ in random.uniform() }
      }
      noise = try Tensor(values, shape: [batch.indices.count, encoder.count], device: batch.inputs.device)
    }
    let patches = try encoder.patches(batch.inputs)
    let (painted, isHidden) = try painted(patches, noise: noise)
    return StepOutput(loss: try loss(painted, patches, isHidden), outputs: painted)
  }

  /// Hides the patches with the most noise and paints all.
  /// - Returns: the painted pixels `[batch, patches, pixels]`, and 1 where a patch was hidden, `[batch, patches]`.
  func painted(_ patches: Tensor, noise: Tensor) throws(TorchError) -> (painted: Tensor, isHidden: Tensor) {
    let order = try noise.argsort(dim: 1)
    let back = try order.argsort(dim: 1)
    let seen = try narrow(encoder.encode(patches, places: order.narrow(dim: 1, start: 0, length: visible)))
    let (batch, count, dimension) = (seen.shape[0], encoder.count, seen.shape[2])
    let blanks = try mask.value.expand([batch, count - visible, dimension])
    let all = try Tensor.cat([seen, blanks], dim: 1).gather(dim: 1, back.unsqueeze(-1).expand([batch, count, dimension]))
    return (try paint(decoder(all + positions.value)), try back.ge(.int(visible)).to(patches.dtype))
  }

  /// The mean squared error over the hidden patches.
  func loss(_ painted: Tensor, _ patches: Tensor, _ isHidden: Tensor) throws(TorchError) -> Tensor {
    var target = patches
    if normalizes {
      let mean = try target.mean(dims: [2], keepDim: true)
      target = try (target - mean) / (target.`var`(dims: [2], keepDim: true) + 1e-6).sqrt()
    }
    let error = try (painted - target).square().mean(dims: [2])
    return try (error * isHidden).sum() / isHidden.sum()
  }
}

extension Trainer {
  /// A trainer for learning to fill in what is hidden; its loader gives pictures, whose targets are not looked at.
  /// - Throws: `ArgumentError` for settings out of range, `TorchError` if a parameter could not be made.
  public convenience init(
    _ model: MaskedAutoencoder, optimizer: OptimizerChoice, schedule: Schedule = .constant, seed: UInt64 = 0,
    options: TrainerOptions = TrainerOptions(), thread: TorchThread = .main
  ) throws {
    guard model.hidden > 0, model.hidden < 1 else {
      throw ArgumentError("the share of hidden patches is \(model.hidden)", expected: "above 0 and below 1")
    }
    guard model.encoder.patch > 0, model.encoder.count > 1, model.encoder.size % model.encoder.patch == 0 else {
      throw ArgumentError(
        "pictures of \(model.encoder.size) pixels in patches of \(model.encoder.patch)", expected: "a multiple of the patch's size")
    }
    try self.init(
      model, optimizer: optimizer, schedule: schedule, metrics: [], seed: seed, options: options, thread: thread, objective: model.step)
  }
}
