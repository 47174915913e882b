import CTorch
public import MartletCore

extension Tensor {
  /// Copies Swift values into a new tensor.
  /// - Parameter shape: one dimension of all values if `nil`.
  /// - Throws: `TorchError` if the values do not fill the shape.
  public init<Element: TensorElement>(_ values: [Element], shape: [Int]? = nil, device: Device = .cpu) throws(TorchError) {
    let tensor = try values.withUnsafeBytes { bytes in
      Result { () throws(TorchError) in try Tensor.copying(bytes, shape: shape ?? [values.count], dtype: Element.dtype) }
    }.get()
    self = device == .cpu ? tensor : try tensor.to(device: device)
  }

  /// A tensor without dimensions that holds one number.
  public init<Element: TensorElement>(scalar value: Element, device: Device = .cpu) throws(TorchError) {
    try self.init([value], shape: [], device: device)
  }

  /// Copies an array of main memory.
  public init(_ array: HostArray, device: Device = .cpu) throws(TorchError) {
    let tensor = try array.bytes.withUnsafeBytes { bytes in
      Result { () throws(TorchError) in try Tensor.copying(bytes, shape: array.shape, dtype: array.dtype) }
    }.get()
    self = device == .cpu ? tensor : try tensor.to(device: device)
  }

  /// Copies bytes that are laid out row-major.
  public static func copying(_ bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) throws(TorchError) -> Tensor {
    var error: CTError?
    let raw = shape.withInts { ct_tensor_from_bytes(bytes.baseAddress, Int64(bytes.count), $0, Int32(dtype.rawValue), &error) }
    guard let raw else { throw TorchError(error, named: "Tensor.init of shape \(shape)", []) }
    return Tensor(owning: raw)
  }

  /// A tensor over memory that somebody else owns and that stays as it is while `owner` lives. Nothing is copied.
  package static func sharing(
    _ memory: UnsafeMutableRawPointer, shape: [Int], dtype: DType, owner: AnyObject
  ) throws(TorchError) -> Tensor {
    var error: CTError?
    let context = Unmanaged.passRetained(owner).toOpaque()
    let raw = shape.withInts {
      ct_tensor_from_memory(
        memory, $0, Int32(dtype.rawValue), context, { context in if let context { Unmanaged<AnyObject>.fromOpaque(context).release() } },
        &error)
    }
    guard let raw else { throw TorchError(error, "Tensor.sharing") }
    return Tensor(owning: raw)
  }

  /// The same elements in another type, on another device or in another memory order; the same tensor where nothing changes.
  /// - Parameter copy: make a new tensor even then.
  public func to(
    _ dtype: DType? = nil, device: Device? = nil, memoryFormat: MemoryFormat? = nil, nonBlocking: Bool = false, copy: Bool = false
  ) throws(TorchError) -> Tensor {
    var error: CTError?
    let result = ct_tensor_to(
      raw, device?.c ?? Device.none, dtype.map { Int32($0.rawValue) } ?? -1, nonBlocking, copy, memoryFormat?.rawValue ?? -1, &error)
    withExtendedLifetime(self) {}
    guard let result else { throw TorchError(error, "aten::to", [self]) }
    return Tensor(owning: result)
  }
}

extension [Int] {
  // `Int` and `int64_t` are the same 64 bits on every platform that libtorch runs on.
  func withInts<Result>(_ body: (CTInts) -> Result) -> Result {
    withUnsafeBytes { bytes in
      body(CTInts(items: bytes.baseAddress?.assumingMemoryBound(to: Int64.self), count: Int64(count)))
    }
  }
}
