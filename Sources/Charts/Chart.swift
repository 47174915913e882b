public import MartletCore

/// A picture of numbers: a Vega-Lite specification, and the same numbers as a table for where no picture can be drawn.
public protocol Chart: Sendable {
  /// What the picture says, as its heading.
  var title: String { get }
  /// A Vega-Lite v5 specification with its data inside; its width is that of its container.
  var specification: JSONValue { get }
  /// The numbers as rows: what a report shows without the chart library, and what a screen reader reads.
  var table: TextTable { get }
}

/// The colours of series, in order of use: told apart by people with any of the common colour-vision deficiencies, on white and on black.
///
/// After Okabe and Ito, "Color Universal Design" (2008), with the tones evened for thin lines on both grounds.
public enum Palette {
  /// Hexadecimal colours; a chart with more series begins again.
  public static let series = [
    "#2f7fc1", "#e0872b", "#1b9e77", "#c965a0", "#d1553b", "#56a8d8", "#8a77c9", "#a68a2d", "#7d8b97", "#4fae4a",
  ]

  static let range = JSONValue.array(series.map(JSONValue.string))
}

/// Parts that specifications share.
enum Spec {
  static let schema: JSONValue = "https://vega.github.io/schema/vega-lite/v5.json"

  /// The frame of a specification. Colours of text and axes come from the page's theme, not from here.
  static func base(height: JSONValue, values: [JSONValue], _ more: [String: JSONValue]) -> JSONValue {
    var members: [String: JSONValue] = [
      "$schema": schema, "width": "container", "height": height, "autosize": ["type": "fit", "contains": "padding"],
      "data": ["values": .array(values)],
    ]
    members.merge(more) { _, new in new }
    return .object(members)
  }

  /// A number of a specification; what JSON cannot say becomes `null`, which Vega-Lite leaves out.
  static func number(_ value: Double) -> JSONValue { value.isFinite ? .double(value) : .null }

  static func quantitative(_ field: String, title: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
    .object(["field": .string(field), "type": "quantitative", "title": .string(title)].merging(more) { _, new in new })
  }

  static func tooltip(_ field: String, _ title: String, type: String = "quantitative", format: String? = nil) -> JSONValue {
    var members: [String: JSONValue] = ["field": .string(field), "type": .string(type), "title": .string(title)]
    if let format { members["format"] = .string(format) }
    return .object(members)
  }

  /// A colour by series, in the order of `names`, with the legend above the picture; none for a single series.
  static func colour(_ names: [String], field: String = "series") -> JSONValue {
    let domain = JSONValue.array(names.map(JSONValue.string))
    return [
      "field": .string(field), "type": "nominal", "title": nil, "scale": ["domain": domain, "range": Palette.range],
      "legend": names.count < 2
        ? nil : ["orient": "top", "columns": .int(min(names.count, 5)), "symbolType": "stroke", "symbolStrokeWidth": 3],
    ]
  }
}
