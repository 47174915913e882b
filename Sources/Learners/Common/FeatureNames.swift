import MartletCore
public import Tables

/// Holds the features of a prediction against those of the fit.
public enum FeatureNames {
  /// - Parameters:
  ///   - given: the features of what is to be predicted.
  ///   - fitted: those that the learner was fitted on, in their order.
  /// - Throws: `LearnerError` naming what is missing, what is extra, and what stands in another place.
  public static func check(_ given: [String], fitted: [String], kind: String) throws(LearnerError) {
    guard given != fitted else { return }
    let wanted = Set(fitted), present = Set(given)
    let missing = fitted.filter { !present.contains($0) }, extra = given.filter { !wanted.contains($0) }
    var complaints: [String] = []
    if !missing.isEmpty { complaints.append("without \(list(missing))") }
    if !extra.isEmpty { complaints.append("with \(list(extra)), unknown to the fit") }
    if complaints.isEmpty {
      if given.count != fitted.count {
        complaints.append("with \(given.count) features of which some come twice")
      } else {
        let moved = given.indices.filter { given[$0] != fitted[$0] }.map { given[$0] }
        complaints.append("with \(list(moved)) in other places")
      }
    }
    let near = missing.count == 1 ? NearestName.of(missing[0], among: extra) : nil
    throw LearnerError(
      "\(kind) was given features \(complaints.joined(separator: " and "))",
      expected: "the \(fitted.count) features of the fit in their order",
      remedy: near.map { "rename '\($0)' to '\(missing[0])'" } ?? "prepare the rows with the recipe that the model was fitted with")
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
  }
}

extension FittedLearner {
  /// - Throws: `LearnerError` naming what is missing, extra or in another place, unless the features are those of the fit in their order.
  public func checkFeatures(_ x: FeatureMatrix) throws(LearnerError) {
    try FeatureNames.check(x.names, fitted: featureNames, kind: kind)
  }
}
