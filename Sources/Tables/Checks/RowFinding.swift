/// Rows of one kind: how many, and the first of them with their values.
struct RowFinding: Sendable {
  static let limit = 5
  private(set) var count = 0
  private(set) var rows: [Int] = []
  private(set) var values: [String] = []

  @inline(__always)
  mutating func add(_ row: Int, _ value: @autoclosure () -> String) {
    count += 1
    if rows.count < Self.limit {
      rows.append(row)
      values.append(value())
    }
  }
}
