import CLearners
import MartletCore
import Tables

/// How trees grow, whichever learner they grow for.
struct TreeRules: Sendable {
  var kind: String
  var criterion = TreeCriterion.automatic
  var randomThresholds = false
  var maxDepth: Int?
  var minSplit = 2
  var minLeaf = 1
  var minLeafShare = 0.0
  var minDecrease = 0.0
  var features = FeaturesPerSplit.all
  var maxLeaves: Int?
  var monotone: [String: Int] = [:]

  /// - Throws: `LearnerError` naming the setting that is out of range.
  func check() throws {
    func hold(_ holds: Bool, _ name: String, _ value: Any, _ expected: String) throws {
      try SettingRange.check(holds, kind, name, value, expected)
    }
    if let maxDepth { try hold(maxDepth >= 1, "max-depth", maxDepth, "1 or more") }
    if let maxLeaves { try hold(maxLeaves >= 2, "max-leaves", maxLeaves, "2 or more") }
    try hold(minSplit >= 2, "min-split", minSplit, "2 or more")
    try hold(minLeaf >= 1, "min-leaf", minLeaf, "1 or more")
    try hold(minLeafShare >= 0 && minLeafShare <= 0.5, "min-leaf-share", minLeafShare, "0 to 0.5")
    try hold(minDecrease >= 0 && minDecrease.isFinite, "min-decrease", minDecrease, "0 or more")
    try hold(features.isUsable, "features", features, "all, sqrt, log2, a count of 1 or more, or a share between 0 and 1")
    for (name, sign) in monotone {
      try hold((-1...1).contains(sign), "monotone", "\(name): \(sign)", "-1 (falling), 0 or 1 (rising)")
    }
  }

  /// The criterion as the kernels know it.
  /// - Throws: `LearnerError` if it is not one for this target.
  func code(classes: Bool, targets: [Double] = []) throws -> Int32 {
    switch (criterion, classes) {
    case (.automatic, true), (.gini, true): return Int32(CL_GINI)
    case (.entropy, true): return Int32(CL_ENTROPY)
    case (.automatic, false), (.squaredError, false): return Int32(CL_SQUARED_ERROR)
    case (.absoluteError, false): return Int32(CL_ABSOLUTE_ERROR)
    case (.poisson, false):
      guard targets.allSatisfy({ $0 >= 0 }), targets.contains(where: { $0 > 0 }) else {
        throw LearnerError(
          "\(kind): the criterion poisson was asked for targets of which some are below 0, or all are 0", expected: "0 or more, some above")
      }
      return Int32(CL_POISSON)
    default:
      throw LearnerError(
        "\(kind): the criterion \(criterion.rawValue) does not fit a target of \(classes ? "classes" : "numbers")",
        expected: classes ? "gini or entropy" : "squared-error, absolute-error or poisson")
    }
  }

  /// A sign a feature, or `nil` where none is asked for.
  /// - Throws: `LearnerError` for features that are not there or have no order.
  func signs(_ x: FeatureMatrix, classes: Int) throws -> [Int8]? {
    guard monotone.contains(where: { $0.value != 0 }) else { return nil }
    guard classes <= 2 else {
      throw LearnerError("\(kind): monotone was asked for a target of \(classes) classes", expected: "two classes, or numbers")
    }
    var signs = [Int8](repeating: 0, count: x.columns)
    for (name, sign) in monotone.sorted(by: { $0.key < $1.key }) {
      guard let column = x.names.firstIndex(of: name) else {
        throw LearnerError(
          "\(kind): monotone names the feature '\(name)', which is not there",
          remedy: NearestName.of(name, among: x.names).map { "'\($0)'" })
      }
      guard x.levels[column] == nil || sign == 0 else {
        throw LearnerError("\(kind): monotone names '\(name)', whose categories have no order")
      }
      signs[column] = Int8(sign)
    }
    return signs
  }
}
