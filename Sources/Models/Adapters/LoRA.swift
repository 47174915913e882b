public import NN
public import Torch

/// A low-rank adapter: beside a resting weight W a product B A of two narrow matrices is trained (Hu et al. 2021, arXiv:2106.09685).
///
/// State, among the layer's own: `lora_A.weight` `[rank, in]`, `lora_B.weight` `[out, rank]`. B starts as zeros, so that nothing changes at
/// first.
public final class LoRA: LinearAdapter {
  /// How it was made.
  public let settings: LoRASettings
  /// `[rank, in]`.
  public let first: Parameter
  /// `[out, rank]`.
  public let second: Parameter
  /// Whether the layer's weight contains the adapter's share already.
  public private(set) var isMerged = false
  private let dropout: Dropout
  /// The layer's weight as it was before it was merged, so that it comes back bit by bit.
  private var original: Tensor?
  private let rounded: RoundedWeight?
  private let bias: Parameter?
  /// The layer that it belongs to, which owns it.
  private weak var layer: (any AdaptableLayer)?

  init(_ settings: LoRASettings, for layer: any AdaptableLayer) throws {
    self.settings = settings
    let weight = try layer.weight.value
    first = Parameter(
      shape: [settings.rank, layer.inputs], .kaimingUniform(nonlinearity: .leakyReLU(slope: 5.0.squareRoot())), dtype: weight.dtype,
      device: weight.device)
    second = Parameter(shape: [layer.outputs, settings.rank], .zeros, dtype: weight.dtype, device: weight.device)
    dropout = Dropout(settings.dropout)
    rounded = try settings.quantization.map {
      try RoundedWeight(layer.hasTransposedWeight ? weight.detach().t().contiguous() : weight.detach(), $0)
    }
    bias = layer.bias
    self.layer = layer
    // One zero in the shape of all that it stands for: the memory is what rounding is for.
    if rounded != nil { layer.weight.replace(try Tensor.zeros([1, 1], dtype: weight.dtype).expand(weight.shape)) }
  }

  public override func stateMembers() -> [(name: String, member: Any)] {
    [("lora_A.weight", first), ("lora_B.weight", second), ("lora_dropout", dropout)]
  }

  public override func output(
    for input: Tensor, _ layer: (Tensor) throws(TorchError) -> Tensor
  ) throws(TorchError) -> Tensor {
    if let folded = try foldedOutput(for: input) { return folded }
    var output: Tensor
    if let rounded {
      output = try rounded.product(input)
      if let bias { output = try output + bias.value }
    } else {
      output = try layer(input)
    }
    guard !isMerged else { return output }
    return try output + dropout(input).linear(first.value).linear(second.value) * settings.scale
  }

  /// The same by one product, where that is less work: `nil` where weights are rounded, inputs are dropped, or rows are few.
  private func foldedOutput(for input: Tensor) throws(TorchError) -> Tensor? {
    guard let layer, rounded == nil, !isMerged, !isTraining || settings.dropout == 0 else { return nil }
    let weight = try layer.weight.value
    let rows = input.count / max(1, layer.inputs)
    guard !weight.requiresGrad, input.shape.last == layer.inputs,
      LoRAProduct.pays(rows: rows, inputs: layer.inputs, outputs: layer.outputs)
    else { return nil }
    let product = LoRAProduct(scale: settings.scale, isInputTrained: input.requiresGrad, hasBias: bias != nil)
    var inputs = [input, layer.hasTransposedWeight ? try weight.t() : weight, try first.value, try second.value]
    if let bias {
      guard try !bias.value.requiresGrad else { return nil }
      inputs.append(try bias.value)
    }
    return try product.apply(inputs)[0]
  }

  /// What the adapter adds to the weight, `[out, in]`.
  public func difference() throws(TorchError) -> Tensor {
    try withoutGrad { () throws(TorchError) in try second.value.matmul(first.value) * settings.scale }
  }

  func merge(into layer: any AdaptableLayer) throws {
    guard !isMerged else { return }
    guard rounded == nil else {
      throw ModelError("an adapter beside a rounded weight cannot be merged", remedy: "load the model unrounded, its adapters, and merge")
    }
    let weight = try layer.weight.value.detach()
    let kept = try weight.clone()
    let difference = try self.difference()
    try layer.weight.assign(kept + (layer.hasTransposedWeight ? difference.t() : difference))
    original = kept
    isMerged = true
  }

  func unmerge(from layer: any AdaptableLayer) throws {
    guard isMerged, let original else { return }
    try layer.weight.assign(original)
    self.original = nil
    isMerged = false
  }

  public override var details: String { "rank \(settings.rank), alpha \(settings.alpha)" }
}
