import Web

/// How requests that wait for the same model are joined into one call.
public struct Batching: BatchingPolicy, Hashable {
  /// The most items in one joined call.
  public let maxItems: Int
  /// How long a request may wait for others to join it while the model is free; zero starts it at once.
  public let maxDelay: Duration
  /// How items of different lengths are padded; `nil` joins equal shapes only.
  public let ragged: RaggedInputs?

  /// Every request is a call of its own.
  public static var off: Batching { Batching(maxItems: 1, maxDelay: .zero, ragged: nil) }

  /// Requests that arrive while the model is busy go into the next call together, up to `maxItems` items.
  ///
  /// - Parameters:
  ///   - maxDelay: with zero a request never waits for others: when the model is free, it is started at once. With more it waits for so
  ///     long that others join, unless the call is full before.
  ///   - ragged: lets items of different lengths share a call.
  public static func whileBusy(maxItems: Int, maxDelay: Duration = .zero, ragged: RaggedInputs? = nil) -> Batching {
    Batching(maxItems: max(1, maxItems), maxDelay: max(.zero, maxDelay), ragged: ragged)
  }

  private init(maxItems: Int, maxDelay: Duration, ragged: RaggedInputs?) {
    self.maxItems = maxItems
    self.maxDelay = maxDelay
    self.ragged = ragged
  }

  /// Takes the first request and all others that can join it, in their order; a request that is too large for the rest of the room is
  /// passed over by smaller ones, until it is the first itself.
  public func next(_ waiting: [WaitingRequest]) -> BatchDecision {
    guard let first = waiting.first else { return .wait(.seconds(1)) }
    guard maxItems > 1 else { return .start([0]) }
    var batch = [0]
    var items = first.items
    // A call that is full, or that others wait behind, has nothing to wait for.
    var isReady = items >= maxItems
    for index in waiting.indices.dropFirst() {
      if items >= maxItems { break }
      let other = waiting[index]
      guard first.joins(other) else { continue }
      guard items + other.items <= maxItems else {
        isReady = true
        continue
      }
      batch.append(index)
      items += other.items
      isReady = isReady || items >= maxItems
    }
    if !isReady, maxDelay > .zero {
      let left = min(maxDelay - first.waited, first.remaining - .milliseconds(1))
      if left > .zero { return .wait(left) }
    }
    return .start(batch)
  }
}
