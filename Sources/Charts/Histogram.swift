public import MartletCore

/// How often values fall between neighbouring edges.
public struct Histogram: Chart {
  /// The heading.
  public let title: String
  /// The name of the values' axis, with its unit where it has one.
  public let valueTitle: String
  /// What is counted.
  public let countTitle: String
  /// One edge more than there are counts, ascending.
  public let edges: [Double]
  /// How many values lie between neighbouring edges.
  public let counts: [Double]

  /// Counts that are known already. `edges` has one element more than `counts`.
  public init(title: String, valueTitle: String, countTitle: String = "count", edges: [Double], counts: [Double]) {
    self.title = title
    self.valueTitle = valueTitle
    self.countTitle = countTitle
    self.edges = edges
    self.counts = counts
  }

  /// Counts finite values in bins of equal width between the smallest and the largest.
  public init(title: String, valueTitle: String, countTitle: String = "count", values: [Double], bins: Int = 20) {
    let finite = values.filter(\.isFinite)
    let low = finite.min() ?? 0
    let high = finite.max().map { $0 > low ? $0 : low + 1 } ?? 1
    let number = max(1, bins)
    var counts = [Double](repeating: 0, count: number)
    // Halves, so that the range from the most negative to the most positive number does not overflow.
    let scale = Double(number) / (high / 2 - low / 2)
    for value in finite {
      let bin = Int((value / 2 - low / 2) * scale)
      counts[min(number - 1, bin)] += 1
    }
    let edges = (0...number).map { low + (high - low) * Double($0) / Double(number) }
    self.init(title: title, valueTitle: valueTitle, countTitle: countTitle, edges: edges, counts: counts)
  }

  private var bins: [(low: Double, high: Double, count: Double)] {
    zip(zip(edges, edges.dropFirst()), counts).map { ($0.0, $0.1, $1) }
  }

  /// The Vega-Lite specification.
  public var specification: JSONValue {
    let values = bins.map { bin -> JSONValue in
      ["low": Spec.number(bin.low), "high": Spec.number(bin.high), "count": Spec.number(bin.count)]
    }
    return Spec.base(
      height: 240, values: values,
      [
        "mark": ["type": "bar", "color": .string(Palette.series[0]), "opacity": 0.85, "binSpacing": 1],
        "encoding": [
          "x": Spec.quantitative("low", title: valueTitle, ["bin": ["binned": true], "axis": ["grid": false, "tickCount": 8]]),
          "x2": ["field": "high"], "y": Spec.quantitative("count", title: countTitle),
          "tooltip": [
            Spec.tooltip("low", "from", format: ".4~g"), Spec.tooltip("high", "to", format: ".4~g"),
            Spec.tooltip("count", countTitle, format: ",~r"),
          ],
        ],
      ])
  }

  /// The numbers as rows.
  public var table: TextTable {
    TextTable(
      columns: [.number("from"), .number("to"), .number(countTitle)],
      rows: bins.map { [NumberText.significant($0.low), NumberText.significant($0.high), NumberText.count($0.count)] })
  }
}
