import Bundles
import Charts
import Evaluation
import MartletCore
import Registry

/// A comparison of two versions, sharpened where both were judged on the same rows: what one gets right and the other wrong says more than
/// two averages do.
struct PairedComparison: Encodable {
  let comparison: Comparison
  /// `nil` where one of them kept no outcomes, or the rows differ.
  let paired: EvaluationComparison?

  init(_ first: ModelVersion, _ second: ModelVersion, in registry: ModelRegistry) throws {
    comparison = try registry.compare(first, second)
    let path = ModelBundle.WellKnown.report + "/evaluation.json"
    func evaluation(_ version: ModelVersion) throws -> ClassificationEvaluation? {
      let bundle = try registry.bundle(version, verify: .none)
      // What is read is checked against its hash.
      return bundle.has(path) ? try bundle.json(ClassificationEvaluation.self, of: path) : nil
    }
    if let one = try evaluation(first), let two = try evaluation(second), one.labels == two.labels {
      let result = try EvaluationComparison(one, two)
      paired = result.mcNemar == nil ? nil : result
    } else {
      paired = nil
    }
  }

  private enum CodingKeys: CodingKey { case paired }

  func encode(to encoder: any Encoder) throws {
    try comparison.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(paired, forKey: .paired)
  }

  /// The verdict on a metric: from the same rows where there are any.
  func verdict(on metric: MetricDifference) -> MetricDifference.Verdict {
    guard let difference = paired?.differences.first(where: { $0.name == metric.name && $0.isPaired }) else { return metric.verdict }
    if difference.difference.value == 0 { return .same }
    return switch difference.verdict {
    case .better: .better
    case .worse: .worse
    case .undecided: .unclear
    }
  }

  /// What the rows say, in one sentence.
  var sentence: String? {
    guard let test = paired?.mcNemar else { return nil }
    guard test.onlyFirstRight + test.onlySecondRight > 0 else {
      return "judged on the same rows: both are right and wrong about the same ones"
    }
    let (first, second) = (comparison.first.reference, comparison.second.reference)
    return "judged on the same rows: only \(first) is right about \(NumberText.grouped(test.onlyFirstRight)), only \(second) about "
      + "\(NumberText.grouped(test.onlySecondRight)) (McNemar's exact test, p = \(NumberText.significant(test.pValue, digits: 2)))"
  }
}
