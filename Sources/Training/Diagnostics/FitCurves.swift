import Charts
import Foundation

/// A run's curves, and the numbers that judge them.
struct FitCurves {
  let training: [Double]
  let validation: [Double]
  let trainingAccuracy: [Double]
  let validationAccuracy: [Double]

  private var epochs: Int { training.count }

  /// The mean of the last quarter, at least one value: single epochs jump.
  private static func tail(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let part = values.suffix(max(1, values.count / 4))
    return part.reduce(0, +) / Double(part.count)
  }

  /// How much better training is than validation at the end, in accuracy.
  var accuracyGap: Double? {
    guard let train = Self.tail(trainingAccuracy), let validation = Self.tail(validationAccuracy) else { return nil }
    return train - validation
  }

  /// How much of the training loss's whole fall the last quarter of the epochs brought.
  var lateImprovement: Double {
    guard let first = training.first, let last = training.last else { return 0 }
    let start = training[max(0, epochs - 1 - max(1, epochs / 4))]
    return first > last ? (start - last) / (first - last) : 0
  }

  /// The rise of the validation loss above its least value, as a share of it.
  var rise: Double? {
    guard let least = validation.min(), let end = Self.tail(validation), least > 0 else { return nil }
    return end / least - 1
  }

  /// Steps from epoch to epoch around the trend, over how far the validation loss fell in all.
  var roughness: Double? {
    guard validation.count >= 6, let first = validation.first, let least = validation.min() else { return nil }
    // Second differences vanish for a straight line; their deviation is √6 times that of independent noise.
    let second = (1..<(validation.count - 1)).map { (index: Int) -> Double in
      validation[index + 1] - 2 * validation[index] + validation[index - 1]
    }
    // The first fall is steep and bends; noise is what is left after it.
    let late = second.suffix(max(3, second.count * 2 / 3))
    let squares: Double = late.reduce(0) { $0 + $1 * $1 }
    let noise = (squares / Double(6 * late.count)).squareRoot()
    return noise / max(first - least, 1e-12)
  }

  func judge() -> (verdict: FitDiagnosis.Verdict, evidence: [String]) {
    func number(_ value: Double) -> String { NumberText.significant(value, digits: 3) }
    func share(_ value: Double) -> String { NumberText.percent(value, digits: 3) }
    if training.contains(where: { !$0.isFinite }) || validation.contains(where: { !$0.isFinite }) {
      return (.diverges, ["a loss is not finite"])
    }
    guard epochs >= 3, let first = training.first, let last = training.last, let least = training.min() else {
      return (.unknown, ["\(epochs) epochs were measured; 3 or more are needed"])
    }
    if last > 1.5 * least, last > first * 0.8 {
      return (.diverges, ["the training loss was \(number(least)) and is \(number(last))"])
    }
    guard validation.count >= 3, let end = Self.tail(validation), let lowest = validation.min(), let trainEnd = Self.tail(training) else {
      return (.unknown, ["there is no validation curve of 3 epochs or more"])
    }
    let gapText = accuracyGap.map { "training is \(number(100 * $0)) points of accuracy ahead of validation" }
    if let early = validationAccuracy.first, early >= 0.995 {
      return (.leakSuspected, ["validation accuracy is \(share(early)) after the first epoch"])
    }
    if let gap = accuracyGap, gap < -0.1, end < 0.5 * trainEnd {
      return (
        .leakSuspected,
        [
          "validation is \(number(-100 * gap)) points of accuracy ahead of training",
          "its loss is \(number(end)), training's \(number(trainEnd))",
        ]
      )
    }
    let rise = rise ?? 0
    let isWidening = (accuracyGap ?? 0) > 0.05 || (accuracyGap == nil && end > 2 * trainEnd)
    if let roughness, roughness > 0.25, rise < 0.5 || !isWidening {
      return (.tooNoisy, ["validation loss jumps by \(share(roughness)) of its whole improvement from epoch to epoch"])
    }
    let riseText = "validation loss was \(number(lowest)) and is \(number(end)), training loss is \(number(trainEnd))"
    if (rise > 0.1 && trainEnd < 0.9 * end && isWidening) || (accuracyGap ?? 0) > 0.1 {
      return (.overfits, [riseText] + [gapText].compactMap { $0 })
    }
    if rise > 0.25, trainEnd < lowest { return (.overfits, [riseText] + [gapText].compactMap { $0 }) }
    if lateImprovement > 0.15 {
      return (
        .underfits,
        ["the last quarter of the epochs brought \(share(lateImprovement)) of the whole fall of the training loss: it is not done"]
          + [gapText].compactMap { $0 }
      )
    }
    if trainEnd > 0.6 * first {
      return (
        .underfits, ["training loss only fell from \(number(first)) to \(number(trainEnd)) and has stopped"] + [gapText].compactMap { $0 }
      )
    }
    return (.fits, [riseText] + [gapText].compactMap { $0 })
  }
}
