extension ModelSummary: CustomStringConvertible {
  /// A table of the layers and the totals below it.
  public var description: String {
    let header = ["layer", "output", "parameters", "multiply-adds"]
    let body = rows.map { row -> [String] in
      let depth = row.path.isEmpty ? 0 : row.path.split(separator: ".").count
      let name = row.path.split(separator: ".").last.map { "\($0): " } ?? ""
      let times = row.calls > 1 ? " ×\(row.calls)" : ""
      return [
        String(repeating: "  ", count: depth) + name + row.layer + times,
        row.outputs.isEmpty ? "" : row.outputs.map { "\($0)" }.joined(separator: ", "),
        row.parameters == 0 ? "" : Self.grouped(row.parameters), row.multiplyAdds == 0 ? "" : Self.grouped(row.multiplyAdds),
      ]
    }
    let widths = header.indices.map { column in ([header] + body).map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column < 2 ? cell + space : space + cell
      }
      return padded.joined(separator: "  ").trimmingTrailingSpaces
    }
    let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    var lines = [line(header), rule] + body.map(line) + [rule]
    let shares = "(\(Self.grouped(trainableParameters)) trainable, \(Self.grouped(frozenParameters)) frozen)"
    lines.append("parameters     \(Self.grouped(parameters)) \(shares)")
    lines.append("multiply-adds  \(Self.grouped(multiplyAdds))" + (input.map { " for an input of \($0)" } ?? ""))
    lines.append(
      "memory         parameters \(Self.bytes(parameterBytes)), buffers \(Self.bytes(bufferBytes)), outputs \(Self.bytes(outputBytes))")
    return lines.joined(separator: "\n")
  }

  /// 1234567 as `1,234,567`.
  static func grouped(_ number: Int) -> String {
    var result = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0, index % 3 == 0, digit != "-" { result.append(",") }
      result.append(digit)
    }
    return String(result.reversed())
  }

  /// Bytes as B, KiB, MiB or GiB with one decimal.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "KiB", "MiB"] {
      if value < 1024 { return unit == "B" ? "\(count) B" : "\((value * 10).rounded() / 10) \(unit)" }
      value /= 1024
    }
    return "\((value * 10).rounded() / 10) GiB"
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String { String(reversed().drop { $0 == " " }.reversed()) }
}
