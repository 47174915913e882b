public import Charts
import Foundation

/// The loss over the learning rate, as a sweep saw it.
public struct LearningRateCurve: Sendable, Hashable {
  /// One step of the sweep.
  public struct Place: Sendable, Hashable {
    /// The learning rate of the step (the largest of the groups').
    public let rate: Double
    /// The loss before the step.
    public let loss: Double
    /// The loss as an exponential average, corrected for its start.
    public let smoothed: Double
  }

  /// The steps in order.
  public let places: [Place]
  /// The learning rate at which the loss blew up or was no longer finite; `nil` if the sweep went through.
  public let divergedAt: Double?

  /// The learning rate at which the smoothed loss falls fastest over the logarithm of the rate (Smith 2017; Gugger 2018). `nil` where the
  /// loss falls nowhere. It lies well below the largest rate that works: a good maximum for one-cycle is a few times as much.
  public var suggestion: Double? { Self.steepest(places.map(\.smoothed)).map { places[$0].rate } }

  /// The place of the steepest fall before the least value, by central differences. The first tenth is left out: the average is young.
  static func steepest(_ values: [Double]) -> Int? {
    guard values.count >= 3, let end = values.indices.min(by: { values[$0] < values[$1] }) else { return nil }
    func slope(_ index: Int) -> Double {
      let (low, high) = (max(0, index - 1), min(values.count - 1, index + 1))
      return (values[high] - values[low]) / Double(high - low)
    }
    let candidates = (values.count / 10)..<max(values.count / 10, min(end, values.count - 1))
    guard let best = candidates.min(by: { slope($0) < slope($1) }), slope(best) < 0 else { return nil }
    return best
  }

  /// The curve over the logarithm of the learning rate.
  public var chart: LineChart {
    func line(_ name: String, _ value: (Place) -> Double) -> LineChart.Series {
      LineChart.Series(name, points: places.map { Point(x: log10($0.rate), y: value($0)) })
    }
    return LineChart(
      title: "Loss over the learning rate", xTitle: "log10 of the learning rate", yTitle: "loss",
      series: [line("smoothed", \.smoothed), line("loss", \.loss)])
  }

  /// What was found, in a sentence or two.
  public var text: String {
    let found =
      suggestion.map { "the loss falls fastest at a learning rate of \(NumberText.significant($0, digits: 2))" }
      ?? "the loss falls at no learning rate of this sweep"
    return found + (divergedAt.map { "; it blows up at \(NumberText.significant($0, digits: 2))" } ?? "")
  }
}
