/// What is known about a column after looking at each value once, gathered in pieces that can be merged: for files larger than memory, many
/// threads and many machines.
///
/// Counts, extremes and moments are exact; quantiles, distinct and frequent values are exact up to their capacities and bounded beyond
/// (``QuantileSketch/rankError``, ``DistinctEstimate/standardError``, ``ValueCounts/undercount``).
public struct ColumnSummary: Sendable, Codable {
  /// Sizes of the parts that estimate.
  public struct Capacity: Sendable, Hashable, Codable {
    /// Values kept per level of the quantile sketch.
    public var quantiles: Int
    /// Different values counted exactly.
    public var values: Int

    public init(quantiles: Int = 4096, values: Int = 4096) {
      self.quantiles = quantiles
      self.values = values
    }

    /// Smaller parts for tables of thousands of columns.
    public static func forColumns(_ count: Int) -> Capacity {
      count <= 500 ? Capacity() : count <= 2000 ? Capacity(quantiles: 1024, values: 1024) : Capacity(quantiles: 256, values: 256)
    }
  }

  public let name: String
  /// The type of the first piece.
  public private(set) var type: ColumnType
  /// Later pieces had another type.
  public private(set) var hasMixedTypes = false
  public private(set) var rows = 0
  /// Rows without a value.
  public private(set) var missing = 0
  /// Rows that hold "not a number"; they count as missing in rates.
  public private(set) var notNumbers = 0
  public private(set) var infinite = 0
  /// Numbers without a fraction.
  public private(set) var wholeNumbers = 0
  public private(set) var negative = 0
  public private(set) var zeros = 0
  /// Numbers, and timestamps in microseconds; finite ones only.
  public private(set) var moments = Moments()
  public private(set) var quantileSketch: QuantileSketch
  public private(set) var values: ValueCounts
  public private(set) var text = TextShape()
  public private(set) var order = ValueOrder()
  private var distinctEstimate: DistinctEstimate?
  /// All values so far, while none came twice and there are more than are counted.
  private var keys: HashTable?

  public init(name: String, type: ColumnType, capacity: Capacity = Capacity()) {
    self.name = name
    self.type = type
    quantileSketch = QuantileSketch(capacity: capacity.quantiles)
    values = ValueCounts(capacity: capacity.values)
  }

  /// The summary of a whole column.
  public init(_ column: Column, capacity: Capacity = Capacity()) {
    self.init(name: column.name, type: column.type, capacity: capacity)
    add(column)
  }

  /// Rows with a value that is one.
  public var present: Int { rows - missing - notNumbers }

  /// The share of rows without a value; 0 without rows.
  public var missingRate: Double { rows == 0 ? 0 : Double(missing + notNumbers) / Double(rows) }

  /// How many different values there are: exact while ``isDistinctExact``.
  public var distinct: Double { distinctEstimate.map { min($0.count, Double(present)) } ?? Double(values.keptCount) }

  public var isDistinctExact: Bool { distinctEstimate == nil }

  /// Every value is another one. Known for whole numbers, times and texts up to ``keyLimit`` values (of all columns of a table together);
  /// otherwise `false` beyond those that are counted.
  public var isUnique: Bool { present > 1 && (isDistinctExact ? values.keptCount == present : keys != nil) }

  /// Values that are kept in memory (32 to 64 bytes each) as long as none comes twice.
  public static let keyLimit = 8_000_000

  /// Values that are kept because none came twice.
  var keyCount: Int { keys?.count ?? 0 }

  /// Gives up looking whether every value is another one.
  mutating func forgetKeys() { keys = nil }

  /// All present values are one.
  public var isConstant: Bool { present > 0 && isDistinctExact && values.keptCount == 1 }

  /// All numbers are whole.
  public var isWhole: Bool { moments.count > 0 && wholeNumbers == moments.count }

  /// Adds the next rows.
  public mutating func add(_ column: Column) {
    if column.type != type {
      // Categories that one file spells as text are the same values in another.
      let texts: Set<ColumnType.Kind> = [.text, .categorical]
      if !(texts.contains(column.type.kind) && texts.contains(type.kind)) { hasMixedTypes = true }
      if column.type.isNumeric, type.isInteger, !column.type.isInteger { type = column.type }
    }
    rows += column.count
    missing += column.missingCount
    guard column.missingCount < column.count else { return }
    switch column.type.kind {
    case .numeric, .timestamp: addNumbers(column)
    case .boolean: addBooleans(column)
    case .text: addTexts(column)
    case .categorical: addCategories(column)
    case .list: addLists(column)
    }
  }

  private mutating func addNumbers(_ column: Column) {
    guard let numbers = try? column.numbers() else { return }
    let hasGaps = column.missingCount > 0
    let hashes = column.rowHashes()
    var finite: [Double] = []
    finite.reserveCapacity(numbers.count)
    for row in numbers.indices {
      let value = numbers[row]
      if value.isFinite {
        finite.append(value)
        if value <= 0 { if value == 0 { zeros += 1 } else { negative += 1 } }
        if value == value.rounded(.towardZero) { wholeNumbers += 1 }
      } else if hasGaps, column.isMissing(row) {
        continue
      } else if value.isNaN {
        notNumbers += 1
        continue
      } else {
        infinite += 1
      }
      count(hashes[row]) { column.value(row) }
    }
    finite.withUnsafeBufferPointer {
      moments.add($0)
      quantileSketch.add($0)
      order.add($0)
    }
  }

  private mutating func addBooleans(_ column: Column) {
    var yes = 0
    for row in 0..<column.count where !column.isMissing(row) && column.booleanUnchecked(row) { yes += 1 }
    let no = column.count - column.missingCount - yes
    if yes > 0 { count(StableHash.number(1), yes) { .boolean(true) } }
    if no > 0 { count(StableHash.number(0), no) { .boolean(false) } }
  }

  private mutating func addTexts(_ column: Column) {
    let hasGaps = column.missingCount > 0
    for row in 0..<column.count where !hasGaps || !column.isMissing(row) {
      let bytes = column.bytesUnchecked(row)
      text.add(bytes)
      // What is shown is cut; what is hashed is not.
      count(StableHash.bytes(bytes)) { .text(String(decoding: bytes.prefix(400), as: UTF8.self)) }
    }
  }

  private mutating func addCategories(_ column: Column) {
    let names = column.categories
    var counts = [Int](repeating: 0, count: names.count)
    for row in 0..<column.count where !column.isMissing(row) { counts[Int(column.load(row, Int32.self))] += 1 }
    for (code, number) in counts.enumerated() where number > 0 {
      var name = names[code]
      count(StableHash.text(name), number) { .text(names[code]) }
      name.withUTF8 { bytes in for _ in 0..<min(number, 1000) { text.add(bytes) } }
    }
  }

  private mutating func addLists(_ column: Column) {
    var lengths: [Double] = []
    for row in 0..<column.count where !column.isMissing(row) {
      if case .list(let elements) = column.value(row) { lengths.append(Double(elements.count)) }
    }
    lengths.withUnsafeBufferPointer {
      moments.add($0)
      quantileSketch.add($0)
    }
  }

  @inline(__always)
  private mutating func count(_ hash: UInt64, _ number: Int = 1, _ value: () -> TableValue) {
    if keys != nil, keys?.insert(hash, 0) != nil || (keys?.count ?? 0) > Self.keyLimit { keys = nil }
    if values.add(hash, count: number, value), values.keptCount > values.capacity { overflow() }
    distinctEstimate?.add(hash)
  }

  private mutating func overflow() {
    if distinctEstimate == nil {
      var estimate = DistinctEstimate()
      for hash in values.keptHashes { estimate.add(hash) }
      distinctEstimate = estimate
      if values.singletons == values.keptCount, mayBeKey { keys = HashTable(values.keptHashes) }
    }
    values.purge()
  }

  /// Decimals name nothing.
  private var mayBeKey: Bool { type != .float32 && type != .float64 }

  /// All values, where none came twice.
  private var keyHashes: [UInt64]? {
    if let keys { return keys.hashes }
    return isDistinctExact && values.singletons == values.keptCount && mayBeKey ? values.keptHashes : nil
  }

  /// The summary of both sets of rows, those of `other` after one's own.
  public mutating func merge(_ other: ColumnSummary) {
    if other.type != type { hasMixedTypes = true }
    hasMixedTypes = hasMixedTypes || other.hasMixedTypes
    rows += other.rows
    missing += other.missing
    notNumbers += other.notNumbers
    infinite += other.infinite
    wholeNumbers += other.wholeNumbers
    negative += other.negative
    zeros += other.zeros
    moments.merge(other.moments)
    quantileSketch.merge(other.quantileSketch)
    text.merge(other.text)
    order.merge(other.order)
    // Whoever counts exactly still knows every hash.
    func estimate(_ summary: ColumnSummary) -> DistinctEstimate {
      if let known = summary.distinctEstimate { return known }
      var fresh = DistinctEstimate()
      for hash in summary.values.keptHashes { fresh.add(hash) }
      return fresh
    }
    var allKeys: HashTable?
    if let mine = keyHashes, let theirs = other.keyHashes, mine.count + theirs.count <= Self.keyLimit {
      var table = HashTable(mine)
      if theirs.allSatisfy({ table.insert($0, 0) == nil }) { allKeys = table }
    }
    var joined: DistinctEstimate?
    if distinctEstimate != nil || other.distinctEstimate != nil {
      var both = estimate(self)
      both.merge(estimate(other))
      joined = both
    }
    values.merge(other.values) { hashes in
      guard joined == nil else { return }
      var fresh = DistinctEstimate()
      for hash in hashes { fresh.add(hash) }
      joined = fresh
    }
    distinctEstimate = joined
    keys = joined == nil ? nil : allKeys
  }
}

/// Whether numbers came in an order.
public struct ValueOrder: Sendable, Hashable, Codable {
  /// No value was below the one before it.
  public private(set) var isIncreasing = true
  /// No value was above the one before it.
  public private(set) var isDecreasing = true
  /// No value came twice in a row.
  public private(set) var isStrict = true
  public private(set) var first: Double?
  public private(set) var last: Double?

  public init() {}

  mutating func add(_ values: UnsafeBufferPointer<Double>) {
    guard let start = values.first else { return }
    var before = last ?? start
    if last == nil { first = start } else if before == start { isStrict = false }
    for place in values.indices {
      let value = values[place]
      if value < before { isIncreasing = false }
      if value > before { isDecreasing = false }
      if place > 0, value == before { isStrict = false }
      before = value
    }
    last = before
  }

  mutating func merge(_ later: ValueOrder) {
    guard let laterFirst = later.first, let laterLast = later.last else { return }
    guard let last else {
      self = later
      return
    }
    isIncreasing = isIncreasing && later.isIncreasing && last <= laterFirst
    isDecreasing = isDecreasing && later.isDecreasing && last >= laterFirst
    isStrict = isStrict && later.isStrict && last != laterFirst
    self.last = laterLast
  }
}
