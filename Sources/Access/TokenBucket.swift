/// Lets through a rate in the long run and a burst after a pause. Time is what the caller says, in seconds.
public struct TokenBucket: Sendable, Hashable {
  public let perSecond: Double
  public let capacity: Double
  private var level: Double
  private var last: Double

  /// Starts full.
  /// - Parameters:
  ///   - perSecond: what comes in.
  ///   - capacity: the most that is there, 1 at least.
  public init(perSecond: Double, capacity: Double, now: Double) {
    self.perSecond = max(perSecond, 1e-9)
    self.capacity = max(capacity, 1)
    level = self.capacity
    last = now
  }

  /// - Returns: the seconds until `amount` is there, 0 if it is there now.
  public mutating func wait(for amount: Double = 1, now: Double) -> Double {
    refill(now)
    // What is never there at once may go when the bucket is full.
    let needed = min(amount, capacity)
    return level >= needed ? 0 : (needed - level) / perSecond
  }

  /// Takes what was used, also what is not there: it is a debt that is paid off before the next one goes through.
  public mutating func take(_ amount: Double = 1, now: Double) {
    refill(now)
    level -= amount
  }

  private mutating func refill(_ now: Double) {
    // A clock that goes backwards gives nothing.
    guard now > last else { return }
    level = min(capacity, level + (now - last) * perSecond)
    last = now
  }
}
