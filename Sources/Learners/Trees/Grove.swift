import MartletCore
import Tables

/// Training rows made ready for one tree or many.
struct Grove: Sendable {
  let rules: TreeRules
  let names: [String]
  let labels: [String]
  /// The classes that occur; `nil` for numbers.
  let classes: [Int]?
  let codes: [Int]
  let targets: [Double]
  /// A row: its own weight times that of its class.
  let weights: [Double]
  let binned: BinnedRows
  private let criterion: Int32
  private let columns: Int

  var rows: Int { weights.count }
  var width: Int { classes?.count ?? 1 }

  /// - Parameter exactUpTo: rows up to which every threshold is looked at, unless `bins` says otherwise.
  /// - Throws: `LearnerError` naming the setting, the feature or the row that does not fit.
  init(_ rows: TrainingRows, _ rules: TreeRules, classWeights: ClassWeights?, bins: Int?, exactUpTo: Int, threads: Int) throws {
    try rules.check()
    if let bins { try SettingRange.check((2...Self.mostBins).contains(bins), rules.kind, "bins", bins, "2 to \(Self.mostBins)") }
    self.rules = rules
    names = rows.names
    columns = rows.columns
    let largest = bins ?? (rows.rows <= exactUpTo ? Self.mostBins : 255)
    let learnt: BinnedRows.Learnt
    switch rows.target {
    case .classes:
      let found = try rows.classes()
      try SettingRange.check(found.count < Self.mostBins, rules.kind, "number of classes", found.count, "fewer than \(Self.mostBins)")
      labels = found.labels
      classes = found.present
      codes = found.codes
      targets = []
      weights = try ClassWeights.apply(classWeights, found, rows.weights, kind: rules.kind)
      learnt = .classes(found.codes, count: found.count)
    case .values(let values):
      guard classWeights == nil else { throw LearnerError("\(rules.kind): class-weights was given for a target of numbers") }
      labels = []
      classes = nil
      codes = []
      targets = values
      weights = rows.weights
      learnt = .numbers(values)
    }
    criterion = try rules.code(classes: classes != nil, targets: targets)
    binned = try BinnedRows(
      rows.features, learnt, weights: rows.weights, bins: largest, signs: rules.signs(rows.features, classes: classes?.count ?? 0),
      kind: rules.kind, threads: threads)
  }

  private static let mostBins = 65_535

  /// - Parameter weights: a row; those of 0 are left out.
  func grow(_ weights: [Double], key: UInt64) throws -> GrownTree {
    let total = rules.minLeafShare > 0 ? weights.reduce(0, +) : 0
    return try binned.grow(
      weights: weights, settings: rules.settings(criterion: criterion, columns: columns, totalWeight: total, key: key), kind: rules.kind)
  }

  /// `nil` for numbers.
  func classifier(_ trees: [GrownTree], outOfBag: OutOfBag? = nil) -> TreeClassifier? {
    classes.map {
      TreeClassifier(
        kind: rules.kind, featureNames: names, labels: labels, present: $0, trees: TreeSet(trees, width: width), outOfBag: outOfBag)
    }
  }

  func regressor(_ trees: [GrownTree]) -> TreeRegressor {
    TreeRegressor(kind: rules.kind, featureNames: names, trees: TreeSet(trees, width: 1))
  }
}
