import CArrow

/// A value computed from the rows of a group. Missing values are left out.
public enum AggregateFunction: Sendable, Hashable {
  /// Rows, with or without values; of a column, those with a value.
  case count
  case sum, mean, min, max
  /// The standard deviation of a sample (n - 1); missing for a single value.
  case standardDeviation
  case variance
  case median
  /// Between 0 and 1, linear between neighbours.
  case quantile(Double)
  case distinctCount
  /// The first value that is there, in the order of the rows.
  case first
  case last
  /// All values in their order, missing ones too.
  case list

  /// From the name in `martlet.yml`: `count`, `sum`, `mean`, `min`, `max`, `std`, `var`, `median`, `quantile_0.9`, `distinct_count`,
  /// `first`, `last`, `list`.
  /// - Throws: `TableError` with all names.
  public init(_ name: String) throws(TableError) {
    let plain: [String: AggregateFunction] = [
      "count": .count, "sum": .sum, "mean": .mean, "min": .min, "max": .max, "std": .standardDeviation, "var": .variance, "median": .median,
      "distinct_count": .distinctCount, "first": .first, "last": .last, "list": .list,
    ]
    if let function = plain[name] {
      self = function
    } else if name.hasPrefix("quantile_"), let value = Double(name.dropFirst(9)), (0...1).contains(value) {
      self = .quantile(value)
    } else {
      throw TableError("there is no aggregate '\(name)'", expected: (plain.keys + ["quantile_0.9"]).sorted().joined(separator: ", "))
    }
  }

  /// The name in `martlet.yml`.
  public var name: String {
    switch self {
    case .count: "count"
    case .sum: "sum"
    case .mean: "mean"
    case .min: "min"
    case .max: "max"
    case .standardDeviation: "std"
    case .variance: "var"
    case .median: "median"
    case .quantile(let value): "quantile_\(value)"
    case .distinctCount: "distinct_count"
    case .first: "first"
    case .last: "last"
    case .list: "list"
    }
  }

  var engine: (function: String, parameter: Double) {
    switch self {
    case .count: ("hash_count", 0)
    case .sum: ("hash_sum", 0)
    case .mean: ("hash_mean", 0)
    case .min: ("hash_min", 0)
    case .max: ("hash_max", 0)
    case .standardDeviation: ("hash_stddev", 1)
    case .variance: ("hash_variance", 1)
    case .median: ("quantile", 0.5)
    case .quantile(let value): ("quantile", value)
    case .distinctCount: ("hash_count_distinct", 0)
    case .first: ("hash_first", 0)
    case .last: ("hash_last", 0)
    case .list: ("hash_list", 0)
    }
  }

  /// Whether it can be computed of values of this type.
  func fits(_ type: ColumnType) -> Bool {
    switch self {
    case .sum, .mean, .standardDeviation, .variance, .median, .quantile: type.isNumeric || type == .boolean
    case .min, .max, .first, .last, .distinctCount, .list: type.kind != .list
    case .count: true
    }
  }
}

extension AggregateFunction: Codable {
  public init(from decoder: any Decoder) throws { try self.init(decoder.singleValueContainer().decode(String.self)) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

/// An aggregate of a column under a name of its own.
public struct Aggregate: Sendable, Hashable, Codable {
  public var function: AggregateFunction
  /// `nil` only for counting rows.
  public var column: String?
  public var name: String

  /// - Parameter name: `nil` for `column_function`.
  public init(_ function: AggregateFunction, of column: String? = nil, as name: String? = nil) {
    self.function = function
    self.column = column
    self.name = name ?? column.map { "\($0)_\(function.name)" } ?? function.name
  }
}
