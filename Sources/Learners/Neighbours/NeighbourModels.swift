import MartletCore
public import Tables

/// Fitted ``Neighbours`` that give classes their shares among the neighbours.
public struct NeighbourClassifier: FittedClassifier {
  public var kind: String { Neighbours.kind }
  public var featureNames: [String] { state.names }
  public let labels: [String]
  private let present: [Int]
  private let codes: [Int]
  private let state: NeighbourState
  /// The classes' shares of all rows: said of rows that have no neighbour within the radius.
  private let shares: [Double]

  init(labels: [String], present: [Int], codes: [Int], state: NeighbourState) {
    self.labels = labels
    self.present = present
    self.codes = codes
    self.state = state
    var sums = [Double](repeating: 0, count: present.count)
    for (code, weight) in zip(codes, state.weights) { sums[code] += weight }
    let total = sums.reduce(0, +)
    shares = sums.map { $0 / total }
  }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    let width = present.count
    var result = [Double](repeating: 0, count: x.rows * width)
    try state.forEachRow(x) { row, near in
      let total = near.reduce(0.0) { $0 + $1.share }
      if total > 0 {
        for neighbour in near { result[row * width + codes[neighbour.row]] += neighbour.share }
        for place in row * width..<(row + 1) * width { result[place] /= total }
      } else {
        for place in 0..<width { result[row * width + place] = shares[place] }
      }
    }
    return RowClasses.spread(result, present: present, labels: labels.count)
  }

  /// The share of the true neighbours that the search finds among the training rows: 1 for exact search.
  public func recall() throws -> Double { try state.recall() }

  public func archive() throws -> LearnerArchive { try state.archive(codes.map(Double.init), labels: labels, present: present) }

  public init(archive: LearnerArchive) throws {
    let (state, targets, settings) = try NeighbourState.restore(archive)
    guard let labels = settings.labels, let present = settings.present else {
      throw LearnerError("the archive of \(archive.kind) names no classes")
    }
    try RowClasses.check(present: present, labels: labels, kind: archive.kind)
    let codes = targets.compactMap { Int(exactly: $0) }.filter(present.indices.contains)
    guard codes.count == targets.count else { throw LearnerError("the archive of \(archive.kind) holds classes that are none") }
    self.init(labels: labels, present: present, codes: codes, state: state)
  }
}

/// Fitted ``Neighbours`` that give the mean of the neighbours' numbers.
public struct NeighbourRegressor: FittedRegressor {
  public var kind: String { Neighbours.kind }
  public var featureNames: [String] { state.names }
  private let targets: [Double]
  private let state: NeighbourState
  /// Said of rows that have no neighbour within the radius.
  private let mean: Double

  init(targets: [Double], state: NeighbourState) {
    self.targets = targets
    self.state = state
    mean = zip(targets, state.weights).reduce(0) { $0 + $1.0 * $1.1 } / state.weights.reduce(0, +)
  }

  public func predict(_ x: FeatureMatrix) throws -> [Double] {
    var result = [Double](repeating: 0, count: x.rows)
    try state.forEachRow(x) { row, near in
      let total = near.reduce(0.0) { $0 + $1.share }
      result[row] = total > 0 ? near.reduce(0.0) { $0 + $1.share * targets[$1.row] } / total : mean
    }
    return result
  }

  /// The share of the true neighbours that the search finds among the training rows: 1 for exact search.
  public func recall() throws -> Double { try state.recall() }

  public func archive() throws -> LearnerArchive { try state.archive(targets, labels: nil, present: nil) }

  public init(archive: LearnerArchive) throws {
    let (state, targets, _) = try NeighbourState.restore(archive)
    self.init(targets: targets, state: state)
  }
}
