/// A row of numbers as a row of little bars: `▁▂▄▆█`.
public enum Sparkline {
  /// - Parameters:
  ///   - values: what to draw; values that are not finite leave a gap.
  ///   - width: at most so many characters; neighbours are averaged to fit.
  ///   - unicode: block characters; otherwise ASCII of rising darkness.
  /// - Returns: one character a value; the empty string for no values. A constant row is drawn at middle height.
  public static func render(_ values: [Double], width: Int = 40, unicode: Bool = TextTable.terminalIsUTF8) -> String {
    guard !values.isEmpty, width > 0 else { return "" }
    let shown = shrink(values, to: width)
    let levels = Array(unicode ? "▁▂▃▄▅▆▇█" : "_.-=+*%#")
    let finite = shown.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return String(repeating: " ", count: shown.count) }
    return String(
      shown.map { value -> Character in
        guard value.isFinite else { return " " }
        guard high > low else { return levels[levels.count / 2] }
        return levels[min(levels.count - 1, Int((value / 2 - low / 2) / (high / 2 - low / 2) * Double(levels.count)))]
      })
  }

  private static func shrink(_ values: [Double], to width: Int) -> [Double] {
    guard values.count > width else { return values }
    return (0..<width).map { index in
      let part = values[(index * values.count / width)..<((index + 1) * values.count / width)].filter(\.isFinite)
      return part.isEmpty ? .nan : part.reduce(0, +) / Double(part.count)
    }
  }
}
