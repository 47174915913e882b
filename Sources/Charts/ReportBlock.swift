public import Foundation

/// One thing in a section of a report.
public enum ReportBlock: Sendable {
  /// A paragraph of plain text.
  case text(String)
  /// A line that leads to another page beside this one.
  case link(String, to: String)
  /// A paragraph that stands out: something to know before reading on.
  case notice(String)
  /// Numbers side by side, each in a card.
  case cards([ReportCard])
  /// Names and values in two columns.
  case facts([ReportFact])
  /// Rows under headings, with a caption that may be empty.
  case table(TextTable, caption: String = "")
  /// Pictures of numbers: two side by side where the page is wide, one where `isWide`.
  case charts([any Chart], isWide: Bool = false)
  /// Pictures of things.
  case images([ReportImage])
}

/// One number that matters, with its interval.
public struct ReportCard: Sendable, Hashable {
  /// What it is.
  public let name: String
  /// The number, as text.
  public let value: String
  /// A line beneath: the interval, the unit, what it is compared with. May be empty.
  public let detail: String
  /// Value and interval as shares of a scale from 0 to 1, drawn as a bar; `nil` draws none.
  public let bar: Bar?
  /// Larger and first.
  public let isHeadline: Bool

  /// Places on a scale from 0 to 1.
  public struct Bar: Sendable, Hashable {
    /// Where the value lies.
    public let value: Double
    /// Where its interval begins.
    public let lower: Double
    /// Where its interval ends.
    public let upper: Double

    /// Places outside 0 … 1 are drawn at the nearer end.
    public init(value: Double, lower: Double, upper: Double) {
      self.value = value
      self.lower = lower
      self.upper = upper
    }
  }

  /// A card of text; the bar is optional.
  public init(_ name: String, _ value: String, detail: String = "", bar: Bar? = nil, isHeadline: Bool = false) {
    self.name = name
    self.value = value
    self.detail = detail
    self.bar = bar
    self.isHeadline = isHeadline
  }
}

/// A name and what it stands for.
public struct ReportFact: Sendable, Hashable {
  /// What it is.
  public let name: String
  /// Its value, as text.
  public let value: String

  /// A pair of texts.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A small picture with words under it.
public struct ReportImage: Sendable, Hashable {
  /// The bytes of a PNG file; `nil` shows an empty frame.
  public let png: Data?
  /// The words in bold.
  public let title: String
  /// The words beneath.
  public let detail: String

  /// A picture by its bytes. Bytes that do not begin as a PNG file does are not embedded.
  public init(png: Data?, title: String, detail: String = "") {
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    self.png = png.flatMap { $0.starts(with: signature) ? $0 : nil }
    self.title = title
    self.detail = detail
  }
}

extension ReportBlock {
  /// The block as HTML; charts are numbered from `firstChart` on, and appear as tables unless the library draws them.
  func html(firstChart: Int, hasLibrary: Bool) -> String {
    let escape = HTMLText.escape
    switch self {
    case .text(let text): return "<p>\(escape(text))</p>"
    case .link(let text, let page): return "<p><a href=\"\(escape(page))\">\(escape(text))</a></p>"
    case .notice(let text): return "<p class=\"notice\">\(escape(text))</p>"
    case .cards(let cards): return "<div class=\"cards\">\(cards.map(\.html).joined())</div>"
    case .facts(let facts):
      return "<dl class=\"facts\">" + facts.map { "<div><dt>\(escape($0.name))</dt><dd>\(escape($0.value))</dd></div>" }.joined() + "</dl>"
    case .table(let table, let caption):
      return "<figure class=\"table\">" + (caption.isEmpty ? "" : "<figcaption>\(escape(caption))</figcaption>") + table.html + "</figure>"
    case .charts(let charts, let isWide):
      let figures = charts.enumerated().map { index, chart in
        let drawn =
          hasLibrary
          ? "<div class=\"chart\" id=\"chart-\(firstChart + index)\" role=\"img\" aria-label=\"\(escape(chart.title))\"></div>" : ""
        let summary = hasLibrary ? "<details><summary>Numbers</summary>\(chart.table.html)</details>" : chart.table.html
        return "<figure class=\"panel\"><figcaption>\(escape(chart.title))</figcaption>\(drawn)\(summary)</figure>"
      }
      return "<div class=\"charts\(isWide ? " wide" : "")\">\(figures.joined())</div>"
    case .images(let images): return "<div class=\"images\">\(images.map(\.html).joined())</div>"
    }
  }

  var charts: [any Chart] { if case .charts(let charts, _) = self { charts } else { [] } }
}

extension ReportCard {
  var html: String {
    var bars = ""
    if let bar, bar.value.isFinite {
      func place(_ share: Double) -> String { String(format: "%.2f", min(max(share.isFinite ? share : 0, 0), 1) * 100) }
      let width = min(max(bar.upper - bar.lower, 0), 1)
      bars =
        "<div class=\"scale\" aria-hidden=\"true\"><i class=\"fill\" style=\"width:\(place(bar.value))%\"></i>"
        + "<i class=\"range\" style=\"left:\(place(bar.lower))%;width:max(3px,\(place(width))%)\"></i></div>"
    }
    let kind = (isHeadline ? " headline" : "") + (value.count > 8 ? " long" : "")
    return "<div class=\"card\(kind)\"><h3>\(HTMLText.escape(name))</h3><b>\(HTMLText.escape(value))</b>"
      + (detail.isEmpty ? "" : "<small>\(HTMLText.escape(detail))</small>") + bars + "</div>"
  }
}

extension ReportImage {
  var html: String {
    let picture =
      png.map { "<img alt=\"\(HTMLText.escape(title))\" src=\"data:image/png;base64,\($0.base64EncodedString())\">" }
      ?? "<span class=\"missing\">no picture</span>"
    return "<figure>\(picture)<figcaption><b>\(HTMLText.escape(title))</b>"
      + (detail.isEmpty ? "" : "<small>\(HTMLText.escape(detail))</small>") + "</figcaption></figure>"
  }
}

extension TextTable {
  /// The table as HTML, every cell escaped.
  var html: String {
    func cell(_ tag: String, _ column: Int, _ text: String) -> String {
      "<\(tag)\(columns[column].alignment == .trailing ? " class=\"n\"" : "")>\(HTMLText.escape(text))</\(tag)>"
    }
    let head = columns.indices.map { cell("th", $0, columns[$0].title) }.joined()
    let body = rows.map { row in "<tr>" + row.indices.map { cell("td", $0, row[$0]) }.joined() + "</tr>" }.joined(separator: "\n")
    return "<div class=\"scroll\"><table><thead><tr>\(head)</tr></thead><tbody>\n\(body)\n</tbody></table></div>"
  }
}
