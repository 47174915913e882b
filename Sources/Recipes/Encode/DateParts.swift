import Foundation

/// Parts of a point in time, in the column's time zone (UTC where it has none).
public struct DateParts: RecipeStep {
  public enum Part: String, Hashable, Sendable, Codable, CaseIterable {
    case year, quarter, month
    /// ISO 8601.
    case week
    case day
    case dayOfYear = "day-of-year"
    /// From Monday, 0.
    case weekday
    case hour, minute, second
    case isWeekend = "is-weekend"

    /// How many values a round has, for parts that go round.
    var round: (first: Double, count: Double)? {
      switch self {
      case .quarter: (1, 4)
      case .month: (1, 12)
      case .week: (1, 53)
      case .day: (1, 31)
      case .dayOfYear: (1, 366)
      case .weekday: (0, 7)
      case .hour: (0, 24)
      case .minute, .second: (0, 60)
      case .year, .isWeekend: nil
      }
    }
  }
  public static let name = "date-parts"
  public static let accepted: Set<RecipeKind> = [.timestamp]
  public var columns: ColumnSelection
  public var parts: [Part]
  /// Whether parts that go round become a sine and a cosine, so that December is next to January.
  public var cyclic: Bool
  /// Whether the time since the first training row is added, in days.
  public var elapsed: Bool
  /// Counts the elapsed time from here: ISO 8601, as `2024-01-01T00:00:00Z`.
  public var since: String?
  /// Overrides the column's own.
  public var timeZone: String?

  public init() { self.init(columns: .timestamp) }
  public init(
    columns: ColumnSelection, parts: [Part] = [.year, .month, .day, .weekday, .hour], cyclic: Bool = false, elapsed: Bool = false,
    since: String? = nil, timeZone: String? = nil
  ) {
    self.columns = columns
    self.parts = parts
    self.cyclic = cyclic
    self.elapsed = elapsed
    self.since = since
    self.timeZone = timeZone
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    var starts: [Double] = [], zones: [String] = []
    for (column, values) in zip(input.columns, try input.doubles()) {
      var start = Numbers.present(values).min() ?? 0
      if let since {
        guard let date = try? Date(since, strategy: .iso8601) else {
          throw input.settingError("since", since, expected: "a time as 2024-01-01T00:00:00Z")
        }
        start = (date.timeIntervalSince1970 * 1e6).rounded()
      }
      starts.append(start)
      let zone = timeZone ?? column.timeZone ?? "UTC"
      guard TimeZone(identifier: zone) != nil else {
        throw RecipeError("there is no time zone '\(zone)'", expected: "a name as Europe/Berlin", column: column.name, value: zone)
      }
      zones.append(zone)
    }
    let outputs = input.columns.map { column in
      parts.flatMap { part -> [RecipeColumn] in
        let name = "\(column.name)_\(part.rawValue)"
        return cyclic && part.round != nil ? [column.derived(name + "_sin"), column.derived(name + "_cos")] : [column.derived(name)]
      } + (elapsed ? [column.derived("\(column.name)_elapsed")] : [])
    }
    return StepFit(FittedDates(parts: parts, cyclic: cyclic, elapsed: elapsed, starts: Doubles(starts), zones: zones), outputs: outputs)
  }
}

struct FittedDates: FittedStep {
  static let name = "dates"
  let parts: [DateParts.Part]
  let cyclic: Bool
  let elapsed: Bool
  let starts: Doubles
  let zones: [String]
  var takesSingleRows: Bool { true }

  var width: Int { parts.reduce(elapsed ? 1 : 0) { $0 + (cyclic && $1.round != nil ? 2 : 1) } }

  private func write(_ time: Double, _ place: Int, _ zone: TimeZone, _ body: (Int, Double) -> Void) {
    guard !time.isNaN else {
      for output in 0..<width { body(output, .nan) }
      return
    }
    let civil = CivilTime(microseconds: time, zone)
    var output = 0
    for part in parts {
      let value = civil.value(part)
      if cyclic, let round = part.round {
        let angle = 2 * Double.pi * (value - round.first) / round.count
        body(output, sin(angle))
        body(output + 1, cos(angle))
        output += 2
      } else {
        body(output, value)
        output += 1
      }
    }
    if elapsed { body(output, (time - starts[place]) / 86_400e6) }
  }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    var made: [RecipeValues] = []
    for (place, input) in inputs.enumerated() {
      guard let zone = TimeZone(identifier: zones[place]) else { throw RecipeError("there is no time zone '\(zones[place])'") }
      var columns = [[Double]](repeating: [Double](repeating: 0, count: rows), count: width)
      for (row, time) in try input.doubles().enumerated() { write(time, place, zone) { columns[$0][row] = $1 } }
      made += columns.map { .numbers($0) }
    }
    return made
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    for (place, input) in inputs.enumerated() {
      guard let zone = TimeZone(identifier: zones[place]) else { throw RecipeError("there is no time zone '\(zones[place])'") }
      write(row.numbers[input], place, zone) { row.numbers[outputs[place * width + $0]] = $1 }
    }
  }
}

/// A point in time on the calendar (proleptic Gregorian; H. Hinnant's algorithm for the date of a day number).
struct CivilTime {
  let year: Int, month: Int, day: Int, dayNumber: Int, secondOfDay: Int

  init(microseconds: Double, _ zone: TimeZone) {
    // Times far beyond the calendar, infinite ones included, are its ends.
    let seconds = max(min((microseconds / 1e6).rounded(.down), 1e13), -1e13)
    let offset = zone.identifier == "UTC" || zone.identifier == "GMT" ? 0 : zone.secondsFromGMT(for: Date(timeIntervalSince1970: seconds))
    let local = Int(seconds) + offset
    dayNumber = local >= 0 ? local / 86_400 : -((86_399 - local) / 86_400)
    secondOfDay = local - dayNumber * 86_400
    let shifted = dayNumber + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  private var isLeap: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
  private var dayOfYear: Int {
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
    return before[month - 1] + day + (isLeap && month > 2 ? 1 : 0)
  }
  /// From Monday, 0. Day 0 was a Thursday.
  private var weekday: Int { ((dayNumber + 3) % 7 + 7) % 7 }

  private static func weeks(_ year: Int) -> Int {
    func p(_ year: Int) -> Int { (year + year / 4 - year / 100 + year / 400) % 7 }
    return p(year) == 4 || p(year - 1) == 3 ? 53 : 52
  }

  private var week: Int {
    let week = (dayOfYear - weekday + 9) / 7
    if week < 1 { return Self.weeks(year - 1) }
    return week > Self.weeks(year) ? 1 : week
  }

  func value(_ part: DateParts.Part) -> Double {
    switch part {
    case .year: Double(year)
    case .quarter: Double((month - 1) / 3 + 1)
    case .month: Double(month)
    case .week: Double(week)
    case .day: Double(day)
    case .dayOfYear: Double(dayOfYear)
    case .weekday: Double(weekday)
    case .hour: Double(secondOfDay / 3600)
    case .minute: Double(secondOfDay / 60 % 60)
    case .second: Double(secondOfDay % 60)
    case .isWeekend: weekday >= 5 ? 1 : 0
    }
  }
}
