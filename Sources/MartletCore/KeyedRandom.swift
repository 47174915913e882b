/// A counter-based random generator: the same (seed, purpose, index) gives the same numbers, whoever asks, in whatever order.
///
/// Philox 4×32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011). The purpose and the seed make the
/// key, the index and a running counter the block, so parallel loading, search and training repeat exactly at any number of workers.
public struct KeyedRandom: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let index: UInt64
  private var block: UInt64 = 0
  private var buffer: UInt64?

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - purpose: what the numbers are for (`"shuffle"`, `"augment"`); different purposes are independent.
  ///   - index: the item, the epoch, the trial …
  public init(seed: UInt64, purpose: String, index: UInt64 = 0) {
    // FNV-1a of the purpose, mixed with the seed by SplitMix64's finaliser.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    var mixed = seed &+ 0x9e37_79b9_7f4a_7c15 &* (hash | 1)
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    mixed ^= mixed >> 31
    self.init(key: mixed, index: index)
  }

  /// A generator with an explicit 64-bit key, as in the reference implementation.
  init(key: UInt64, index: UInt64) {
    self.key = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
    self.index = index
  }

  public mutating func next() -> UInt64 {
    if let value = buffer {
      buffer = nil
      return value
    }
    let words = Self.philox(
      (
        UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), UInt32(truncatingIfNeeded: index),
        UInt32(truncatingIfNeeded: index >> 32)
      ), key)
    block += 1
    buffer = UInt64(words.2) | UInt64(words.3) << 32
    return UInt64(words.0) | UInt64(words.1) << 32
  }

  /// Uniform in [0, 1) with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [range.lowerBound, range.upperBound).
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// True with probability `probability`.
  public mutating func bernoulli(_ probability: Double) -> Bool { uniform() < probability }

  static func philox(_ counter: (UInt32, UInt32, UInt32, UInt32), _ key: (UInt32, UInt32)) -> (UInt32, UInt32, UInt32, UInt32) {
    var (c0, c1, c2, c3) = counter
    var (k0, k1) = key
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) * UInt64(c0)
      let p1 = UInt64(0xCD9E_8D57) * UInt64(c2)
      (c0, c1, c2, c3) = (
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: p0)
      )
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    return (c0, c1, c2, c3)
  }
}
