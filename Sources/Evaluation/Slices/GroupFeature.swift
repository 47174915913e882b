import Charts
import Foundation

/// Which group every row belongs to: a categorical column, or a numeric one in bins.
public struct GroupFeature: Codable, Sendable, Hashable {
  /// The column's name.
  public let name: String
  /// The groups' names.
  public let labels: [String]
  /// The group of every row, a place in `labels`.
  public let codes: [Int]

  /// What rows without a value belong to.
  public static let missing = "(missing)"

  /// Groups by codes.
  /// - Throws: `MetricError` naming the row whose code is out of range.
  public init(_ name: String, codes: [Int], labels: [String]) throws(MetricError) {
    for (row, code) in codes.enumerated() { try Check.label(code, row: row, classes: labels.count, "group of '\(name)'") }
    self.init(name, checked: codes, labels)
  }

  private init(_ name: String, checked codes: [Int], _ labels: [String]) {
    self.name = name
    self.labels = labels
    self.codes = codes
  }

  /// Groups by their names, in alphabetical order; rows without one are a group of their own, the last.
  public init(_ name: String, values: [String?]) {
    var labels = Set(values.compactMap { $0 }).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($0.element, $0.offset) })
    if values.contains(nil) { labels.append(Self.missing) }
    self.init(name, checked: values.map { $0.flatMap { numbers[$0] } ?? labels.count - 1 }, labels)
  }

  /// Groups by numbers of about equal size: bins between quantiles, NaN a group of its own. Numbers of at most `bins` different values
  /// are groups by value.
  public init(_ name: String, numbers: [Double], bins: Int = 4) {
    let present = numbers.filter { !$0.isNaN }.sorted()
    let hasMissing = present.count < numbers.count
    var distinct: [Double] = []
    for value in present where distinct.last != value {
      distinct.append(value)
      if distinct.count > max(1, bins) { break }
    }
    var labels: [String], codes: [Int]
    if distinct.count <= max(1, bins) {
      labels = distinct.map(Self.text)
      codes = numbers.map { value in distinct.firstIndex(of: value) ?? distinct.count }
    } else {
      var edges: [Double] = []
      for bin in 1..<max(2, bins) {
        // Edges are values that occur, so that they can be read.
        let edge = present[min(present.count - 1, bin * present.count / max(2, bins))]
        if edge > present[0], edges.last.map({ $0 < edge }) ?? true { edges.append(edge) }
      }
      let text = edges.map(Self.text)
      labels =
        edges.isEmpty
        ? ["all"]
        : (0...edges.count).map { bin in
          bin == 0 ? "< \(text[0])" : bin == edges.count ? "≥ \(text[bin - 1])" : "\(text[bin - 1]) to < \(text[bin])"
        }
      let count = labels.count
      codes = numbers.map { value in value.isNaN ? count : edges.firstIndex { value < $0 } ?? edges.count }
    }
    if hasMissing { labels.append(Self.missing) }
    self.init(name, checked: codes, labels)
  }

  /// A number without zeros at its end.
  private static func text(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
    let text = NumberText.significant(value)
    guard text.contains("."), !text.contains("e") else { return text }
    return String(text.reversed().drop { $0 == "0" }.reversed())
  }
}

extension String {
  /// A group of numbers up to or from an edge on, which reads as a condition by itself.
  var isRange: Bool { hasPrefix("< ") || hasPrefix("≥ ") }
}
