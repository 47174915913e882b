import MartletCore
public import Torch

/// A tensor that belongs to a module's state but is not trained: running statistics, a table of positions.
public final class Buffer {
  private var result: Result<Tensor, TorchError>
  /// Whether the buffer is part of ``Module/state()``. A table that the module can compute again need not be.
  public let isPersistent: Bool

  /// Copies a tensor: what the module writes to the buffer does not change the original.
  public convenience init(_ value: Tensor, persistent: Bool = true) {
    self.init(persistent: persistent) { () throws(TorchError) in try value.detach().clone() }
  }

  /// Makes a tensor by a closure whose error is kept for ``value``.
  public init(persistent: Bool = true, _ make: () throws -> Tensor) {
    do {
      result = .success(try make())
    } catch {
      result = .failure(TorchError(thrown: error, by: "Buffer"))
    }
    isPersistent = persistent
    Structure.advance()
  }

  /// The tensor.
  /// - Throws: the error that kept it from being made.
  public var value: Tensor {
    get throws(TorchError) {
      switch result {
      case .success(let tensor): return tensor
      case .failure(let error): throw error
      }
    }
  }

  /// Copies values into the tensor, in place.
  /// - Throws: `TorchError` if the shape differs.
  public func assign(_ values: Tensor) throws(TorchError) { try Parameter.overwrite(value, with: values) }

  /// Puts another tensor in place of this one (another dtype or device).
  package func replace(_ tensor: Tensor) { result = Self.detached(tensor) }

  private static func detached(_ tensor: Tensor) -> Result<Tensor, TorchError> {
    do throws(TorchError) {
      return .success(try tensor.detach())
    } catch {
      return .failure(error)
    }
  }
}
