import Foundation

/// Holds one column's rule against rows as they come.
struct ColumnCheck: Sendable {
  let rule: ColumnRule
  let options: DataCheckOptions
  private(set) var rows = 0
  private(set) var missing = RowFinding()
  private(set) var wrongType = RowFinding()
  private(set) var foundType: ColumnType?
  private(set) var outside = RowFinding()
  /// Outside by more than the whole width of the range.
  private(set) var farOutside = 0
  private(set) var fractions = RowFinding()
  private(set) var unknown = RowFinding()
  private(set) var unknownNames: [String: Int] = [:]
  private(set) var duplicates = RowFinding()
  private(set) var others = RowFinding()
  private(set) var lengths = RowFinding()
  private(set) var shapes = RowFinding()
  private(set) var disorder = RowFinding()
  private(set) var future = RowFinding()
  private(set) var latest = -Double.infinity
  private(set) var keysWereCut = false
  /// How many values fell into each bin of a number rule, or on each category (the last for those that are not listed).
  private(set) var tally: [Int] = []
  private var previous = -Double.infinity
  private var seen = HashTable()
  private var known = HashTable()
  let categoryNames: [String]
  private let now: Double?
  private let bounds: (low: Double, high: Double)

  init(rule: ColumnRule, options: DataCheckOptions) {
    self.rule = rule
    self.options = options
    categoryNames = rule.categories?.shares.keys.sorted() ?? []
    known = HashTable(capacity: categoryNames.count)
    for (place, name) in categoryNames.enumerated() { _ = known.insert(StableHash.text(name), place) }
    if rule.categories != nil {
      tally = [Int](repeating: 0, count: categoryNames.count + 1)
    } else if let edges = rule.number?.edges {
      tally = [Int](repeating: 0, count: edges.count + 1)
    }
    now = options.now.map { $0.timeIntervalSince1970 * 1e6 }
    func time(_ text: String?) -> Double? { text.flatMap(TimeText.microseconds).map(Double.init) }
    bounds = (
      rule.number?.minimum ?? time(rule.time?.earliest) ?? -.infinity, rule.number?.maximum ?? time(rule.time?.latest) ?? .infinity
    )
  }

  /// - Parameter first: the number of the column's first row.
  mutating func add(_ column: Column, first: Int) {
    rows += column.count
    if column.missingCount > 0 {
      for row in 0..<column.count where column.isMissing(row) { missing.add(first + row, "") }
    }
    guard column.missingCount < column.count else { return }
    if !agrees(column.type) { foundType = foundType ?? column.type }
    switch rule.type.kind {
    case .numeric, .timestamp: addNumbers(column, first)
    case .text, .categorical, .boolean: break
    case .list: break
    }
    if rule.categories != nil { addCategories(column, first) }
    if rule.text != nil, column.type.kind == .text || column.type.kind == .categorical { addTexts(column, first) }
    if let constant = rule.constant {
      for row in 0..<column.count where !column.isMissing(row) {
        let value = column.value(row)
        if value.sortText != constant { others.add(first + row, value.text()) }
      }
    }
    if rule.isUnique { addKeys(column, first) }
  }

  /// Kinds that hold the same values agree; what widths they take does not matter.
  private func agrees(_ type: ColumnType) -> Bool {
    let texts: Set<ColumnType.Kind> = [.text, .categorical]
    return type.kind == rule.type.kind || (texts.contains(type.kind) && texts.contains(rule.type.kind))
  }

  private mutating func addNumbers(_ column: Column, _ first: Int) {
    let values: [Double]
    let mayLack = column.missingCount > 0
    switch column.type.kind {
    case .numeric, .boolean, .timestamp:
      guard let numbers = try? column.numbers() else { return }
      values = numbers
    case .text, .categorical:
      values = parsed(column, first)
    case .list: return
    }
    let isTime = rule.type.kind == .timestamp
    let width = bounds.high - bounds.low
    let whole = rule.number?.whole ?? false
    let edges = rule.number?.edges
    let increasing = rule.time?.increasing ?? false
    let checksFuture = isTime && !(rule.time?.future ?? false)
    // A clock that is a little fast is no error.
    let end = checksFuture ? (now ?? .infinity) + 86_400e6 : .infinity
    func text(_ value: Double) -> String { isTime ? TimeText.text(value) : TableValue.plain(value) }
    for row in values.indices {
      let value = values[row]
      if value.isNaN {
        if !mayLack || !column.isMissing(row), column.type.isNumeric { missing.add(first + row, "NaN") }
        continue
      }
      if value < bounds.low || value > bounds.high {
        outside.add(first + row, text(value))
        if value < bounds.low - width || value > bounds.high + width { farOutside += 1 }
      }
      if whole, value != value.rounded() { fractions.add(first + row, text(value)) }
      if let edges { tally[Self.bin(value, edges)] += 1 }
      if isTime {
        if value > end { future.add(first + row, text(value)) }
        if increasing, value < previous { disorder.add(first + row, text(value)) }
        previous = max(previous, value)
        latest = max(latest, value)
      }
    }
  }

  static func bin(_ value: Double, _ edges: [Double]) -> Int {
    var place = 0
    while place < edges.count, value > edges[place] { place += 1 }
    return place
  }

  /// Texts where numbers or times were expected: those that can be read are, the others are named.
  private mutating func parsed(_ column: Column, _ first: Int) -> [Double] {
    let isTime = rule.type.kind == .timestamp
    return (0..<column.count).map { row in
      guard !column.isMissing(row), case .text(let text) = column.value(row) else { return .nan }
      let clean = text.trimmingCharacters(in: .whitespaces)
      if let value = isTime ? TimeText.microseconds(clean).map(Double.init) : Double(clean) { return value }
      wrongType.add(first + row, TableValue.text(text).text())
      return .nan
    }
  }

  private mutating func addCategories(_ column: Column, _ first: Int) {
    let closing = tally.count - 1
    func name(_ row: Int) -> String { column.value(row).sortText }
    let isText = column.type == .text
    let codes = column.type == .categorical ? column.categories.map { known[StableHash.text($0)] ?? closing } : []
    for row in 0..<column.count where column.missingCount == 0 || !column.isMissing(row) {
      let place: Int
      switch column.type {
      case .text: place = known[StableHash.bytes(column.bytesUnchecked(row))] ?? closing
      case .categorical: place = codes[Int(column.load(row, Int32.self))]
      default:
        if column.type.isNumeric, column.numberUnchecked(row).isNaN { continue }
        place = known[StableHash.text(name(row))] ?? closing
      }
      tally[place] += 1
      if place == closing {
        let value = isText ? column.textUnchecked(row) : name(row)
        unknown.add(first + row, TableValue.text(value).text())
        if unknownNames.count < 1000 || unknownNames[value] != nil { unknownNames[value, default: 0] += 1 }
      }
    }
  }

  private mutating func addTexts(_ column: Column, _ first: Int) {
    guard let text = rule.text else { return }
    let shortest = text.minimumLength ?? 0, longest = text.maximumLength ?? .max
    func look(_ bytes: UnsafeBufferPointer<UInt8>, _ row: Int) {
      let length = bytes.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
      if length < shortest || length > longest { lengths.add(first + row, column.value(row).text()) }
      if let pattern = text.pattern, !pattern.matches(bytes) { shapes.add(first + row, column.value(row).text()) }
    }
    for row in 0..<column.count where column.missingCount == 0 || !column.isMissing(row) {
      if column.type == .text {
        look(column.bytesUnchecked(row), row)
      } else {
        var value = column.categoryUnchecked(row)
        value.withUTF8 { look($0, row) }
      }
    }
  }

  private mutating func addKeys(_ column: Column, _ first: Int) {
    for (row, hash) in column.rowHashes().enumerated() where hash != StableHash.missing {
      if seen.count >= options.maximumKeys {
        keysWereCut = true
        return
      }
      if let before = seen.insert(hash, first + row) {
        duplicates.add(first + row, "\(column.value(row).text()) (as row \(before))")
      }
    }
  }
}
