import MartletCore
import Testing

@testable import Charts

struct ChartTests {
  static let charts: [any Chart] = [
    LineChart(
      title: "Loss", xTitle: "epoch", yTitle: "loss",
      series: [.init("train", values: [1, 0.5, .nan]), .init("validation", values: [1, 0.6, 0.5])]),
    HeatMap(title: "Confusion", labels: ["a", "b", "a"], counts: [[5, 1, 0], [0, 7, 2], [0, 0, 0]]),
    ROCChart(title: "ROC", curves: [.init("a", area: 0.9, points: [Point(x: 0, y: 0), Point(x: 0.1, y: 0.9), Point(x: 1, y: 1)])]),
    ReliabilityDiagram(
      title: "Reliability", bins: [.init(confidence: 0.4, accuracy: 0.5, count: 3), .init(confidence: 0, accuracy: 0, count: 0)]),
    BarChart(title: "F1", valueTitle: "F1", bars: [.init("a", 0.9, interval: 0.8...0.95), .init("b", 0.5)], range: 0...1),
    Histogram(title: "Confidence", valueTitle: "confidence", values: [0, 0.1, 0.5, 0.9, 1], bins: 4),
  ]

  @Test func specificationsNameTheirSchemaAndHoldTheirData() throws {
    for chart in Self.charts {
      let specification = chart.specification
      #expect(specification["$schema"] == "https://vega.github.io/schema/vega-lite/v5.json")
      #expect(specification["data"]?["values"]?.arrayValue?.isEmpty == false)
      #expect(specification["width"] == "container")
      #expect(specification["mark"] != nil || specification["layer"] != nil)
      #expect(!chart.table.rows.isEmpty)
      // No chart asks for anything from anywhere.
      #expect(!String(decoding: try JSON.encode(specification), as: UTF8.self).contains("\"url\""))
    }
  }

  @Test func linesKeepTheirNumbers() {
    let chart = Self.charts[0]
    let values = chart.specification["data"]?["values"]?.arrayValue ?? []
    #expect(values.count == 6)
    #expect(values[2]["y"] == .null)
    #expect(chart.table.rows[1] == ["2.000", "0.5000", "0.6000"])
  }

  @Test func heatMapsShareByRow() {
    let values = Self.charts[1].specification["data"]?["values"]?.arrayValue ?? []
    #expect(values.count == 9)
    #expect(values[0]["share"]?.doubleValue == 5.0 / 6)
    #expect(values[8]["share"]?.doubleValue == 0)
    #expect(values[8]["row"] == "a (2)")
    #expect(values[2]["text"] == "")
  }

  @Test func emptyBinsAreLeftOut() { #expect(Self.charts[3].table.rows.count == 1) }

  @Test func histogramCountsEveryFiniteValue() {
    let histogram = Histogram(title: "", valueTitle: "", values: [1, 2, 3, 4, .nan, .infinity], bins: 3)
    #expect(histogram.counts == [1, 1, 2])
    #expect(histogram.edges == [1, 2, 3, 4])
    #expect(Histogram(title: "", valueTitle: "", values: [], bins: 3).counts == [0, 0, 0])
    #expect(Histogram(title: "", valueTitle: "", values: [5, 5], bins: 2).counts == [2, 0])
  }
}
