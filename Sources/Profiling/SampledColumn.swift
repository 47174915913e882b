import Tables

/// A column of the sample in the form that statistics need.
struct SampledColumn: Sendable {
  enum Values: Sendable {
    /// NaN where missing.
    case numbers([Double])
    /// -1 where missing.
    case codes([Int32], count: Int)
  }

  let name: String
  let values: Values
  let isTime: Bool
  let isMissing: [Bool]
  let missing: Int

  /// - Returns: `nil` for lists, which have no statistics.
  init?(_ column: Column) {
    name = column.name
    isTime = column.type.kind == .timestamp
    switch column.type.kind {
    case .numeric, .timestamp:
      guard let numbers = try? column.numbers() else { return nil }
      values = .numbers(numbers)
      isMissing = numbers.map(\.isNaN)
    case .list: return nil
    default:
      guard let codes = try? column.codes() else { return nil }
      values = .codes(codes.codes, count: codes.categories.count)
      isMissing = codes.codes.map { $0 < 0 }
    }
    missing = isMissing.count { $0 }
  }

  init(name: String, numbers: [Double]) {
    self.name = name
    values = .numbers(numbers)
    isTime = false
    isMissing = numbers.map(\.isNaN)
    missing = isMissing.count { $0 }
  }

  var numbers: [Double]? { if case .numbers(let values) = values { values } else { nil } }

  /// Codes with at most `limit` different values: rarer ones share the last code.
  func codes(limit: Int = 60) -> [Int32]? {
    guard case .codes(let codes, let count) = values else { return nil }
    guard count > limit else { return codes }
    var counts = [Int](repeating: 0, count: count)
    for code in codes where code >= 0 { counts[Int(code)] += 1 }
    var map = [Int32](repeating: Int32(limit - 1), count: count)
    for (place, code) in counts.indices.sorted(by: { (counts[$1], $0) < (counts[$0], $1) }).prefix(limit - 1).enumerated() {
      map[code] = Int32(place)
    }
    return codes.map { $0 < 0 ? -1 : map[Int($0)] }
  }

  /// The number of the bin that each value lies in, of about equally many rows each; codes as they are.
  func binned(_ bins: Int = 10) -> [Int32] {
    if let codes = codes() { return codes }
    let values = numbers ?? []
    let edges = Self.edges(values, bins: bins)
    return values.map { $0.isNaN ? -1 : Int32(Self.place($0, edges)) }
  }

  /// Ascending ends of bins of about equally many values.
  static func edges(_ values: [Double], bins: Int) -> [Double] {
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard let last = sorted.last else { return [] }
    var edges: [Double] = []
    for bin in 1..<max(bins, 2) {
      let edge = sorted[min(sorted.count - 1, sorted.count * bin / bins)]
      if edge > edges.last ?? -.infinity, edge < last { edges.append(edge) }
    }
    return edges
  }

  /// The first bin whose end is not below the value.
  @inline(__always)
  static func place(_ value: Double, _ edges: [Double]) -> Int {
    var low = 0, high = edges.count
    while low < high {
      let middle = (low + high) / 2
      if edges[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What is to be predicted, in the sample.
struct SampledTarget: Sendable {
  enum Kind: Sendable {
    /// A class a row, -1 where missing.
    case classes([Int32], labels: [String])
    case numbers([Double])
  }

  let name: String
  let kind: Kind
  let isMissing: [Bool]
  let missing: Int

  init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
    switch kind {
    case .classes(let codes, _): isMissing = codes.map { $0 < 0 }
    case .numbers(let values): isMissing = values.map(\.isNaN)
    }
    missing = isMissing.count { $0 }
  }

  /// Numbers of few different values are classes.
  /// - Returns: `nil` for lists.
  init?(_ column: Column, distinct: Double) {
    let isNumber = column.type.isNumeric || column.type.kind == .timestamp
    if isNumber, distinct > 20 {
      guard let numbers = try? column.numbers() else { return nil }
      self.init(name: column.name, kind: .numbers(numbers))
    } else {
      guard let codes = try? column.codes() else { return nil }
      self.init(name: column.name, kind: .classes(codes.codes, labels: codes.categories))
    }
  }
}
