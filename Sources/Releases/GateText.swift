import MartletCore

extension ReleaseGate {
  /// The words that gates are written with, and an example of each.
  public static let vocabulary = [
    "errors <= 0.01", "errors-increase <= 0.005", "p99 <= 0.5", "p99-ratio <= 1.2", "agreement >= 0.95", "quality >= 0.9",
    "quality-drop <= 0.02", "drift <= 0.2", "input-drift <= 0.2", "verdicts >= 0.8",
  ]

  /// Reads a gate as people write it: `"p99 <= 0.5"` (seconds), `"errors<=1%"`, `"p95-ratio <= 1.2"`.
  /// - Throws: `ReleaseError` `.badPlan` that names the part that is not understood.
  public init(_ text: String) throws(ReleaseError) {
    func refuse(_ problem: String) -> ReleaseError {
      ReleaseError(
        .badPlan, "the gate '\(text.prefix(60))' \(problem)", expected: Self.vocabulary.map { "'\($0)'" }.joined(separator: ", "))
    }
    let isUpper: Bool, parts: [Substring]
    if text.contains("<=") {
      (isUpper, parts) = (true, text.split(separator: "<=", omittingEmptySubsequences: false))
    } else if text.contains(">=") {
      (isUpper, parts) = (false, text.split(separator: ">=", omittingEmptySubsequences: false))
    } else {
      throw refuse("has neither <= nor >=")
    }
    guard parts.count == 2 else { throw refuse("has more than one limit") }
    let name = parts[0].filter { !$0.isWhitespace }.lowercased()
    var number = parts[1].filter { !$0.isWhitespace }
    let isPercent = number.hasSuffix("%")
    if isPercent { number.removeLast() }
    guard let written = Double(number), written.isFinite else { throw refuse("has the limit '\(parts[1].prefix(20))', which is no number") }
    let limit = isPercent ? written / 100 : written
    let gate: ReleaseGate
    switch name {
    case "errors", "error-rate": gate = .errorRate(atMost: limit)
    case "errors-increase", "error-increase": gate = .errorIncrease(atMost: limit)
    case "agreement": gate = .agreement(atLeast: limit)
    case "quality", "accuracy": gate = .quality(atLeast: limit)
    case "quality-drop", "accuracy-drop": gate = .qualityDrop(atMost: limit)
    case "drift": gate = .drift(atMost: limit)
    case "input-drift": gate = .inputDrift(atMost: limit)
    case "verdicts": gate = .verdicts(atLeast: limit)
    default:
      let isRatio = name.hasSuffix("-ratio")
      let digits = name.dropFirst().prefix { $0.isNumber || $0 == "." }
      guard name.hasPrefix("p"), let percent = Double(digits), name == "p\(digits)" + (isRatio ? "-ratio" : "") else {
        throw refuse("is about '\(name.prefix(30))', which nobody measures")
      }
      gate = isRatio ? .latencyRatio(percentile: percent / 100, atMost: limit) : .latency(percentile: percent / 100, secondsAtMost: limit)
    }
    guard gate.limit.isUpper == isUpper else { throw refuse("has its limit on the wrong side") }
    try gate.validate()
    self = gate
  }
}
