import CLearners

/// How far apart two rows are.
public enum NeighbourMetric: String, Sendable, Codable, CaseIterable {
  case euclidean, manhattan, chebyshev
  /// The `power`-th root of the sum of `power`-th powers.
  case minkowski
  /// One less the cosine of the angle.
  case cosine

  var code: Int32 {
    switch self {
    case .euclidean: Int32(CL_EUCLIDEAN)
    case .manhattan: Int32(CL_MANHATTAN)
    case .chebyshev: Int32(CL_CHEBYSHEV)
    case .minkowski: Int32(CL_MINKOWSKI)
    case .cosine: Int32(CL_COSINE)
    }
  }

  /// Whether a matrix product gives what grows with the distance.
  var isBilinear: Bool { self == .euclidean || self == .cosine }
}

/// How neighbours are looked for.
public enum NeighbourSearch: String, Sendable, Codable, CaseIterable {
  /// All rows are measured.
  case exact
  /// By hierarchical navigable small worlds (Malkov and Yashunin 2018): much faster among many rows, and some neighbours are missed.
  case approximate
}
