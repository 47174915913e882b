import MartletCore

extension Parallel {
  /// The results for each index, in order.
  /// - Throws: the error of the lowest index that threw.
  static func metrics<Value: Sendable>(
    _ count: Int, _ body: @Sendable (Int) throws(MetricError) -> Value
  ) throws(MetricError) -> [Value] {
    let outcomes = results(count) { index -> Result<Value, MetricError> in
      do throws(MetricError) { return .success(try body(index)) } catch { return .failure(error) }
    }
    var values: [Value] = []
    values.reserveCapacity(count)
    for outcome in outcomes { values.append(try outcome.get()) }
    return values
  }

  /// The results of what cannot fail, in order.
  static func results<Value: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
    // The body does not throw, so neither does this.
    (try? map(count) { body($0) }) ?? []
  }
}
