import CTorch

#if canImport(Glibc)
  import Glibc
#endif

extension Tensor {
  /// Operations on this tensor are recorded for `backward`.
  public var requiresGrad: Bool { withExtendedLifetime(self) { ct_requires_grad(raw) } }

  /// Made by the user, not by a recorded operation.
  public var isLeaf: Bool { withExtendedLifetime(self) { ct_is_leaf(raw) } }

  /// Switches recording on or off on this leaf.
  /// - Returns: the same tensor.
  /// - Throws: `TorchError` for integers and for tensors that an operation made.
  @discardableResult
  public func requiringGrad(_ value: Bool = true) throws(TorchError) -> Tensor {
    var error: CTError?
    guard ct_set_requires_grad(raw, value, &error) == 0 else { throw TorchError(error, "Tensor.requiringGrad", [self]) }
    return self
  }

  /// Keeps the gradient of a tensor that is no leaf.
  public func retainGrad() throws(TorchError) {
    var error: CTError?
    guard ct_retain_grad(raw, &error) == 0 else { throw TorchError(error, "Tensor.retainGrad", [self]) }
  }

  /// What `backward` has summed up here so far, or `nil`.
  public var grad: Tensor? { withExtendedLifetime(self) { ct_grad(raw).map(Tensor.init(owning:)) } }

  /// Replaces the summed-up gradient; `nil` forgets it.
  public func setGrad(_ gradient: Tensor?) throws(TorchError) {
    var error: CTError?
    guard ct_set_grad(raw, gradient?.raw, &error) == 0 else { throw TorchError(error, "Tensor.setGrad", [self, gradient]) }
  }

  /// Adds the gradients of this tensor to `grad` of every leaf that it depends on.
  /// - Parameters:
  ///   - gradient: the gradient with respect to this tensor; may be left out for a single number.
  ///   - retainGraph: keep what a second `backward` needs.
  ///   - createGraph: record the backward pass itself, for higher orders; keeps the graph, too.
  public func backward(gradient: Tensor? = nil, retainGraph: Bool = false, createGraph: Bool = false) throws(TorchError) {
    try Tensor.backward([self], gradients: gradient.map { [$0] }, retainGraph: retainGraph, createGraph: createGraph)
  }

  /// `backward` from several tensors at once.
  /// - Parameter inputs: only these leaves receive gradients; all of them if empty.
  public static func backward(
    _ outputs: [Tensor], gradients: [Tensor]? = nil, inputs: [Tensor] = [], retainGraph: Bool = false, createGraph: Bool = false
  ) throws(TorchError) {
    try checkGradients(gradients, of: outputs, "Tensor.backward")
    var error: CTError?
    let status = outputs.withHandles { outputs in
      (gradients ?? []).withHandles { gradients in
        inputs.withHandles { inputs in ct_backward(outputs, gradients, retainGraph, createGraph, inputs, &error) }
      }
    }
    guard status == 0 else { throw TorchError(error, "Tensor.backward", outputs) }
  }

  /// The gradients of `outputs` with respect to `inputs`, without touching any `grad`.
  /// - Parameters:
  ///   - gradients: one per output; may be left out for single numbers.
  ///   - allowUnused: inputs that the outputs do not depend on give `nil` instead of an error.
  /// - Returns: one tensor per input.
  public static func gradients(
    of outputs: [Tensor], withRespectTo inputs: [Tensor], gradients: [Tensor]? = nil, retainGraph: Bool = false,
    createGraph: Bool = false, allowUnused: Bool = false
  ) throws(TorchError) -> [Tensor?] {
    try checkGradients(gradients, of: outputs, "Tensor.gradients")
    var error: CTError?
    var results = [CTTensor?](repeating: nil, count: inputs.count)
    let status = outputs.withHandles { outputs in
      inputs.withHandles { inputs in
        (gradients ?? []).withHandles { gradients in
          ct_gradients(outputs, inputs, gradients, retainGraph, createGraph, allowUnused, &results, &error)
        }
      }
    }
    guard status == 0 else { throw TorchError(error, "Tensor.gradients", outputs + inputs) }
    return results.map { $0.map(Tensor.init(owning:)) }
  }

  // libtorch itself would silently sum a gradient of a larger shape.
  private static func checkGradients(_ gradients: [Tensor]?, of outputs: [Tensor], _ name: String) throws(TorchError) {
    guard let gradients else { return }
    guard gradients.count == outputs.count else {
      throw TorchError(.value, name, "\(gradients.count) gradients for \(outputs.count) outputs", expected: "one per output")
    }
    for (gradient, output) in zip(gradients, outputs) where gradient.shape != output.shape {
      throw TorchError(.value, name, "a gradient of shape \(gradient.shape) for an output of shape \(output.shape)")
    }
  }

  /// Calls `hook` with every gradient that passes here. What it returns takes the gradient's place; `nil` leaves it.
  ///
  /// The hook runs on the thread that runs `backward`. An error that it throws ends `backward` with a `TorchError` of kind `.callback`.
  @discardableResult
  public func registerHook(_ hook: @escaping @Sendable (Tensor) throws -> Tensor?) throws(TorchError) -> GradientHook {
    var error: CTError?
    let context = Unmanaged.passRetained(HookContext(hook)).toOpaque()
    let position = ct_register_hook(
      raw,
      { context, gradient, replacement, message in
        let context = Unmanaged<HookContext>.fromOpaque(context).takeUnretainedValue()
        do {
          replacement.pointee = try context.hook(Tensor(owning: gradient)).map { ct_tensor_retain($0.raw) }
          return 0
        } catch {
          message.pointee = strdup("\(error)")
          return 1
        }
      }, context, { Unmanaged<HookContext>.fromOpaque($0).release() }, &error)
    guard position >= 0 else { throw TorchError(error, "Tensor.registerHook", [self]) }
    return GradientHook(tensor: self, position: position)
  }
}

private final class HookContext: Sendable {
  let hook: @Sendable (Tensor) throws -> Tensor?
  init(_ hook: @escaping @Sendable (Tensor) throws -> Tensor?) { self.hook = hook }
}

/// A registered hook; it stays until it is removed or the tensor goes.
public struct GradientHook: Sendable {
  let tensor: Tensor
  let position: Int64

  public func remove() throws(TorchError) {
    var error: CTError?
    guard ct_remove_hook(tensor.raw, position, &error) == 0 else { throw TorchError(error, "GradientHook.remove", [tensor]) }
  }
}
