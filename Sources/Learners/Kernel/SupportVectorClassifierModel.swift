import MartletCore
public import Tables

/// A fitted ``SupportVectorClassifier``. It predicts in Swift from its support vectors, without libsvm.
public struct SupportVectorClassifierModel: FittedClassifier {
  public var kind: String { SupportVectorClassifier.kind }
  public let featureNames: [String]
  public let labels: [String]
  public let present: [Int]
  let machine: PairwiseMachine
  let sigmoids: [PlattScaling]?

  /// How many support vectors there are.
  public var vectorCount: Int { machine.vectors.count / max(featureNames.count, 1) }

  /// The scores of all pairs of classes that occurred, (0, 1), (0, 2) …: row-major `[rows, pairs]`. Above 0 speaks for the first.
  public func decision(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind)
    return machine.decision(RowMatrix(x))
  }

  /// The class with the most pairs won, as libsvm decides: a place in `labels`. Where probabilities are near each other, the most probable
  /// class may be another.
  public func votes(_ x: FeatureMatrix) throws -> [Int] {
    let scores = try decision(x), pairs = PairwiseMachine.pairs(machine.classes)
    return (0..<x.rows).map { row in
      var won = [Int](repeating: 0, count: machine.classes)
      for (place, pair) in pairs.enumerated() { won[scores[row * pairs.count + place] > 0 ? pair.0 : pair.1] += 1 }
      return present[won.indices.reduce(0) { won[$1] > won[$0] ? $1 : $0 }]
    }
  }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    let scores = try decision(x), count = machine.constants.count, k = machine.classes
    var values: [Double] = []
    values.reserveCapacity(x.rows * k)
    for row in 0..<x.rows {
      let pairwise = (0..<count).map { pair in
        let score = scores[row * count + pair]
        return sigmoids?[pair].probability(score) ?? LogisticModel.sigmoid(score)
      }
      values += PairwiseMachine.coupled(pairwise, classes: k)
    }
    return RowClasses.spread(values, present: present, labels: labels.count)
  }

  private struct State: Codable {
    var featureNames: [String], labels: [String], present: [Int], function: KernelFunction, calibrates: Bool
  }

  public func archive() throws -> LearnerArchive {
    let count = machine.constants.count, vectors = vectorCount
    var arrays: [String: (values: [Double], shape: [Int])] = [
      "vectors": (machine.vectors, [vectors, featureNames.count]), "coefficients": (machine.coefficients, [count, vectors]),
      "constants": (machine.constants, [count]),
    ]
    if let sigmoids { arrays["sigmoids"] = (sigmoids.flatMap { [$0.slope, $0.offset] }, [count, 2]) }
    return try StoredParts.make(
      kind,
      State(
        featureNames: featureNames, labels: labels, present: present, function: machine.function, calibrates: sigmoids != nil), arrays)
  }

  init(featureNames: [String], labels: [String], present: [Int], machine: PairwiseMachine, sigmoids: [PlattScaling]?) {
    self.featureNames = featureNames
    self.labels = labels
    self.present = present
    self.machine = machine
    self.sigmoids = sigmoids
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [SupportVectorClassifier.kind])
    let state = try parts.settings(State.self)
    try RowClasses.check(present: state.present, labels: state.labels, kind: archive.kind)
    let k = state.present.count, pairs = k * (k - 1) / 2
    let vectors = try parts.doubles("vectors", -1, state.featureNames.count)
    let machine = PairwiseMachine(
      function: state.function, classes: k, vectors: vectors,
      coefficients: try parts.doubles("coefficients", pairs, vectors.count / max(state.featureNames.count, 1)),
      constants: try parts.doubles("constants", pairs))
    let sigmoids = state.calibrates ? try parts.doubles("sigmoids", pairs, 2) : nil
    self.init(
      featureNames: state.featureNames, labels: state.labels, present: state.present, machine: machine,
      sigmoids: sigmoids.map { values in (0..<pairs).map { PlattScaling(slope: values[2 * $0], offset: values[2 * $0 + 1]) } })
  }
}
