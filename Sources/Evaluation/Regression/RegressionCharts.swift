public import Charts
import MartletCore

/// Points of two numbers with a line to compare them with.
struct PointChart: Chart {
  let title: String
  let xTitle: String
  let yTitle: String
  let points: [Point]
  /// The ends of a dashed line.
  let line: [Point]

  var specification: JSONValue {
    func value(_ point: Point) -> JSONValue { ["x": .double(point.x), "y": .double(point.y)] }
    func axis(_ field: String, _ title: String) -> JSONValue {
      ["field": .string(field), "type": "quantitative", "title": .string(title), "scale": ["zero": false, "nice": true]]
    }
    let x = axis("x", xTitle), y = axis("y", yTitle)
    return [
      "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "width": "container", "height": 340,
      "autosize": ["type": "fit", "contains": "padding"],
      "data": ["values": .array(points.filter { $0.x.isFinite && $0.y.isFinite }.map(value))],
      "layer": [
        [
          "mark": ["type": "circle", "size": 18, "opacity": 0.45, "color": .string(Palette.series[0])],
          "encoding": [
            "x": x, "y": y,
            "tooltip": [
              ["field": "x", "type": "quantitative", "title": .string(xTitle), "format": ".4~g"],
              ["field": "y", "type": "quantitative", "title": .string(yTitle), "format": ".4~g"],
            ],
          ],
        ],
        [
          "data": ["values": .array(line.map(value))],
          "mark": ["type": "line", "strokeDash": [4, 4], "strokeWidth": 1.5, "color": "#8a97a5"], "encoding": ["x": x, "y": y],
        ],
      ],
    ]
  }

  /// The first fifty points: more is no use as text.
  var table: TextTable {
    TextTable(
      columns: [.number(xTitle), .number(yTitle)],
      rows: points.prefix(50).map { [NumberText.significant($0.x), NumberText.significant($0.y)] })
  }
}

extension RegressionEvaluation {
  /// The metrics as a table: value and interval, in the catalogue's order.
  public var metricTable: TextTable { TextTable.metrics(metrics, level: intervals.level) }

  /// Predicted against true, some rows.
  public var predictionChart: any Chart {
    let all = sample.flatMap { [$0.truth, $0.predicted] }
    let low = all.min() ?? 0, high = all.max() ?? 1
    return PointChart(
      title: "Predicted against true", xTitle: "predicted \(target)", yTitle: "true \(target)",
      points: sample.map { Point(x: $0.predicted, y: $0.truth) }, line: [Point(x: low, y: low), Point(x: high, y: high)])
  }

  /// Residuals against predictions, some rows: a pattern here is something that could still be learned.
  public var residualChart: any Chart {
    let values = sample.map(\.predicted)
    return PointChart(
      title: "Errors by prediction", xTitle: "predicted \(target)", yTitle: "predicted minus true",
      points: sample.map { Point(x: $0.predicted, y: $0.residual) },
      line: [Point(x: values.min() ?? 0, y: 0), Point(x: values.max() ?? 1, y: 0)])
  }

  /// How errors are spread, some rows.
  public var residualHistogram: any Chart {
    Histogram(title: "How far off", valueTitle: "predicted minus true", countTitle: "rows", values: sample.map(\.residual), bins: 30)
  }

  /// Mean prediction and mean truth of rows of similar prediction.
  public var binTable: TextTable {
    TextTable(
      columns: [.number("rows"), .number("mean prediction"), .number("mean truth"), .number("from"), .number("to"), .number("mean error")],
      rows: bins.map {
        [
          NumberText.grouped($0.rows), NumberText.significant($0.predicted), NumberText.significant($0.truth.value),
          NumberText.significant($0.truth.lower), NumberText.significant($0.truth.upper), NumberText.significant($0.absoluteError),
        ]
      })
  }

  /// The rows with the largest errors.
  public func worstTable(_ limit: Int = 12) -> TextTable {
    TextTable(
      columns: [.number("row"), .number("true"), .number("predicted"), .number("error")],
      rows: worstRows.prefix(limit).map {
        [
          NumberText.grouped($0.row), NumberText.significant($0.truth, digits: 6), NumberText.significant($0.predicted, digits: 6),
          NumberText.significant($0.residual),
        ]
      })
  }

  /// Everything that fits a terminal: metrics, worst rows, notes.
  public func terminalText(width: Int? = nil, unicode: Bool = TextTable.terminalIsUTF8) -> String {
    var parts = ["\(NumberText.grouped(rows)) rows\n", metricTable.render(width: width, unicode: unicode)]
    if !worstRows.isEmpty { parts.append("Largest errors\n" + worstTable(8).render(width: width, unicode: unicode)) }
    parts += notes.map { TextTable.printable("Note: \($0)", unicode: unicode) + "\n" }
    return parts.joined(separator: "\n")
  }
}

extension TextTable {
  /// Metrics with their intervals, in the catalogue's order.
  static func metrics(_ metrics: [String: Estimate], level: Double) -> TextTable {
    let percent = NumberText.significant(level * 100, digits: 2)
    func text(_ value: Double) -> String { value.isFinite ? ClassificationEvaluation.text(value) : value.isNaN ? "–" : "∞" }
    return TextTable(
      columns: [.init("metric"), .number("value"), .number("\(percent) % interval"), .init("meaning")],
      rows: MetricInfo.of(metrics.keys).compactMap { info in
        metrics[info.name].map { [info.title, text($0.value), "\(text($0.lower)) – \(text($0.upper))", info.meaning] }
      })
  }
}
