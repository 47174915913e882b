public import MartletCore
public import Torch

/// A trainable tensor of a module.
///
/// It is a class, so that a layer, an optimizer and a tied layer share one. Making one never throws: where the tensor cannot be made (a
/// negative size, no memory) the error is kept and thrown by ``value``, so that the initialisers of layers need no `try`.
public final class Parameter {
  private var result: Result<Tensor, TorchError>
  private var wantsGrad = true
  /// Makes the value from other parameters; `nil` for almost all.
  final var parametrization: Parametrization?

  /// Copies a floating-point tensor: training does not change the original.
  public convenience init(_ value: Tensor) {
    self.init { () throws(TorchError) in try value.detach().clone() }
  }

  /// Makes a tensor and fills it.
  public convenience init(shape: [Int], _ initializer: Initializer, dtype: DType = .float32, device: Device = .cpu) {
    self.init { () throws(TorchError) in
      let tensor = try Tensor.empty(shape, dtype: dtype, device: device)
      try initializer.fill(tensor)
      return tensor
    }
  }

  /// Makes a tensor by a closure whose error is kept for ``value``.
  public init(_ make: () throws -> Tensor) {
    do {
      result = Self.leaf(try make(), requiresGrad: true)
    } catch {
      result = .failure(TorchError(thrown: error, by: "Parameter"))
    }
    Structure.advance()
  }

  /// A parameter that cannot be: every use throws `error`.
  init(failing error: TorchError) {
    result = .failure(error)
    Structure.advance()
  }

  /// The tensor, a leaf of the gradient graph.
  /// - Throws: the error that kept it from being made.
  public var value: Tensor {
    get throws(TorchError) {
      if let parametrization { return try parametrization.value() }
      switch result {
      case .success(let tensor): return tensor
      case .failure(let error): throw error
      }
    }
  }

  /// Whether backward computes a gradient for it. False freezes it.
  public var requiresGrad: Bool {
    get { wantsGrad }
    set {
      wantsGrad = newValue
      if case .success(let tensor) = result {
        result = Self.leaf(tensor, requiresGrad: newValue)
        if !newValue { clearGrad() }
      }
    }
  }

  /// The gradient that backward left, or `nil` before the first backward and after ``clearGrad()``.
  public var grad: Tensor? { if case .success(let tensor) = result { tensor.grad } else { nil } }

  /// Forgets the gradient.
  public func clearGrad() {
    // Forgetting a gradient cannot fail: only a wrong new one can.
    if case .success(let tensor) = result { try? tensor.setGrad(nil) }
  }

  /// The sizes, `[]` where the tensor could not be made.
  public var shape: [Int] {
    if let parametrization { return parametrization.shape }
    if case .success(let tensor) = result { return tensor.shape }
    return []
  }

  /// The number of elements, 0 where the tensor could not be made.
  public var count: Int {
    if let parametrization { return parametrization.shape.reduce(1, *) }
    if case .success(let tensor) = result { return tensor.count }
    return 0
  }

  /// Fills the tensor anew, in place.
  public func initialize(_ initializer: Initializer) throws(TorchError) {
    let tensor = try writable().detach()
    try initializer.fill(tensor)
  }

  /// Copies values into the tensor, in place: optimizers and tied layers see them.
  /// - Throws: `TorchError` if the shape differs.
  public func assign(_ values: Tensor) throws(TorchError) { try Self.overwrite(writable(), with: values) }

  /// The tensor itself. What weight norm or spectral norm computes cannot be written to.
  private func writable() throws(TorchError) -> Tensor {
    guard parametrization == nil else {
      throw TorchError.layer(
        "the parameter is computed from others", expected: "no weight norm or spectral norm", remedy: "removeNorm(of:)")
    }
    return try value
  }

  /// Puts another tensor in place of this one (another dtype or device). The gradient is forgotten.
  package func replace(_ tensor: Tensor) { result = Self.leaf(tensor, requiresGrad: wantsGrad) }

  /// Writes `values` into the memory of `target` behind autograd's back. Shapes must be equal: broadcasting would hide a mistake.
  static func overwrite(_ target: Tensor, with values: Tensor) throws(TorchError) {
    let shape = target.shape
    guard values.shape == shape else {
      throw TorchError.layer("values of shape \(values.shape) do not fit a tensor of shape \(shape)", expected: "shape \(shape)")
    }
    try withoutGrad { () throws(TorchError) in try target.detach().copy_(values) }
  }

  private static func leaf(_ tensor: Tensor, requiresGrad: Bool) -> Result<Tensor, TorchError> {
    do throws(TorchError) {
      let leaf = tensor.isLeaf ? tensor : try tensor.detach()
      return .success(try leaf.requiringGrad(requiresGrad))
    } catch {
      return .failure(error)
    }
  }
}
