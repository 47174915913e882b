import Foundation
import MartletCore

/// A report as one HTML file that needs nothing else: no network, no other file, no server.
///
/// All text is escaped; a Content-Security-Policy allows no network and only the two scripts of the report itself, by their hashes, so that
/// even a text that slipped through could not run.
public struct HTMLReport: Sendable {
  /// A part of the page under a heading of its own.
  public struct Section: Sendable {
    /// The heading.
    public let title: String
    /// A sentence under it; may be empty.
    public let note: String
    /// What it holds, top to bottom.
    public let blocks: [ReportBlock]

    /// A section by its parts.
    public init(_ title: String, note: String = "", _ blocks: [ReportBlock]) {
      self.title = title
      self.note = note
      self.blocks = blocks
    }
  }

  /// The heading of the page.
  public let title: String
  /// A line above the title: what kind of report it is.
  public let kind: String
  /// A sentence under the title; may be empty.
  public let subtitle: String
  /// A line at the very end: who made it and when; may be empty.
  public let footer: String
  /// The sections, top to bottom.
  public var sections: [Section] = []

  /// An empty report.
  public init(title: String, kind: String = "Report", subtitle: String = "", footer: String = "") {
    self.title = title
    self.kind = kind
    self.subtitle = subtitle
    self.footer = footer
  }

  /// The source of the chart library that the setup put beside the program, or `nil`.
  public static func installedLibrary() -> String? {
    SharedFiles.path("vega-embed.js").flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }
  }

  /// - Parameter library: the source of vega-embed (with vega and vega-lite in it); without it the charts appear as tables, and the page
  ///   says so.
  /// - Returns: the page.
  /// - Throws: only if a specification cannot be written as JSON.
  public func html(library: String? = HTMLReport.installedLibrary()) throws -> String {
    let escape = HTMLText.escape
    let charts = sections.flatMap { $0.blocks.flatMap(\.charts) }
    let library = charts.isEmpty ? nil : library.map(HTMLText.script)
    let hashes = library.map { [HTMLText.policyHash($0), HTMLText.policyHash(ReportScript.source)] } ?? []
    let policy =
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
      + (hashes.isEmpty ? "" : "; script-src \(hashes.joined(separator: " "))")
    var page = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">
      <title>\(escape(title))</title>
      <style>\(ReportStyle.source)</style>
      </head>
      <body>
      <header><div class="page"><span class="kind">\(escape(kind))</span><h1>\(escape(title))</h1>
      """
    if !subtitle.isEmpty { page += "<p>\(escape(subtitle))</p>" }
    page += "</div></header>\n<main class=\"page\">\n"
    if library == nil, !charts.isEmpty {
      page += "<p class=\"notice\">The chart library was not installed when this report was written, so charts appear as tables. "
      page += "Run scripts/setup and write the report again to get pictures.</p>\n"
    }
    var chartCount = 0
    for section in sections {
      page += "<section><h2>\(escape(section.title))</h2>"
      if !section.note.isEmpty { page += "<p class=\"note\">\(escape(section.note))</p>" }
      for block in section.blocks {
        page += block.html(firstChart: chartCount, hasLibrary: library != nil) + "\n"
        chartCount += block.charts.count
      }
      page += "</section>\n"
    }
    page += "</main>\n"
    if !footer.isEmpty { page += "<footer class=\"page\">\(escape(footer))</footer>\n" }
    if let library {
      let specifications = JSONValue.array(charts.map(\.specification))
      page += "<script type=\"application/json\" id=\"charts\">\(try HTMLText.embed(specifications))</script>\n"
      page += "<script>\(library)</script>\n<script>\(ReportScript.source)</script>\n"
    }
    return page + "</body>\n</html>\n"
  }

  /// Writes the page, whole or not at all.
  /// - Throws: `FileError` with the system's reason.
  public func write(to path: String, library: String? = HTMLReport.installedLibrary()) throws {
    try AtomicFile.write(Data(try html(library: library).utf8), to: path)
  }
}
