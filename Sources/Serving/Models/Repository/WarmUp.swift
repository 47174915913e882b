import MartletCore
import Synchronization

/// Asks a model once before clients do: what does not answer must not take over, and the first request should not be the slow one.
enum WarmUp {
  /// One item of zeros; `nil` where the signature leaves open more than the number of items, so that nobody can say what it takes.
  static func sample(for signature: Signature) -> [String: HostArray]? {
    var inputs: [String: HostArray] = [:]
    for spec in signature.inputs {
      var shape: [Int] = []
      for (index, size) in spec.shape.enumerated() {
        guard let size = size ?? (index == 0 && signature.isBatched ? 1 : nil) else { return nil }
        shape.append(size)
      }
      guard let count = try? HostArray.elementCount(of: shape), count <= 1 << 26,
        let array = try? HostArray(dtype: spec.dtype, shape: shape, bytes: [UInt8](repeating: 0, count: count * spec.dtype.size))
      else { return nil }
      inputs[spec.name] = array
    }
    return inputs
  }

  /// Asks every instance of a model, and checks what comes back against its signature.
  /// - Returns: whether there was something to ask with.
  /// - Throws: what the model throws; `ArgumentError` where its outputs are others than promised or do not come in time.
  @discardableResult
  static func run(_ model: ServedModel, limit: Duration) async throws -> Bool {
    let signature = model.predictor.signature
    let samples = model.samples.isEmpty ? [sample(for: signature)].compactMap { $0 } : model.samples
    for predictor in model.instances {
      for inputs in samples {
        let outputs = try await TimeLimit.run(limit) {
          try await predictor.predict(inputs)
        } late: {
          ArgumentError("\(model.name)@\(model.version) did not answer its warm-up within \(limit)")
        }
        for spec in signature.outputs {
          guard let array = outputs[spec.name] else {
            throw ArgumentError("\(model.name)@\(model.version) gives no output '\(spec.name)'", expected: "what its signature promises")
          }
          try spec.check(array)
        }
      }
    }
    return !samples.isEmpty
  }
}

/// Waits for work that cannot be stopped, for so long and no longer.
enum TimeLimit {
  /// - Throws: what the work throws, or `late()` after the limit; the work then goes on by itself.
  static func run<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value, late: @escaping @Sendable () -> any Error
  ) async throws -> Value {
    let once = Once<Value>()
    return try await withCheckedThrowingContinuation { continuation in
      once.hold(continuation)
      let timer = Task {
        try await Task.sleep(for: limit)
        once.finish(.failure(late()))
      }
      Task {
        do { once.finish(.success(try await work())) } catch { once.finish(.failure(error)) }
        timer.cancel()
      }
    }
  }

  private final class Once<Value: Sendable>: Sendable {
    private let state = Mutex<CheckedContinuation<Value, any Error>?>(nil)

    func hold(_ continuation: CheckedContinuation<Value, any Error>) { state.withLock { $0 = continuation } }

    func finish(_ result: Result<Value, any Error>) {
      let continuation = state.withLock { state in
        defer { state = nil }
        return state
      }
      continuation?.resume(with: result)
    }
  }
}
