import Testing

@testable import Charts

struct TextTests {
  @Test(arguments: [
    (0.92341, "0.9234"), (12345.678, "12,346"), (1_234_567, "1,234,567"), (-1234.5, "-1,234"), (0, "0"), (0.00001234, "1.23e-05"),
    (99.999, "100.00"),
    (3.14159, "3.142"), (Double.nan, "–"), (Double.infinity, "∞"), (-0.5, "-0.5000"),
  ])
  func significantDigits(_ value: Double, _ text: String) { #expect(NumberText.significant(value) == text) }

  @Test func unitsThatFit() {
    #expect(NumberText.bytes(512) == "512 B")
    #expect(NumberText.bytes(1_700_000) == "1.62 MiB")
    #expect(NumberText.duration(milliseconds: 0.4) == "400 µs")
    #expect(NumberText.duration(milliseconds: 0.0005) == "500 ns")
    #expect(NumberText.duration(milliseconds: 1250) == "1.25 s")
    #expect(NumberText.duration(milliseconds: 200_000) == "3 min 20 s")
    #expect(NumberText.duration(milliseconds: 7_500_000) == "2 h 5 min")
    #expect(NumberText.percent(0.92341) == "92.34 %")
    #expect(NumberText.count(3) == "3")
    #expect(NumberText.count(3.25) == "3.250")
  }

  @Test func tableLinesUp() {
    let table = TextTable(columns: [.init("name"), .number("value")], rows: [["a", "1.0"], ["longer", "12.5"], ["short row"]])
    #expect(
      table.render(unicode: false) == """
        name       value
        ---------  -----
        a            1.0
        longer      12.5
        short row

        """)
  }

  @Test func tableFitsTheTerminal() {
    let table = TextTable(columns: [.init("name"), .number("n")], rows: [["a very long name that does not fit", "12345"]])
    let narrow = table.render(width: 20, unicode: true)
    #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= 20 })
    #expect(narrow.contains("a very long …") && narrow.contains("12345"))
    #expect(table.render(width: 20, unicode: false).contains("..."))
  }

  @Test func wideCharactersTakeTwoColumns() {
    let table = TextTable(columns: [.init("x"), .init("y")], rows: [["日本", "b"], ["abcd", "b"]])
    let lines = table.render(unicode: true).split(separator: "\n")
    #expect(lines[2] == "日本  b")
    #expect(lines[3] == "abcd  b")
  }

  /// A class name from a stranger's file cannot move the cursor or set the title.
  @Test func controlCharactersDoNotReachTheTerminal() {
    let table = TextTable(columns: [.init("x")], rows: [["\u{1B}[31mred\u{7}\u{202E}"]])
    #expect(!table.render(unicode: true).unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    #expect(table.render(unicode: true).contains("?[31mred??"))
    #expect(TextTable.printable("µ ± – é", unicode: false) == "u +/- - ?")
  }

  @Test func sparkline() {
    #expect(Sparkline.render([0, 1, 2, 3, 4, 5, 6, 7], unicode: true) == "▁▂▃▄▅▆▇█")
    #expect(Sparkline.render([1, 1, 1], unicode: true) == "▅▅▅")
    #expect(Sparkline.render([0, .nan, 1], unicode: false) == "_ #")
    #expect(Sparkline.render([], unicode: true) == "")
    #expect(Sparkline.render((0..<1000).map { Double($0) }, width: 8, unicode: true) == "▁▂▃▄▅▆▇█")
    #expect(Sparkline.render([.nan], unicode: true) == " ")
    #expect(Sparkline.render([-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude], unicode: true) == "▁█")
  }
}
