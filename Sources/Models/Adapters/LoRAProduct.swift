import NN
import Torch

/// x (W + s B A)ᵀ, with the adapter's share added to the weight instead of to the output: a batch has many more rows than the weight, so
/// this saves passes over everything that is as long as the batch. W rests; x, A and B get gradients.
struct LoRAProduct: DifferentiableFunction {
  let scale: Double
  /// Whether somebody asks for the gradient with respect to x.
  let isInputTrained: Bool
  let hasBias: Bool

  /// Whether folding is less work than a narrow product beside the layer.
  static func pays(rows: Int, inputs: Int, outputs: Int) -> Bool { rows * (inputs + outputs) > inputs * outputs }

  /// - Parameter inputs: x `[..., in]`, W `[out, in]`, A `[rank, in]`, B `[out, rank]`, and the bias where there is one.
  func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor]) {
    let bias = inputs.count > 4 ? inputs[4] : nil
    return ([try inputs[0].linear(folded(inputs[1], inputs[2], inputs[3]), bias)], Array(inputs[0..<4]))
  }

  func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?] {
    let nothing = [Tensor?](repeating: nil, count: hasBias ? 5 : 4)
    guard let gradient = gradients[0] else { return nothing }
    // In mixed precision the gradient comes as the product left, in fewer bits than the weights have.
    let kept = try saved.map { tensor throws(TorchError) in tensor.dtype == gradient.dtype ? tensor : try tensor.to(gradient.dtype) }
    let (x, weight, first, second) = (kept[0], kept[1], kept[2], kept[3])
    let rows = try x.reshape([-1, x.shape.last ?? 1]), slopes = try gradient.reshape([-1, gradient.shape.last ?? 1])
    var result = nothing
    if isInputTrained { result[0] = try gradient.matmul(folded(weight, first, second)).to(saved[0].dtype) }
    result[2] = try (slopes.matmul(second) * scale).t().matmul(rows).to(saved[2].dtype)
    result[3] = try slopes.t().matmul(rows.matmul(first.t()) * scale).to(saved[3].dtype)
    return result
  }

  private func folded(_ weight: Tensor, _ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor {
    try weight.addmm(second, first, alpha: .double(scale))
  }
}
