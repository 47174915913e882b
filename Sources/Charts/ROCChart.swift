public import MartletCore

/// Receiver operating characteristics: one curve a class, the diagonal of chance beneath.
public struct ROCChart: Chart {
  /// One class's curve.
  public struct Curve: Sendable, Hashable {
    /// The class.
    public let name: String
    /// The area under the curve, for the legend.
    public let area: Double
    /// False positive rate against true positive rate.
    public let points: [Point]

    /// A curve through points.
    public init(_ name: String, area: Double, points: [Point]) {
      self.name = name
      self.area = area
      self.points = points
    }
  }

  /// The heading.
  public let title: String
  /// The curves, in the order of the legend.
  public let curves: [Curve]

  /// A chart of several curves.
  public init(title: String, curves: [Curve]) {
    self.title = title
    self.curves = curves
  }

  private var names: [String] { curves.map { "\($0.name)  \(NumberText.fixed($0.area))" } }

  /// The Vega-Lite specification.
  public var specification: JSONValue {
    let values = zip(names, curves).flatMap { name, curve in
      curve.points.enumerated().map { index, point -> JSONValue in
        ["x": Spec.number(point.x), "y": Spec.number(point.y), "series": .string(name), "order": .int(index)]
      }
    }
    let unit: JSONValue = ["domain": [0, 1], "nice": false]
    return Spec.base(
      height: 440, values: values,
      [
        "layer": [
          [
            "data": ["values": [["x": 0, "y": 0], ["x": 1, "y": 1]]],
            "mark": ["type": "line", "strokeDash": [4, 4], "strokeWidth": 1, "color": "#8a97a5"],
            "encoding": [
              "x": Spec.quantitative("x", title: "false positive rate"), "y": Spec.quantitative("y", title: "true positive rate"),
            ],
          ],
          [
            "mark": ["type": "line", "strokeWidth": 2, "clip": true],
            "encoding": [
              "x": Spec.quantitative("x", title: "false positive rate", ["scale": unit, "axis": ["format": ".1f", "tickCount": 5]]),
              "y": Spec.quantitative("y", title: "true positive rate", ["scale": unit, "axis": ["format": ".1f", "tickCount": 5]]),
              "color": [
                "field": "series", "type": "nominal", "title": "class and area",
                "scale": ["domain": .array(names.map(JSONValue.string)), "range": Palette.range],
                "legend": ["orient": "bottom", "columns": 3, "symbolType": "stroke", "symbolStrokeWidth": 3, "symbolLimit": 21],
              ],
              "order": ["field": "order"],
              "tooltip": [
                Spec.tooltip("series", "class", type: "nominal"), Spec.tooltip("x", "false positive rate", format: ".4f"),
                Spec.tooltip("y", "true positive rate", format: ".4f"),
              ],
            ],
          ],
        ]
      ])
  }

  /// The numbers as rows.
  public var table: TextTable {
    TextTable(columns: [.init("class"), .number("area under the curve")], rows: curves.map { [$0.name, NumberText.fixed($0.area)] })
  }
}
