public import MartletCore

/// What a model promises against what it keeps: mean confidence and accuracy of each bin beside the diagonal of perfect calibration.
public struct ReliabilityDiagram: Chart {
  /// Predictions of similar confidence.
  public struct Bin: Sendable, Hashable {
    /// The mean confidence of the bin's predictions.
    public let confidence: Double
    /// The share of them that is right.
    public let accuracy: Double
    /// How many there are.
    public let count: Double

    /// A bin by its numbers.
    public init(confidence: Double, accuracy: Double, count: Double) {
      self.confidence = confidence
      self.accuracy = accuracy
      self.count = count
    }
  }

  /// The heading.
  public let title: String
  /// The bins that hold predictions.
  public let bins: [Bin]

  /// Empty bins are left out.
  public init(title: String, bins: [Bin]) {
    self.title = title
    self.bins = bins.filter { $0.count > 0 }
  }

  /// The Vega-Lite specification.
  public var specification: JSONValue {
    let values = bins.map { bin -> JSONValue in
      ["confidence": Spec.number(bin.confidence), "accuracy": Spec.number(bin.accuracy), "count": Spec.number(bin.count)]
    }
    let axis: [String: JSONValue] = ["scale": ["domain": [0, 1]], "axis": ["format": ".0%", "tickCount": 5]]
    let x = Spec.quantitative("confidence", title: "mean confidence", axis)
    let y = Spec.quantitative("accuracy", title: "share that is right", axis)
    return Spec.base(
      height: 440, values: values,
      [
        "layer": [
          [
            "data": ["values": [["confidence": 0, "accuracy": 0], ["confidence": 1, "accuracy": 1]]],
            "mark": ["type": "line", "strokeDash": [4, 4], "strokeWidth": 1, "color": "#8a97a5"], "encoding": ["x": x, "y": y],
          ],
          [
            "mark": ["type": "rule", "strokeWidth": 3, "opacity": 0.35, "color": "#d1553b"],
            "encoding": ["x": x, "y": y, "y2": ["field": "confidence"]],
          ],
          ["mark": ["type": "line", "strokeWidth": 2, "color": .string(Palette.series[0])], "encoding": ["x": x, "y": y]],
          [
            "mark": ["type": "circle", "opacity": 1, "color": .string(Palette.series[0])],
            "encoding": [
              "x": x, "y": y,
              "size": ["field": "count", "type": "quantitative", "title": nil, "legend": nil, "scale": ["range": [40, 320]]],
              "tooltip": [
                Spec.tooltip("confidence", "mean confidence", format: ".2%"),
                Spec.tooltip("accuracy", "share that is right", format: ".2%"),
                Spec.tooltip("count", "predictions", format: ",~r"),
              ],
            ],
          ],
        ]
      ])
  }

  /// The numbers as rows.
  public var table: TextTable {
    TextTable(
      columns: [.number("mean confidence"), .number("share that is right"), .number("predictions")],
      rows: bins.map { [NumberText.percent($0.confidence), NumberText.percent($0.accuracy), NumberText.count($0.count)] })
  }
}
