import Torch

/// Adam's state of the parameters of one update.
struct AdamState {
  let means: [Tensor]
  let squares: [Tensor]
  /// Empty without amsgrad.
  let largest: [Tensor]
  /// Updates of each parameter, this one counted.
  let steps: [Int]
}

/// libtorch's optimizers in one call per group.
enum FusedKernels {
  /// The kernels exist for real floating-point parameters.
  static func fit(_ parameters: [Tensor]) -> Bool { parameters.allSatisfy { $0.dtype.isFloatingPoint } }

  static func sgd(_ update: GroupUpdate, momentum: [Tensor], _ settings: SGD.Settings, isFirst: Bool) throws(TorchError) {
    try Tensor._fused_sgd_(
      update.parameters, update.gradients, momentum, weightDecay: settings.weightDecay, momentum: settings.momentum,
      lr: settings.learningRate, dampening: settings.dampening, nesterov: settings.nesterov, maximize: settings.maximize,
      isFirstStep: isFirst)
  }

  static func adam(_ update: GroupUpdate, _ state: AdamState, _ settings: Adam.Settings, isDecoupled: Bool) throws(TorchError) {
    let steps = try stepTensors(state.steps, device: update.parameters[0].device)
    if isDecoupled {
      try Tensor._fused_adamw_(
        update.parameters, update.gradients, state.means, state.squares, state.largest, steps, lr: settings.learningRate,
        beta1: settings.beta1, beta2: settings.beta2, weightDecay: settings.weightDecay, eps: settings.epsilon,
        amsgrad: settings.amsgrad, maximize: settings.maximize)
    } else {
      try Tensor._fused_adam_(
        update.parameters, update.gradients, state.means, state.squares, state.largest, steps, lr: settings.learningRate,
        beta1: settings.beta1, beta2: settings.beta2, weightDecay: settings.weightDecay, eps: settings.epsilon,
        amsgrad: settings.amsgrad, maximize: settings.maximize)
    }
  }

  /// The kernels want each parameter's count as a scalar tensor. They only read it, so equal counts share one.
  private static func stepTensors(_ steps: [Int], device: Device) throws(TorchError) -> [Tensor] {
    if let first = steps.first, steps.allSatisfy({ $0 == first }) {
      return [Tensor](repeating: try Tensor.full([], value: .double(Double(first)), dtype: .float32, device: device), count: steps.count)
    }
    var tensors: [Tensor] = []
    for step in steps { tensors.append(try Tensor.full([], value: .double(Double(step)), dtype: .float32, device: device)) }
    return tensors
  }
}
