public import MartletCore

/// Lines over a common axis: learning curves, schedules, anything that goes on.
public struct LineChart: Chart {
  /// One line.
  public struct Series: Sendable, Hashable {
    /// Its name in the legend.
    public let name: String
    /// Where its points lie; points that are not finite leave a gap.
    public let points: [Point]

    /// A line through points.
    public init(_ name: String, points: [Point]) {
      self.name = name
      self.points = points
    }

    /// A line over 1, 2, 3 …: one value an epoch.
    public init(_ name: String, values: [Double]) {
      self.init(name, points: values.enumerated().map { Point(x: Double($0.offset + 1), y: $0.element) })
    }
  }

  /// The heading.
  public let title: String
  /// The name of the horizontal axis, with its unit where it has one.
  public let xTitle: String
  /// The name of the vertical axis, with its unit where it has one.
  public let yTitle: String
  /// The lines, in the order of the legend.
  public let series: [Series]
  /// Fixes both ends of the vertical axis; `nil` fits them to the numbers.
  public let yRange: ClosedRange<Double>?

  /// A chart of several lines.
  public init(title: String, xTitle: String, yTitle: String, series: [Series], yRange: ClosedRange<Double>? = nil) {
    self.title = title
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.series = series
    self.yRange = yRange
  }

  /// The Vega-Lite specification.
  public var specification: JSONValue {
    let values = series.flatMap { line in
      line.points.map { point -> JSONValue in
        ["x": Spec.number(point.x), "y": Spec.number(point.y), "series": .string(line.name)]
      }
    }
    let isWhole = series.allSatisfy { $0.points.allSatisfy { $0.x == $0.x.rounded() } }
    let longest = series.map(\.points.count).max() ?? 0
    var scale: [String: JSONValue] = ["zero": false, "nice": true]
    if let yRange { scale = ["domain": [.double(yRange.lowerBound), .double(yRange.upperBound)]] }
    let axis: JSONValue = isWhole ? ["tickMinStep": 1, "format": "d", "grid": false] : ["grid": false]
    return Spec.base(
      height: 260, values: values,
      [
        "mark": [
          "type": "line", "strokeWidth": 2.5,
          "point": longest <= 60 ? ["size": 40, "filled": true] : false,
        ],
        "encoding": [
          "x": Spec.quantitative("x", title: xTitle, ["axis": axis, "scale": ["zero": false, "nice": false]]),
          "y": Spec.quantitative("y", title: yTitle, ["scale": .object(scale)]), "color": Spec.colour(series.map(\.name)),
          "tooltip": [
            Spec.tooltip("series", "series", type: "nominal"), Spec.tooltip("x", xTitle), Spec.tooltip("y", yTitle, format: ".4~g"),
          ],
        ],
      ])
  }

  /// The numbers as rows.
  public var table: TextTable {
    let positions = Set(series.flatMap { $0.points.map(\.x) }).sorted()
    let lookups = series.map { Dictionary($0.points.map { ($0.x, $0.y) }, uniquingKeysWith: { _, last in last }) }
    return TextTable(
      columns: [.number(xTitle)] + series.map { .number($0.name) },
      rows: positions.map { x in [NumberText.significant(x)] + lookups.map { $0[x].map { NumberText.significant($0) } ?? "" } })
  }
}

/// A place in a chart.
public struct Point: Sendable, Hashable, Codable {
  /// Along the horizontal axis.
  public let x: Double
  /// Along the vertical axis.
  public let y: Double

  /// A place by its coordinates.
  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }
}
