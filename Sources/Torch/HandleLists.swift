import CTorch

extension [Tensor] {
  /// Lends the handles of all tensors, which stay alive during `body`.
  func withHandles<Result>(_ body: (CTTensors) -> Result) -> Result {
    let handles: [CTTensor?] = map(\.raw)
    return withExtendedLifetime(self) {
      handles.withUnsafeBufferPointer { body(CTTensors(items: $0.baseAddress, count: Int64(count))) }
    }
  }
}

extension [Tensor?] {
  /// Lends the handles; `nil` travels as an undefined tensor.
  func withHandles<Result>(_ body: (CTTensors) -> Result) -> Result {
    let handles: [CTTensor?] = map { $0?.raw }
    return withExtendedLifetime(self) {
      handles.withUnsafeBufferPointer { body(CTTensors(items: $0.baseAddress, count: Int64(count))) }
    }
  }
}
