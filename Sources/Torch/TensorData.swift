import CTorch
public import MartletCore

extension Tensor {
  /// The single element as libtorch's own kind of number.
  /// - Throws: `TorchError` if there is not exactly one element.
  public func scalar() throws(TorchError) -> Scalar {
    var error: CTError?
    let value = ct_tensor_item(raw, &error)
    if let error { throw TorchError(error, "Tensor.scalar", [self]) }
    return Scalar(value)
  }

  /// The single element as a `Double`.
  public func double() throws(TorchError) -> Double { try scalar().doubleValue }

  /// The single element as an `Int`; fractions are cut off.
  /// - Throws: `TorchError` of kind `.value` for NaN, infinity and what does not fit.
  public func int() throws(TorchError) -> Int {
    switch try scalar() {
    case .int(let value): return value
    case .bool(let value): return value ? 1 : 0
    case .double(let value), .complex(let value, _):
      guard let whole = Int(exactly: value.rounded(.towardZero)) else { throw TorchError(.value, "Tensor.int", "\(value) is no Int") }
      return whole
    }
  }

  /// The elements in row-major order, converted to `Element`.
  public func array<Element: TensorElement>(of type: Element.Type = Element.self) throws(TorchError) -> [Element] {
    let source = try hostReady(Element.dtype)
    let bytes = try source.address()
    return withExtendedLifetime(source) {
      [Element](unsafeUninitializedCapacity: source.count) { target, written in
        if let bytes, source.count > 0 {
          UnsafeMutableRawBufferPointer(target).copyMemory(
            from: UnsafeRawBufferPointer(start: bytes, count: source.count * Element.dtype.size))
        }
        written = source.count
      }
    }
  }

  /// A copy in main memory, row-major.
  /// - Throws: `TorchError` for element types that no host array has.
  public func hostArray() throws(TorchError) -> HostArray {
    let source = try hostReady(dtype)
    let bytes = try source.address()
    let copy = withExtendedLifetime(source) {
      bytes.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: source.count * dtype.size)) } ?? []
    }
    do throws(ArgumentError) {
      return try HostArray(dtype: dtype, shape: shape, bytes: copy)
    } catch {
      throw TorchError(.engine, "Tensor.hostArray", error.description)
    }
  }

  /// Calls `body` with the elements' bytes in row-major order; nothing is copied where they lie so already in main memory.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let source = try hostReady(dtype)
    let bytes = try source.address()
    return try withExtendedLifetime(source) {
      try body(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : source.count * dtype.size))
    }
  }

  /// Calls `body` with memory that is this tensor's own. The caller is its only user.
  package func withUnsafeMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) throws -> Result {
    guard isContiguous, device == .cpu else {
      throw TorchError(.engine, "Tensor.withUnsafeMutableBytes", "the elements do not lie in main memory in row-major order")
    }
    let bytes = try address()
    return try withExtendedLifetime(self) {
      try body(UnsafeMutableRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count * dtype.size))
    }
  }

  private func hostReady(_ dtype: DType) throws(TorchError) -> Tensor {
    var error: CTError?
    let result = ct_tensor_host(raw, Int32(dtype.rawValue), &error)
    withExtendedLifetime(self) {}
    guard let result else { throw TorchError(error, "Tensor.data", [self]) }
    return Tensor(owning: result)
  }

  private func address() throws(TorchError) -> UnsafeMutableRawPointer? {
    var error: CTError?
    let address = ct_tensor_data(raw, &error)
    if let error { throw TorchError(error, "Tensor.data", [self]) }
    return address
  }
}
