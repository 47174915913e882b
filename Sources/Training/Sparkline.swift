/// A curve as one line of block characters.
enum Sparkline {
  private static let blocks = Array("▁▂▃▄▅▆▇█")

  /// - Parameters:
  ///   - values: in order; only the finite ones are drawn.
  ///   - width: characters; longer series are averaged.
  static func of(_ values: [Double], width: Int) -> String {
    let finite = values.filter(\.isFinite)
    guard !finite.isEmpty, width > 0 else { return "" }
    let columns = min(width, finite.count)
    let means = (0..<columns).map { column -> Double in
      let range = (column * finite.count / columns)..<max(column * finite.count / columns + 1, (column + 1) * finite.count / columns)
      return finite[range].reduce(0, +) / Double(range.count)
    }
    let low = means.min() ?? 0
    let span = (means.max() ?? 0) - low
    return String(means.map { blocks[span > 0 ? min(7, Int(($0 - low) / span * 8)) : 0] })
  }
}
