/// A dense array in main memory: what goes in and out of a model at a boundary (HTTP, gRPC, files), with no engine behind it.
///
/// Elements are row-major and little-endian; `bytes.count == elementCount * dtype.size` always holds.
public struct HostArray: Sendable, Hashable {
  public let dtype: DType
  public let shape: [Int]
  public let bytes: [UInt8]

  public var elementCount: Int { bytes.count / dtype.size }

  /// Wraps bytes that are laid out already.
  /// - Throws: `ArgumentError` if a dimension is negative, the shape overflows, or the bytes do not fill it exactly.
  public init(dtype: DType, shape: [Int], bytes: [UInt8]) throws(ArgumentError) {
    let count = try Self.elementCount(of: shape)
    let (size, overflow) = count.multipliedReportingOverflow(by: dtype.size)
    guard !overflow, bytes.count == size else {
      throw ArgumentError(
        "\(bytes.count) bytes do not fill a \(dtype) array of shape \(shape)", expected: overflow ? nil : "\(size) bytes")
    }
    self.dtype = dtype
    self.shape = shape
    self.bytes = bytes
  }

  /// Copies Swift values. `shape` defaults to one dimension.
  public init<Element: TensorElement>(_ values: [Element], shape: [Int]? = nil) throws(ArgumentError) {
    let bytes = values.withUnsafeBytes { [UInt8]($0) }
    try self.init(dtype: Element.dtype, shape: shape ?? [values.count], bytes: bytes)
  }

  /// The values, if `Element` is the array's type exactly.
  /// - Throws: `ArgumentError` naming both types otherwise.
  public func values<Element: TensorElement>(as type: Element.Type) throws(ArgumentError) -> [Element] {
    guard Element.dtype == dtype else {
      throw ArgumentError("the array holds \(dtype), not \(Element.dtype)", remedy: "ask for values(as:) of its own type")
    }
    let count = elementCount
    return bytes.withUnsafeBytes { source in
      [Element](unsafeUninitializedCapacity: count) { target, written in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
        written = count
      }
    }
  }

  /// The number of elements of a shape. The empty shape is a scalar: one element.
  /// - Throws: `ArgumentError` on a negative dimension or overflow.
  public static func elementCount(of shape: [Int]) throws(ArgumentError) -> Int {
    var count = 1
    for size in shape {
      guard size >= 0 else { throw ArgumentError("the shape \(shape) has a negative dimension", expected: "dimensions of 0 or more") }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { throw ArgumentError("the shape \(shape) has more elements than an Int can count") }
      count = product
    }
    return count
  }
}
