public import Charts
public import MartletCore

/// Pairs of columns in colour: how strongly they are related, whatever the measure.
public struct AssociationMap: Chart {
  public let title: String
  /// The columns, in the order of rows and of columns.
  public let names: [String]
  public let pairs: [PairAssociation]

  /// Pairs of columns that are not among the names are left out.
  public init(title: String, names: [String], pairs: [PairAssociation]) {
    let known = Set(names)
    self.title = title
    self.names = names
    self.pairs = pairs.filter { known.contains($0.first) && known.contains($0.second) }
  }

  /// The Vega-Lite specification.
  public var specification: JSONValue {
    var cells: [JSONValue] = []
    func cell(_ row: String, _ column: String, _ value: Double, _ measure: String) {
      cells.append([
        "row": .string(row), "column": .string(column), "value": .double(value), "measure": .string(measure),
        "text": .string(NumberText.fixed(value, places: 2)),
      ])
    }
    for pair in pairs {
      cell(pair.first, pair.second, pair.value, pair.measure.words)
      cell(pair.second, pair.first, pair.value, pair.measure.words)
    }
    for name in names { cell(name, name, 1, "itself") }
    let order = JSONValue.array(names.map(JSONValue.string))
    func axis(_ field: String, angle: Int) -> JSONValue {
      [
        "field": .string(field), "type": "nominal", "sort": order, "title": nil,
        "axis": ["labelAngle": .int(angle), "grid": false, "domain": false, "ticks": false, "labelLimit": 150],
      ]
    }
    var layers: [JSONValue] = [
      [
        "mark": "rect",
        "encoding": [
          "color": [
            "field": "value", "type": "quantitative", "title": "strength",
            "scale": [
              "interpolate": "rgb",
              "domain": [-1, 0, 1],
              "range": [
                ["expr": "dark ? '#e08a4f' : '#c2571a'"], ["expr": "dark ? '#1a2530' : '#f3f6f9'"],
                ["expr": "dark ? '#5fb0f0' : '#1f6fb2'"],
              ],
            ],
            "legend": ["orient": "bottom", "direction": "horizontal", "gradientLength": 220, "values": [-1, -0.5, 0, 0.5, 1]],
          ]
        ],
      ]
    ]
    if names.count <= 16 {
      layers.append([
        "mark": ["type": "text", "fontSize": 11],
        "encoding": [
          "text": ["field": "text", "type": "nominal"],
          "color": [
            "condition": ["test": "abs(datum.value) > 0.6", "value": ["expr": "dark ? '#08121d' : '#ffffff'"]],
            "value": ["expr": "dark ? '#c9d6e3' : '#33475b'"],
          ],
        ],
      ])
    }
    return [
      "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "width": "container",
      "height": .int(min(760, max(220, names.count * 30 + 60))), "autosize": ["type": "fit", "contains": "padding"],
      "data": ["values": .array(cells)], "params": [["name": "dark", "value": false]],
      "encoding": [
        "x": axis("column", angle: -40), "y": axis("row", angle: 0),
        "tooltip": [
          ["field": "row", "type": "nominal", "title": "column"], ["field": "column", "type": "nominal", "title": "with"],
          ["field": "value", "type": "quantitative", "title": "strength", "format": ".3f"],
          ["field": "measure", "type": "nominal", "title": "measure"],
        ],
      ],
      "layer": .array(layers), "config": ["view": ["stroke": nil], "scale": ["bandPaddingInner": 0.03]],
    ]
  }

  /// The strongest pairs as rows.
  public var table: TextTable {
    TextTable(
      columns: [.init("column"), .init("with"), .number("strength"), .init("measure")],
      rows: pairs.prefix(60).map { [$0.first, $0.second, NumberText.fixed($0.value, places: 3), $0.measure.words] })
  }
}

extension PairAssociation.Measure {
  /// The measure's name in words.
  public var words: String {
    switch self {
    case .spearman: "rank correlation"
    case .cramersV: "Cramér's V"
    case .correlationRatio: "correlation ratio"
    }
  }
}
