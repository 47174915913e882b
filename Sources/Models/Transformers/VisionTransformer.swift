import NN
public import Torch

/// A transformer over the squares of an image (Dosovitskiy et al. 2020, arXiv:2010.11929).
///
/// Input `[batch, channels, height, width]` of exactly the size it was made for, output `[batch, classes]`. torchvision's names
/// (`encoder.layers.encoder_layer_0.self_attention.in_proj_weight`).
public final class VisionTransformer: StagedNetwork {
  /// Width, depth and heads of the known networks.
  public enum Size: String, Sendable, CaseIterable {
    /// 192 wide (Touvron et al. 2020, arXiv:2012.12877).
    case tiny
    /// 384 wide (Touvron et al. 2020).
    case small
    /// 768 wide.
    case base
    /// 1024 wide.
    case large

    var plan: (width: Int, depth: Int, heads: Int) {
      switch self {
      case .tiny: (192, 12, 3)
      case .small: (384, 12, 6)
      case .base: (768, 12, 12)
      case .large: (1024, 24, 16)
      }
    }
  }

  private let classToken: Parameter
  private let convProj: Conv2d
  private let encoder: ViTEncoder
  private var heads: Sequential
  private let height: Int, width: Int

  /// - Parameters:
  ///   - height: of the images, a multiple of `patch`.
  ///   - width: of the images, a multiple of `patch`.
  ///   - patch: the side of the squares.
  ///   - dimension: the width of the tokens, a multiple of `heads`.
  ///   - depth: the number of blocks.
  ///   - hidden: the width between a block's two linear layers; four times `dimension` if `nil`.
  ///   - dropout: the probability of a zero behind attention and linear layers.
  ///   - attentionDropout: the probability of a zero among the attention's weights.
  ///   - stochasticDepth: the probability that the last block is left out for an item; it grows from 0 at the first.
  /// - Throws: `ModelError` for sizes that do not go together, `TorchError` if a parameter could not be made.
  public init(
    height: Int = 224, width: Int = 224, patch: Int = 16, dimension: Int = 768, depth: Int = 12, heads: Int = 12, hidden: Int? = nil,
    channels: Int = 3, classes: Int = 1000, dropout: Double = 0, attentionDropout: Double = 0, stochasticDepth: Double = 0
  ) throws {
    try Self.check(height: height, width: width, patch: patch)
    guard dimension >= 1, heads >= 1, dimension % heads == 0, depth >= 1 else {
      throw ModelError(
        "a transformer \(dimension) wide with \(depth) blocks of \(heads) heads", expected: "a width that is a multiple of the heads")
    }
    self.height = height
    self.width = width
    convProj = Conv2d(channels, dimension, kernel: patch, stride: patch)
    classToken = Parameter(shape: [1, 1, dimension], .zeros)
    encoder = ViTEncoder(
      tokens: (height / patch) * (width / patch) + 1, dimension: dimension, depth: depth, heads: heads, hidden: hidden ?? 4 * dimension,
      dropout: dropout, attentionDropout: attentionDropout, stochasticDepth: stochasticDepth)
    self.heads = Sequential(named: ["head": Linear(dimension, classes)])
    super.init()
    let deviation = 1 / Double(channels * patch * patch).squareRoot()
    try convProj.weight.initialize(.truncatedNormal(std: deviation))
    try convProj.bias?.initialize(.zeros)
    try encoder.initialize()
    try initialize(.zeros) { name, _ in name.hasPrefix("heads.head.") }
  }

  /// One of the known networks.
  /// - Parameter scale: what its width is multiplied with, rounded to a multiple of its heads.
  public convenience init(
    _ size: Size, height: Int = 224, width: Int = 224, patch: Int = 16, channels: Int = 3, classes: Int = 1000, scale: Double = 1,
    dropout: Double = 0, attentionDropout: Double = 0, stochasticDepth: Double = 0
  ) throws {
    let plan = size.plan
    let perHead = max(1, Int((Double(plan.width / plan.heads) * scale).rounded()))
    try self.init(
      height: height, width: width, patch: patch, dimension: perHead * plan.heads, depth: plan.depth, heads: plan.heads,
      channels: channels, classes: classes, dropout: dropout, attentionDropout: attentionDropout, stochasticDepth: stochasticDepth)
  }

  static func check(height: Int, width: Int, patch: Int) throws(ModelError) {
    guard patch >= 1, height >= patch, width >= patch, height % patch == 0, width % patch == 0 else {
      func nearest(_ size: Int) -> Int { max(1, (size + patch / 2) / max(1, patch)) * max(1, patch) }
      throw ModelError(
        "images of \(height)×\(width) do not divide into squares of \(patch)×\(patch)", expected: "multiples of \(patch)",
        remedy: "images of \(nearest(height))×\(nearest(width)), or another patch")
    }
  }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    guard x.ndim == 4, x.shape[2] == height, x.shape[3] == width else {
      throw TorchError(
        .value, "VisionTransformer", "got images of shape \(x.shape)",
        expected: "[batch, \(convProj.inputs), \(height), \(width)]", remedy: "resize the images, or build the network for their size")
    }
    let patches = try convProj(x).flatten(from: 2).transpose(1, 2)
    let token = try classToken.value.expand([patches.shape[0], 1, patches.shape[2]])
    return try heads(encoder(Tensor.cat([token, patches], dim: 1)).select(dim: 1, index: 0))
  }

  public override var stages: [Stage] {
    [Stage("embeddings", ["class_token", "encoder.pos_embedding", "conv_proj"])]
      + (0..<encoder.depth).map { number in
        let block = "encoder.layers.encoder_layer_\(number)"
        return Stage("block\(number + 1)", number + 1 < encoder.depth ? [block] : [block, "encoder.ln"])
      } + [Stage("head", ["heads"])]
  }

  public override func replaceHead(classes: Int) throws {
    guard let last = heads.layers.last as? Linear else { return }
    heads = Sequential(named: ["head": try Linear.head(last.inputs, Self.checked(classes: classes), .zeros)])
  }

  /// Files of before 2022 say `mlp.linear_1` and `mlp.linear_2`.
  public override func currentName(of name: String) -> String {
    for (old, new) in [(".mlp.linear_1.", ".mlp.0."), (".mlp.linear_2.", ".mlp.3.")] {
      if name.contains(old) { return name.replacing(old, with: new) }
    }
    return name
  }
}

/// Positions, blocks, layer norm. Input and output `[batch, tokens, dimension]`.
private final class ViTEncoder: Module, Layer {
  let depth: Int
  private let posEmbedding: Parameter
  private let dropout: Dropout
  private let layers: ViTBlocks
  private let ln: LayerNorm

  init(
    tokens: Int, dimension: Int, depth: Int, heads: Int, hidden: Int, dropout: Double, attentionDropout: Double, stochasticDepth: Double
  ) {
    self.depth = depth
    posEmbedding = Parameter(shape: [1, tokens, dimension], .normal(std: 0.02))
    self.dropout = Dropout(dropout)
    layers = ViTBlocks(
      (0..<depth).map {
        ViTBlock(
          dimension, heads: heads, hidden: hidden, dropout: dropout, attentionDropout: attentionDropout,
          stochasticDepth: stochasticDepth * Double($0) / Double(max(1, depth - 1)))
      })
    ln = LayerNorm(dimension, eps: 1e-6)
  }

  func initialize() throws(TorchError) {
    for block in layers.blocks { try block.initialize() }
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try ln(layers(dropout(x + posEmbedding.value))) }
  }
}

private final class ViTBlocks: Module, Layer {
  let blocks: [ViTBlock]

  init(_ blocks: [ViTBlock]) { self.blocks = blocks }

  override func stateMembers() -> [(name: String, member: Any)] { blocks.enumerated().map { ("encoder_layer_\($0)", $1) } }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var h = x
      for block in blocks { h = try block(h) }
      return h
    }
  }
}

/// Attention and two linear layers, each behind a layer norm and beside a shortcut.
private final class ViTBlock: Module, Layer {
  private let ln1: LayerNorm
  private let selfAttention: MultiheadAttention
  private let dropout: Dropout
  private let ln2: LayerNorm
  private let mlp: Sequential
  private let depth: StochasticDepth?

  init(_ dimension: Int, heads: Int, hidden: Int, dropout: Double, attentionDropout: Double, stochasticDepth: Double) {
    ln1 = LayerNorm(dimension, eps: 1e-6)
    selfAttention = MultiheadAttention(dimension, heads: heads, dropout: attentionDropout)
    self.dropout = Dropout(dropout)
    ln2 = LayerNorm(dimension, eps: 1e-6)
    mlp = Sequential(Linear(dimension, hidden), GELU(), Dropout(dropout), Linear(hidden, dimension), Dropout(dropout))
    depth = stochasticDepth > 0 ? StochasticDepth(stochasticDepth) : nil
  }

  override class var stateNames: [String: String] { ["ln1": "ln_1", "ln2": "ln_2"] }

  func initialize() throws(TorchError) {
    for case let layer as Linear in mlp.layers {
      try layer.weight.initialize(.xavierUniform())
      try layer.bias?.initialize(.normal(std: 1e-6))
    }
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let attended = try dropout(selfAttention(ln1(x)))
      let h = try (depth?(attended) ?? attended) + x
      let mapped = try mlp(ln2(h))
      return try h + (depth?(mapped) ?? mapped)
    }
  }
}
