import CTorch
public import MartletCore

// libtorch keeps these settings per thread. The bodies are synchronous, so no task can move to another thread inside one.

/// Runs `body` without recording operations for `backward`.
public func withoutGrad<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  try withGradEnabled(false, body)
}

/// Runs `body` with recording on, also inside `withoutGrad`.
public func withGrad<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  try withGradEnabled(true, body)
}

private func withGradEnabled<Result, Failure: Error>(
  _ value: Bool, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let previous = ct_grad_enabled()
  ct_set_grad_enabled(value)
  defer { ct_set_grad_enabled(previous) }
  return try body()
}

/// Operations are being recorded on this thread.
public var isGradEnabled: Bool { ct_grad_enabled() }

/// Runs `body` in libtorch's inference mode: no recording and no bookkeeping at all. Tensors made inside can never take part in training.
public func inferenceMode<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  let guardObject = ct_inference_enter(true)
  defer { ct_inference_leave(guardObject) }
  return try body()
}

/// Runs `body` in mixed precision: matrix products and convolutions in `dtype`, what needs range or precision in float32.
/// - Parameters:
///   - dtype: `bfloat16` or `float16`.
///   - enabled: `false` switches it off inside an outer scope.
/// - Throws: `TorchError` for a device without mixed precision, and what `body` throws.
public func autocast<Result>(
  _ dtype: DType = .bfloat16, device: Device = .cpu, enabled: Bool = true, _ body: () throws -> Result
) throws -> Result {
  var error: CTError?
  let previous = ct_autocast(device.kind.rawValue, &error)
  if let error { throw TorchError(error, "autocast") }
  let state = CTAutocast(enabled: enabled, dtype: Int32(dtype.rawValue), cache: true)
  guard ct_autocast_enter(device.kind.rawValue, state, &error) == 0 else { throw TorchError(error, "autocast") }
  defer { ct_autocast_leave(device.kind.rawValue, previous) }
  return try body()
}

/// The number of threads that an operator on this thread may use.
public enum TorchThreads {
  public static var count: Int { Int(ct_threads()) }

  /// Sets the number for this thread and for threads that have not yet run an operator.
  /// - Throws: `TorchError` for numbers below 1.
  public static func set(_ count: Int) throws(TorchError) {
    guard (1...4096).contains(count) else {
      throw TorchError(.value, "TorchThreads.set", "\(count) is no number of threads", expected: "1…4096")
    }
    var error: CTError?
    guard ct_set_threads(Int32(count), &error) > 0 else { throw TorchError(error, "TorchThreads.set") }
  }

  /// Runs `body` with `count` threads and sets the number back.
  public static func with<Result>(_ count: Int, _ body: () throws -> Result) throws -> Result {
    let previous = self.count
    try set(count)
    defer { restore(previous) }
    return try body()
  }

  private static func restore(_ count: Int) {
    var error: CTError?
    _ = ct_set_threads(Int32(count), &error)
    if let error { ct_error_free(error) }
  }
}

/// Whether operators without a deterministic kernel throw. A setting of the process.
public enum Determinism {
  public static var isRequired: Bool {
    get { ct_deterministic() }
    set { ct_set_deterministic(newValue, false) }
  }
}
