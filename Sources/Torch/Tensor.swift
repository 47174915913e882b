import CTorch
public import MartletCore

/// The owner of one reference to a libtorch tensor.
final class TensorHandle {
  let raw: CTTensor
  init(owning raw: CTTensor) { self.raw = raw }
  deinit { ct_tensor_release(raw) }
}

/// A multi-dimensional array of one element type on one device, with gradients.
///
/// A value that refers to libtorch's tensor: copies are cheap and see the same elements. Public operations return new tensors and leave
/// their operands alone; all of them throw `TorchError` instead of trapping.
///
/// Concurrency: `@unchecked Sendable` holds because libtorch's tensors may be read from any thread and their reference counts are atomic,
/// and because nothing public writes to a tensor's elements. What writes (optimizers, buffers of batch norm, gradient accumulation) is
/// internal to the package and runs where the one owner of a model runs.
public struct Tensor: @unchecked Sendable {
  let handle: TensorHandle

  /// Takes over a +1 reference.
  init(owning raw: CTTensor) { handle = TensorHandle(owning: raw) }

  var raw: CTTensor { handle.raw }

  /// The number of dimensions; 0 for a single number.
  public var ndim: Int { withExtendedLifetime(self) { Int(ct_tensor_dim(raw)) } }

  /// The size of every dimension.
  public var shape: [Int] {
    withExtendedLifetime(self) {
      let sizes = ct_tensor_sizes(raw)
      return (0..<Int(ct_tensor_dim(raw))).map { Int(sizes[$0]) }
    }
  }

  /// The number of elements.
  public var count: Int { withExtendedLifetime(self) { Int(ct_tensor_numel(raw)) } }

  /// The size of one dimension; negative numbers count from the end.
  /// - Throws: `TorchError` of kind `.index` if there is no such dimension.
  public func size(_ dim: Int) throws(TorchError) -> Int {
    let shape = self.shape
    let position = dim < 0 ? dim + shape.count : dim
    guard shape.indices.contains(position) else {
      throw TorchError(
        .index, "Tensor.size", "there is no dimension \(dim) in shape \(shape)",
        expected: shape.isEmpty ? nil : "\(-shape.count)…\(shape.count - 1)")
    }
    return shape[position]
  }

  /// Elements to skip per dimension; empty for layouts without strides.
  public var strides: [Int] {
    withExtendedLifetime(self) {
      guard let strides = ct_tensor_strides(raw) else { return [] }
      return (0..<Int(ct_tensor_dim(raw))).map { Int(strides[$0]) }
    }
  }

  /// The element type, or `nil` for types that only libtorch's quantised kernels know.
  package var dtypeIfKnown: DType? { withExtendedLifetime(self) { DType(rawValue: Int8(truncatingIfNeeded: ct_tensor_dtype(raw))) } }

  /// The element type. Tensors of libtorch's own quantised types report the integer type that they store.
  public var dtype: DType {
    if let known = dtypeIfKnown { return known }
    return withExtendedLifetime(self) {
      switch ct_tensor_dtype(raw) {
      case 12: .int8
      case 13, 16, 17: .uint8
      default: .int32
      }
    }
  }

  /// Where the elements are.
  public var device: Device { withExtendedLifetime(self) { Device(ct_tensor_device(raw)) } }

  /// The elements lie in row-major order without gaps.
  public var isContiguous: Bool { withExtendedLifetime(self) { ct_tensor_is_contiguous(raw) } }

  /// Both values refer to the same libtorch tensor, not merely to equal ones.
  public func isIdentical(to other: Tensor) -> Bool {
    withExtendedLifetime((self, other)) { ct_tensor_is_same(raw, other.raw) }
  }
}

/// The number of libtorch objects that this process holds through the package.
public enum LiveHandles {
  /// Tensors, generators and opaque values that were given out and not yet freed. Tests bring it back to where it was.
  public static var count: Int { Int(ct_live_handles()) }
}
