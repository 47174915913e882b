/// Rows of a CSV text (RFC 4180): quotes, doubled quotes, line breaks within quotes, either line ending, a byte-order mark.
struct CSVRows {
  struct Row: Equatable {
    /// The line on which the row begins, from 1.
    let line: Int
    let cells: [String]
  }

  let rows: [Row]

  /// Blank lines are passed over.
  init(_ bytes: [UInt8], source: String) throws(ImageError) {
    var bytes = bytes[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    var rows: [Row] = []
    var cells: [String] = []
    var cell: [UInt8] = []
    var (line, firstLine) = (1, 1)
    var isQuoted = false, wasQuoted = false
    func invalid(_ problem: String, _ line: Int) -> ImageError {
      ImageError(.invalidDataset, source: source, problem: "line \(line): \(problem)", expected: "CSV text in UTF-8")
    }
    func endCell() throws(ImageError) {
      guard let text = String(validating: cell, as: UTF8.self) else { throw invalid("not UTF-8 text", firstLine) }
      cells.append(text)
      cell = []
      wasQuoted = false
    }
    func endRow() throws(ImageError) {
      let isBlank = cells.isEmpty && cell.isEmpty && !wasQuoted
      if !isBlank {
        try endCell()
        rows.append(Row(line: firstLine, cells: cells))
      }
      cells = []
      firstLine = line
    }
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "\n") { line += 1 }
      if isQuoted {
        if byte != UInt8(ascii: "\"") {
          cell.append(byte)
        } else if index < bytes.endIndex, bytes[index] == byte {
          cell.append(byte)
          index += 1
        } else {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        guard cell.isEmpty, !wasQuoted else { throw invalid("a quote in the middle of a cell", line) }
        (isQuoted, wasQuoted) = (true, true)
      case UInt8(ascii: ","): try endCell()
      case UInt8(ascii: "\r") where index == bytes.endIndex || bytes[index] == UInt8(ascii: "\n"): continue
      case UInt8(ascii: "\n"): try endRow()
      default:
        guard !wasQuoted else { throw invalid("text after a closing quote", line) }
        cell.append(byte)
      }
    }
    guard !isQuoted else { throw invalid("a quote is never closed", firstLine) }
    try endRow()
    self.rows = rows
  }
}
