public import MartletCore
public import Torch

extension Module {
  /// All parameters once, in PyTorch's order. An optimizer keeps them, so that they are collected once.
  public final func parameters() -> [Parameter] { structure.parameters.map(\.parameter) }

  /// All parameters once with their full names (`features.3.weight`), in PyTorch's order.
  public final func namedParameters() -> [(name: String, parameter: Parameter)] { structure.parameters }

  /// All buffers once, in PyTorch's order.
  public final func buffers() -> [Buffer] { structure.buffers.map(\.buffer) }

  /// All buffers once with their full names, in PyTorch's order.
  public final func namedBuffers() -> [(name: String, buffer: Buffer)] { structure.buffers }

  /// This module (path "") and all below once with their paths, parents before children.
  public final func namedModules() -> [(path: String, module: Module)] {
    [("", self)] + structure.below
  }

  /// The module at a path such as `features.3`, or `nil`.
  public final func module(at path: String) -> Module? { namedModules().first { $0.path == path }?.module }

  /// The number of trained values, shared ones counted once.
  /// - Parameter trainable: count only those that are not frozen.
  public final func parameterCount(trainable: Bool = false) -> Int {
    structure.parameters.reduce(0) { $0 + (trainable && !$1.parameter.requiresGrad ? 0 : $1.parameter.count) }
  }

  /// Stops training of this module and all below: their parameters get no gradients. Batch norm's running statistics still follow the
  /// batches in training mode; call ``eval()`` on the module to keep them too.
  public final func freeze() { setRequiresGrad(false) }

  /// Undoes ``freeze()``.
  public final func unfreeze() { setRequiresGrad(true) }

  private func setRequiresGrad(_ requiresGrad: Bool) {
    for (_, parameter) in structure.parameters { parameter.requiresGrad = requiresGrad }
  }

  /// Forgets the gradients of all parameters.
  public final func zeroGradients() {
    for (_, parameter) in structure.parameters { parameter.clearGrad() }
  }

  /// Fills anew every parameter that `condition` picks.
  public final func initialize(
    _ initializer: Initializer, where condition: (_ name: String, _ parameter: Parameter) -> Bool
  ) throws(TorchError) {
    for (name, parameter) in structure.parameters where condition(name, parameter) { try parameter.initialize(initializer) }
  }

  /// Converts the floating-point parameters and buffers to another type and moves all to a device. Integer buffers keep their type.
  ///
  /// All are converted before the first is replaced: on an error nothing has changed. Gradients are forgotten.
  public final func to(_ dtype: DType? = nil, device: Device? = nil) throws(TorchError) {
    try convert { (tensor) throws(TorchError) in try tensor.to(tensor.dtype.isFloatingPoint ? dtype : nil, device: device) }
  }

  private func convert(_ change: (Tensor) throws(TorchError) -> Tensor) throws(TorchError) {
    let structure = structure
    var parameters: [Tensor] = []
    var buffers: [Tensor] = []
    for (_, parameter) in structure.parameters { parameters.append(try change(parameter.value.detach())) }
    for (_, buffer) in structure.buffers { buffers.append(try change(buffer.value)) }
    for (entry, tensor) in zip(structure.parameters, parameters) { entry.parameter.replace(tensor) }
    for (entry, tensor) in zip(structure.buffers, buffers) { entry.buffer.replace(tensor) }
  }
}
