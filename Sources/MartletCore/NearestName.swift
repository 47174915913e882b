/// Finds what somebody probably meant.
public enum NearestName {
  /// - Returns: the candidate with the fewest edits (insert, delete, replace, swap neighbours) if it is near enough to be a slip, else `nil`.
  public static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
    let limit = max(1, name.count / 3)
    return candidates.map { ($0, distance(name.lowercased(), $0.lowercased())) }
      .filter { $0.1 <= max(limit, min(2, $0.0.count / 2)) }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
  }

  /// Optimal string alignment distance.
  static func distance(_ first: String, _ second: String) -> Int {
    let a = Array(first.unicodeScalars), b = Array(second.unicodeScalars)
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    for i in 1...a.count {
      for j in 1...b.count {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1) }
      }
    }
    return rows[a.count][b.count]
  }
}
