import Foundation
import MartletCore
import Testing

@testable import Charts

struct HTMLReportTests {
  private func sample(_ text: String = "plain") -> HTMLReport {
    var report = HTMLReport(title: text, subtitle: text, footer: text)
    report.sections.append(
      .init(
        text, note: text,
        [
          .text(text), .notice(text),
          .cards([ReportCard(text, text, detail: text, bar: .init(value: 2, lower: -1, upper: .nan), isHeadline: true)]),
          .facts([ReportFact(text, text)]), .table(TextTable(columns: [.init(text)], rows: [[text]]), caption: text),
          .charts([BarChart(title: text, valueTitle: text, bars: [.init(text, 1)])]),
          .images([ReportImage(png: Data([1, 2, 3]), title: text, detail: text)]),
        ]))
    return report
  }

  @Test func escaping() {
    #expect(HTMLText.escape("<a href=\"x\">'&'</a>") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;")
  }

  @Test(arguments: [
    "</script><script>alert(1)//", "\"><img src=x onerror=alert(1)>", "<!--<script>", "' onmouseover='alert(1)", "\u{2028}</title>",
  ])
  func nothingBreaksOut(_ text: String) throws {
    let html = try sample(text).html(library: "var library = 1;")
    let plain = try sample().html(library: "var library = 1;")
    // As many elements of each kind as with harmless text.
    for tag in ["<script", "</script", "<img", "<!--", "</title", "<b>", "<i ", "<div"] {
      #expect(html.components(separatedBy: tag).count == plain.components(separatedBy: tag).count, "\(tag)")
    }
    // Inside the data of the charts it is a harmless string.
    #expect(html.components(separatedBy: "<script").first?.contains(" onmouseover='") == false)
  }

  @Test func embeddedJSONIsStillTheSameJSON() throws {
    let value: JSONValue = ["text": "</script><!-- \u{2028}", "number": 1]
    let text = try HTMLText.embed(value)
    #expect(!text.contains("<"))
    #expect(try JSON.decode(JSONValue.self, from: Data(text.utf8), source: "embedded") == value)
  }

  @Test func policyAllowsExactlyTheTwoScripts() throws {
    let html = try sample().html(library: "alert('a');\r\nvar s = '</script>';")
    let policy = try #require(
      html.components(separatedBy: "Content-Security-Policy\" content=\"").last?.components(separatedBy: "\"").first)
    #expect(policy.hasPrefix("default-src 'none'"))
    #expect(!policy.contains("unsafe-eval") && !policy.contains("http"))
    let library = "alert('a');\nvar s = '<\\/script>';"
    #expect(html.contains("<script>\(library)</script>"))
    #expect(policy.contains(HTMLText.policyHash(library)))
    #expect(policy.contains(HTMLText.policyHash(ReportScript.source)))
  }

  /// The hash of `alert(1)` as a browser computes it.
  @Test func policyHash() {
    #expect(HTMLText.policyHash("alert(1)") == "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='")
  }

  @Test func withoutLibraryChartsAreTablesAndNoScriptRuns() throws {
    let html = try sample().html(library: nil)
    #expect(!html.contains("<script"))
    #expect(!html.contains("script-src"))
    #expect(html.contains("charts appear as tables"))
    #expect(html.contains("<td>plain</td>"))
    // A report without charts needs no library and says nothing of it.
    #expect(!(try HTMLReport(title: "x").html(library: nil)).contains("charts appear as tables"))
  }

  @Test func onlyPNGBytesAreEmbedded() {
    #expect(ReportImage(png: Data("<svg onload=alert(1)>".utf8), title: "").png == nil)
    #expect(ReportImage(png: Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), title: "").png != nil)
  }

  @Test func writesAtomically() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-report-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try sample().write(to: folder.path + "/report.html", library: nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report.html"])
    #expect(throws: FileError.self) { try sample().write(to: folder.path + "/missing/report.html", library: nil) }
  }
}
