public import MartletCore

/// What a run tells its handlers.
public enum TrainingEvent {
  /// The run starts, or goes on from a checkpoint.
  case fitBegin
  /// A pass over the training data starts or, after a resume, goes on.
  case epochBegin
  /// One optimizer step is done.
  case stepEnd
  /// Values were measured; they are in `run.latest` as well.
  case metrics([MetricRecord])
  /// The validation data was gone through; its metrics came before.
  case validationEnd
  /// A pass over the training data is over, validation included.
  case epochEnd
  /// The task was cancelled; nothing is half done. Time to save.
  case interrupted
  /// The run ends with this error.
  case failed(any Error)
  /// The run ends in order. The last chance to change the model.
  case fitEnd
}

/// What a handler wants to happen next. Of several answers the strongest counts.
public enum HandlerAnswer: Int, Sendable, Comparable {
  /// Go on.
  case `continue` = 0
  /// End this epoch after the current step; validation still runs.
  case stopEpoch = 1
  /// End the run after the current step or epoch.
  case stop = 2

  public static func < (left: HandlerAnswer, right: HandlerAnswer) -> Bool { left.rawValue < right.rawValue }
}

/// Something that watches a run and may end it.
///
/// Handlers are called in their order on the thread that trains, between steps. What they need to go on after a resume they give and
/// take as `SavedState`, which checkpoints keep under the handler's name.
public protocol Handler: AnyObject {
  /// The key of the saved state; unique among a run's handlers that save.
  var name: String { get }

  /// Handlers with a smaller number hear of an event earlier. 0 unless the handler needs the others to be done.
  var rank: Int { get }

  /// Of several processes that train together only rank 0 has it: what writes files or talks to people.
  var isForFirstRankOnly: Bool { get }

  /// Metrics that must be measured for it to work: a trainer looks for them before it trains. None unless said.
  var watchedMetrics: [String] { get }

  /// Metrics that it records itself, for others to watch; a name that ends in `/` stands for all below. `nil`, as unless said, if it cannot
  /// tell: nobody's watched metrics are then looked for before they are needed.
  var recordedMetrics: [String]? { get }

  /// Settings that have a say in what a run leads to, so that a resumed run must share them; `.null`, as unless said, for those who only look.
  var settings: JSONValue { get }

  /// Reacts to an event.
  /// - Throws: anything; it ends the run.
  func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer

  /// What is to be remembered, `nil` for nothing.
  func state() throws -> SavedState?

  /// Goes on from a saved state; called before `fitBegin`.
  func load(_ state: SavedState) throws
}

extension Handler {
  public var name: String { "\(type(of: self))" }
  public var rank: Int { 0 }
  public var isForFirstRankOnly: Bool { false }
  public var watchedMetrics: [String] { [] }
  public var recordedMetrics: [String]? { nil }
  public var settings: JSONValue { .null }
  public func state() throws -> SavedState? { nil }
  public func load(_ state: SavedState) throws {}
}
