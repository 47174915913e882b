import Foundation

/// What a model costs beside what it is worth.
public struct EvaluationCosts: Codable, Sendable, Hashable {
  /// The median time for one row, in milliseconds.
  public var millisecondsPerItemMedian: Double?
  /// The time for one row that 99 % of rows stay under, in milliseconds.
  public var millisecondsPerItem99: Double?
  /// Rows a second over the whole evaluation.
  public var itemsPerSecond: Double?
  /// The most memory that the process ever had resident, in bytes.
  public var peakMemoryBytes: Int?
  /// The size of the model's files, in bytes.
  public var modelBytes: Int?
  /// How many numbers the model has learned.
  public var parameterCount: Int?

  /// Costs; what is not known stays `nil`.
  public init(
    millisecondsPerItemMedian: Double? = nil, millisecondsPerItem99: Double? = nil, itemsPerSecond: Double? = nil,
    peakMemoryBytes: Int? = nil,
    modelBytes: Int? = nil, parameterCount: Int? = nil
  ) {
    self.millisecondsPerItemMedian = millisecondsPerItemMedian
    self.millisecondsPerItem99 = millisecondsPerItem99
    self.itemsPerSecond = itemsPerSecond
    self.peakMemoryBytes = peakMemoryBytes
    self.modelBytes = modelBytes
    self.parameterCount = parameterCount
  }

  /// Fills the times in from how long each batch took.
  public init(batches: [(items: Int, seconds: Double)], peakMemoryBytes: Int? = nil, modelBytes: Int? = nil, parameterCount: Int? = nil) {
    self.init(peakMemoryBytes: peakMemoryBytes, modelBytes: modelBytes, parameterCount: parameterCount)
    let used = batches.filter { $0.items > 0 }
    let items = used.reduce(0) { $0 + $1.items }
    guard items > 0 else { return }
    let sorted = used.map { (items: $0.items, milliseconds: $0.seconds * 1000 / Double($0.items)) }.sorted {
      $0.milliseconds < $1.milliseconds
    }
    func quantile(_ share: Double) -> Double {
      var rest = share * Double(items)
      for batch in sorted {
        rest -= Double(batch.items)
        if rest <= 0 { return batch.milliseconds }
      }
      return sorted.last?.milliseconds ?? 0
    }
    millisecondsPerItemMedian = quantile(0.5)
    millisecondsPerItem99 = quantile(0.99)
    let seconds = used.reduce(0) { $0 + $1.seconds }
    itemsPerSecond = seconds > 0 ? Double(items) / seconds : nil
  }

  /// The most memory that this process ever had resident (`VmHWM`), in bytes; `nil` where the system does not say.
  public static func peakMemoryOfProcess() -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
      return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    return nil
  }
}
