import Foundation

/// Rows of text under headings, for a terminal and for a report.
public struct TextTable: Sendable, Hashable {
  /// One column.
  public struct Column: Sendable, Hashable {
    /// Where the text of a cell stands.
    public enum Alignment: Sendable, Hashable { case leading, trailing }

    /// The heading.
    public let title: String
    /// Words leading, numbers trailing.
    public let alignment: Alignment

    /// A column of words by default.
    public init(_ title: String, _ alignment: Alignment = .leading) {
      self.title = title
      self.alignment = alignment
    }

    /// A column of numbers.
    public static func number(_ title: String) -> Column { Column(title, .trailing) }
  }

  /// The columns, first to last.
  public let columns: [Column]
  /// Every row has as many cells as there are columns.
  public private(set) var rows: [[String]]

  /// Short rows are filled up with empty cells and long ones cut, so that a table always holds together.
  public init(columns: [Column], rows: [[String]] = []) {
    self.columns = columns
    self.rows = []
    for row in rows { append(row) }
  }

  /// Adds a row below the others.
  public mutating func append(_ row: [String]) {
    let filled = row.prefix(columns.count) + Array(repeating: "", count: max(0, columns.count - row.count))
    rows.append(Array(filled))
  }

  /// The table as lines of at most `width` columns: the widest columns of words give way first, with an ellipsis.
  /// - Parameters:
  ///   - width: columns of the terminal; `nil` lets every cell be as long as it is.
  ///   - unicode: draws with box characters; otherwise every character outside ASCII is replaced.
  /// - Returns: lines that end in a newline each; control characters of cells are shown as `?`, so that no cell can drive the terminal.
  public func render(width: Int? = nil, unicode: Bool = TextTable.terminalIsUTF8) -> String {
    func clean(_ text: String) -> String { Self.printable(text, unicode: unicode) }
    let titles = columns.map { clean($0.title) }
    let cells = rows.map { $0.map(clean) }
    var widths = titles.map(Self.columns(of:))
    for row in cells { for (index, cell) in row.enumerated() { widths[index] = max(widths[index], Self.columns(of: cell)) } }
    if let width {
      while widths.reduce(0, +) + 2 * max(0, widths.count - 1) > width {
        let words = columns.indices.filter { columns[$0].alignment == .leading && widths[$0] > 6 }
        let others = columns.indices.filter { widths[$0] > 6 }
        guard let widest = (words.isEmpty ? others : words).max(by: { widths[$0] < widths[$1] }) else { break }
        widths[widest] -= 1
      }
    }
    func line(_ row: [String]) -> String {
      let parts = row.indices.map { Self.fit(row[$0], widths[$0], columns[$0].alignment, unicode: unicode) }
      let text = parts.joined(separator: "  ")
      return String(text.reversed().drop { $0 == " " }.reversed()) + "\n"
    }
    let rule = widths.map { String(repeating: unicode ? "─" : "-", count: $0) }.joined(separator: "  ") + "\n"
    return line(titles) + rule + cells.map(line).joined()
  }

  /// The locale says that the terminal understands UTF-8.
  public static var terminalIsUTF8: Bool {
    let environment = ProcessInfo.processInfo.environment
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let name = locale.lowercased()
    return name.contains("utf-8") || name.contains("utf8")
  }

  /// Text without control characters and, where the terminal is not UTF-8, without anything outside ASCII.
  public static func printable(_ text: String, unicode: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\t", "\n": result.append(" ")
      case _ where scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format: result.append("?")
      case _ where unicode || scalar.isASCII: result.unicodeScalars.append(scalar)
      case "–", "—", "−": result.append("-")
      case "±": result.append("+/-")
      case "µ": result.append("u")
      case "×": result.append("x")
      case "≤": result.append("<=")
      case "≥": result.append(">=")
      case "→": result.append("->")
      case "…": result.append("...")
      case "·": result.append("-")
      default: result.append("?")
      }
    }
    return result
  }

  /// How many columns of a terminal a text takes: East Asian wide characters and emoji take two, combining marks none.
  static func columns(of text: String) -> Int {
    text.reduce(0) { sum, character in
      guard let first = character.unicodeScalars.first else { return sum }
      switch first.value {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1FAFF, 0x20000...0x3FFFD:
        return sum + 2
      default: return sum + (first.properties.generalCategory == .nonspacingMark ? 0 : 1)
      }
    }
  }

  private static func fit(_ text: String, _ width: Int, _ alignment: Column.Alignment, unicode: Bool) -> String {
    var cut = text
    if columns(of: cut) > width {
      let dots = unicode ? "…" : "..."
      while !cut.isEmpty, columns(of: cut) + dots.count > width { cut.removeLast() }
      cut += dots
    }
    let padding = String(repeating: " ", count: max(0, width - columns(of: cut)))
    return alignment == .leading ? cut + padding : padding + cut
  }
}
