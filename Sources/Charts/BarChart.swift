public import MartletCore

/// One horizontal bar a thing, with the interval of its value where there is one.
public struct BarChart: Chart {
  /// One bar.
  public struct Bar: Sendable, Hashable {
    /// What it stands for.
    public let name: String
    /// How long it is.
    public let value: Double
    /// The interval around its end.
    public let interval: ClosedRange<Double>?

    /// A bar by its numbers.
    public init(_ name: String, _ value: Double, interval: ClosedRange<Double>? = nil) {
      self.name = name
      self.value = value
      self.interval = interval
    }
  }

  /// The heading.
  public let title: String
  /// The name of the value's axis, with its unit where it has one.
  public let valueTitle: String
  /// The bars from top to bottom.
  public let bars: [Bar]
  /// Fixes both ends of the value's axis; `nil` begins at zero and fits the other end.
  public let range: ClosedRange<Double>?

  /// A chart of several bars.
  public init(title: String, valueTitle: String, bars: [Bar], range: ClosedRange<Double>? = nil) {
    self.title = title
    self.valueTitle = valueTitle
    self.bars = bars
    self.range = range
  }

  /// The Vega-Lite specification.
  public var specification: JSONValue {
    let names = HeatMap.distinct(bars.map(\.name))
    let values = zip(names, bars).map { name, bar -> JSONValue in
      [
        "name": .string(name), "value": Spec.number(bar.value), "text": .string(NumberText.significant(bar.value)),
        "lower": bar.interval.map { Spec.number($0.lowerBound) } ?? nil, "upper": bar.interval.map { Spec.number($0.upperBound) } ?? nil,
      ]
    }
    let scale: JSONValue = range.map { ["domain": [.double($0.lowerBound), .double($0.upperBound)], "nice": false] } ?? ["zero": true]
    let x = Spec.quantitative("value", title: valueTitle, ["scale": scale, "stack": nil, "axis": ["tickCount": 6]])
    return Spec.base(
      height: .int(max(120, bars.count * 28 + 40)), values: values,
      [
        "encoding": [
          "y": [
            "field": "name", "type": "nominal", "title": nil, "sort": .array(names.map(JSONValue.string)),
            "axis": ["ticks": false, "domain": false, "grid": false],
          ],
          "tooltip": [
            Spec.tooltip("name", "name", type: "nominal"), Spec.tooltip("value", valueTitle, format: ".4~g"),
            Spec.tooltip("lower", "lower bound", format: ".4~g"), Spec.tooltip("upper", "upper bound", format: ".4~g"),
          ],
        ],
        "layer": [
          [
            "mark": [
              "type": "bar", "color": .string(Palette.series[0]), "opacity": 0.85, "cornerRadiusEnd": 3, "height": ["band": 0.6],
              "clip": true,
            ],
            "encoding": ["x": x],
          ],
          [
            "transform": [["filter": "isValid(datum.lower) && isValid(datum.upper)"]],
            "mark": ["type": "rule", "strokeWidth": 2, "color": .string(Palette.series[1]), "clip": true],
            "encoding": ["x": Spec.quantitative("lower", title: valueTitle), "x2": ["field": "upper"]],
          ],
        ],
      ])
  }

  /// The numbers as rows.
  public var table: TextTable {
    TextTable(
      columns: [.init("name"), .number(valueTitle), .number("from"), .number("to")],
      rows: bars.map { bar in
        [
          bar.name, NumberText.significant(bar.value), bar.interval.map { NumberText.significant($0.lowerBound) } ?? "",
          bar.interval.map { NumberText.significant($0.upperBound) } ?? "",
        ]
      })
  }
}
