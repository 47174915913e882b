import CTorch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Tensor {
  /// Calls `body` each time a backward pass has added to this leaf's gradient, on the thread that runs it. There is one such closure for a
  /// leaf. What it throws ends the backward pass with a `TorchError` of kind `.callback`.
  package func onGradientReady(_ body: @escaping @Sendable () throws -> Void) throws(TorchError) {
    var error: CTError?
    let context = Unmanaged.passRetained(ReadyContext(body)).toOpaque()
    let status = ct_set_gradient_hook(
      raw,
      { context, message in
        do {
          try Unmanaged<ReadyContext>.fromOpaque(context).takeUnretainedValue().body()
          return 0
        } catch {
          message.pointee = strdup("\(error)")
          return 1
        }
      }, context, { Unmanaged<ReadyContext>.fromOpaque($0).release() }, &error)
    guard status == 0 else { throw TorchError(error, "Tensor.onGradientReady", [self]) }
  }

  /// Forgets the closure.
  package func removeGradientReady() throws(TorchError) {
    var error: CTError?
    guard ct_remove_gradient_hook(raw, &error) == 0 else { throw TorchError(error, "Tensor.removeGradientReady", [self]) }
  }
}

private final class ReadyContext: Sendable {
  let body: @Sendable () throws -> Void
  init(_ body: @escaping @Sendable () throws -> Void) { self.body = body }
}
