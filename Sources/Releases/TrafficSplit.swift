/// Which version answers a request, by who asks.
public struct TrafficSplit: Sendable, Hashable {
  /// The version that answers what the candidate does not.
  public let baseline: String
  /// The version that answers a share.
  public let candidate: String
  /// The candidate's share, from 0 to 1.
  public let share: Double
  /// Requests that the baseline answers go to the candidate, too.
  public let isShadowing: Bool
  private let salt: String

  /// - Parameter salt: another one deals the same people out anew; a release's own name.
  public init(baseline: String, candidate: String, share: Double, isShadowing: Bool, salt: String) {
    self.baseline = baseline
    self.candidate = candidate
    self.share = share
    self.isShadowing = isShadowing
    self.salt = salt
  }

  /// The same for the same key as long as the share does not fall: who has met the candidate stays with it while the share grows.
  /// - Parameter key: who asks: a user, a session, a request's name.
  public func version(for key: String) -> String {
    if share <= 0 { return baseline }
    if share >= 1 { return candidate }
    return Self.position(of: key, salt: salt) < share ? candidate : baseline
  }

  /// A place from 0 to 1 that looks random and is always the same (FNV-1a, then SplitMix64's finish).
  static func position(of key: String, salt: String) -> Double {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in salt.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash = (hash ^ 0xFF) &* 0x0000_0100_0000_01b3
    for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
    hash ^= hash >> 31
    return Double(hash >> 11) * 0x1p-53
  }
}
