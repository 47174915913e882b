public import MartletCore

/// A confusion matrix in colour: rows are what is true, columns what was predicted; the colour is the share of the row, the text the count.
public struct HeatMap: Chart {
  /// The heading.
  public let title: String
  /// The names of the rows and columns.
  public let labels: [String]
  /// `counts[row][column]`.
  public let counts: [[Double]]
  /// What a row is.
  public let rowTitle: String
  /// What a column is.
  public let columnTitle: String

  /// A square of counts. Rows and columns beyond the labels are left out.
  public init(title: String, labels: [String], counts: [[Double]], rowTitle: String = "true class", columnTitle: String = "predicted class")
  {
    self.title = title
    self.labels = labels
    self.counts = counts
    self.rowTitle = rowTitle
    self.columnTitle = columnTitle
  }

  private var names: [String] { Self.distinct(labels) }

  /// Vega-Lite joins cells by name, so equal names are told apart by a number.
  static func distinct(_ labels: [String]) -> [String] {
    var seen: [String: Int] = [:]
    return labels.map { label in
      seen[label, default: 0] += 1
      let times = seen[label] ?? 1
      return times == 1 ? label : "\(label) (\(times))"
    }
  }

  /// The Vega-Lite specification.
  public var specification: JSONValue {
    let names = names
    var values: [JSONValue] = []
    for (row, line) in zip(names, counts) {
      let total = line.reduce(0, +)
      for (column, count) in zip(names, line) {
        values.append([
          "row": .string(row), "column": .string(column), "count": Spec.number(count), "share": Spec.number(total > 0 ? count / total : 0),
          "text": .string(count == 0 ? "" : NumberText.count(count)),
        ])
      }
    }
    let order = JSONValue.array(names.map(JSONValue.string))
    let size = names.count
    // Few short names have room beside each other.
    let angle = size * (names.map(\.count).max() ?? 0) <= 60 ? 0 : -35
    let position: (String, String, JSONValue) -> JSONValue = { field, title, axis in
      ["field": .string(field), "type": "nominal", "title": .string(title), "sort": order, "axis": axis]
    }
    var layers: [JSONValue] = [
      [
        "mark": ["type": "rect", "cornerRadius": .int(size <= 20 ? 3 : 0)],
        "encoding": [
          "color": [
            "field": "share", "type": "quantitative", "title": .string("share of the " + rowTitle),
            "scale": ["domain": [0, 1], "type": "sqrt"],
            "legend": [
              "format": ".0%", "orient": "bottom", "direction": "horizontal", "gradientLength": 220, "values": [0, 0.05, 0.25, 0.5, 1],
            ],
          ]
        ],
      ]
    ]
    if size <= 25 {
      layers.append([
        "mark": ["type": "text", "fontSize": .int(size <= 12 ? 12 : 9)],
        "encoding": [
          "text": ["field": "text", "type": "nominal"],
          "color": [
            "condition": ["test": "datum.share > 0.3", "value": ["expr": "dark ? '#08121d' : '#ffffff'"]],
            "value": ["expr": "dark ? '#c9d6e3' : '#33475b'"],
          ],
        ],
      ])
    }
    return Spec.base(
      height: .int(min(640, max(220, size * 38))), values: values,
      [
        "params": [["name": "dark", "value": false]],
        "encoding": [
          "x": position(
            "column", columnTitle, ["labelAngle": .int(angle), "orient": "bottom", "grid": false, "domain": false, "ticks": false]),
          "y": position("row", rowTitle, ["grid": false, "domain": false, "ticks": false]),
          "tooltip": [
            Spec.tooltip("row", rowTitle, type: "nominal"), Spec.tooltip("column", columnTitle, type: "nominal"),
            Spec.tooltip("count", "count", format: ",~r"), Spec.tooltip("share", "share of the row", format: ".2%"),
          ],
        ],
        "layer": .array(layers), "config": ["view": ["stroke": nil], "scale": ["bandPaddingInner": .double(size <= 20 ? 0.04 : 0)]],
      ])
  }

  /// The numbers as rows.
  public var table: TextTable {
    TextTable(
      columns: [.init("\(rowTitle) \\ \(columnTitle)")] + names.map { .number($0) },
      rows: zip(names, counts).map { [$0] + $1.map(NumberText.count) })
  }
}
