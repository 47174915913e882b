import MartletCore

/// The learning rate (and, where wanted, the momentum and the weight decay) over a run.
///
/// A value: what it answers depends on the position and on the metrics it was told of, on nothing else, so that a resumed run goes on
/// exactly. It is applied to every parameter group's own base value. Any closure can be one, and they compose:
///
/// ```swift
/// .cosineWithRestarts(first: 10, factor: 2).warmup(.epochs(1))
/// .constant.then(after: .fraction(0.5), .polynomial(power: 2)).withWeightDecay(.cosine())
/// .perGroup([.constant, .oneCycle()])
/// .plateau("validation/accuracy", .maximum, patience: 3)
/// ```
public struct Schedule: Sendable {
  /// A setting's value from its base value and the position.
  public typealias Curve = @Sendable (_ base: Double, _ position: SchedulePosition) -> Double

  /// A curve that also sees what the plateaus of its part have watched.
  typealias Rule = @Sendable (_ base: Double, _ position: SchedulePosition, _ plateaus: ArraySlice<Plateau>) -> Double

  /// For messages and logs.
  public let name: String
  /// What waits for metrics, with what it has seen so far; empty for schedules of the step alone.
  public private(set) var plateaus: [Plateau]
  let rate: Rule
  let momentumRule: Rule?
  let weightDecayRule: Rule?
  /// Settings that make no sense.
  let mistakes: [ArgumentError]

  /// - Parameters:
  ///   - momentum: the momentum's (Adam's first beta's) curve; `nil` leaves it alone.
  ///   - weightDecay: the weight decay's curve; `nil` leaves it alone.
  ///   - learningRate: the learning rate's curve.
  public init(_ name: String, momentum: Curve? = nil, weightDecay: Curve? = nil, learningRate: @escaping Curve) {
    self.init(
      name, rate: Self.rule(learningRate), momentum: momentum.map(Self.rule), weightDecay: weightDecay.map(Self.rule))
  }

  /// A curve that has no plateaus to look at.
  static func rule(_ curve: @escaping Curve) -> Rule { { base, position, _ in curve(base, position) } }

  init(
    _ name: String, plateaus: [Plateau] = [], rate: @escaping Rule, momentum: Rule? = nil, weightDecay: Rule? = nil,
    mistakes: [ArgumentError] = []
  ) {
    self.name = name
    self.plateaus = plateaus
    self.rate = rate
    self.momentumRule = momentum
    self.weightDecayRule = weightDecay
    self.mistakes = mistakes
  }

  /// The learning rate for the step at `position` of a group whose own rate is `base`.
  public func learningRate(_ base: Double, at position: SchedulePosition) -> Double { rate(base, position, plateaus[...]) }

  /// The momentum for the step at `position`, or `nil` if this schedule leaves it alone.
  public func momentum(_ base: Double, at position: SchedulePosition) -> Double? { momentumRule?(base, position, plateaus[...]) }

  /// The weight decay for the step at `position`, or `nil` if this schedule leaves it alone.
  public func weightDecay(_ base: Double, at position: SchedulePosition) -> Double? { weightDecayRule?(base, position, plateaus[...]) }

  /// Sets every group of `optimizer` to its values at `position`.
  public func apply(to optimizer: some Optimizer, base: OptimizerSettings, at position: SchedulePosition) {
    optimizer.learningRates = values(base.learningRates, rate, position)
    if let momentumRule { optimizer.momenta = values(base.momenta, momentumRule, position) }
    if let weightDecayRule { optimizer.weightDecays = values(base.weightDecays, weightDecayRule, position) }
  }

  private func values(_ base: [Double], _ rule: Rule, _ position: SchedulePosition) -> [Double] {
    var position = position
    return base.enumerated().map { group, value in
      position.group = group
      return rule(value, position, plateaus[...])
    }
  }

  /// Tells the plateaus what was measured at the end of an epoch. A trainer does it; a loop of one's own calls it where it validates.
  /// - Throws: `ArgumentError` if a metric that a plateau waits for is not there.
  public mutating func observe(_ measured: [(name: String, value: Double)]) throws {
    for index in plateaus.indices {
      let wanted = plateaus[index].metric
      guard let value = measured.first(where: { $0.name == wanted })?.value else {
        let names = measured.map(\.name)
        throw ArgumentError(
          "the schedule '\(name)' waits for '\(wanted)', which was not measured",
          expected: names.isEmpty ? nil : "one of \(names.joined(separator: ", "))",
          remedy: wanted.hasPrefix("validation/") ? "pass validation data, or watch a metric of the training data" : nil)
      }
      plateaus[index].observe(value)
    }
  }

  /// Tells all plateaus the newest value, whatever their metrics are called.
  public mutating func observe(_ value: Double) {
    for index in plateaus.indices { plateaus[index].observe(value) }
  }

  /// Whether its settings make sense. A trainer asks before it trains.
  /// - Throws: `ArgumentError` naming the setting, its value and its range.
  public func validate() throws { if let first = mistakes.first { throw first } }
}
