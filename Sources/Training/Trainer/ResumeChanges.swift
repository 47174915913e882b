/// What a run that goes on from a checkpoint may do otherwise than the run that was saved. Without it every difference is an error.
public struct ResumeChanges: OptionSet, Sendable, Hashable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Another loss, or other settings of it.
  public static let loss = ResumeChanges(rawValue: 1)
  /// Another schedule: it counts from the run's beginning, as if it had always been this one.
  public static let schedule = ResumeChanges(rawValue: 2)
  /// Other settings of the optimizer (learning rate, weight decay …), which go on with what it remembers. An optimizer of another kind
  /// begins anew.
  public static let optimizer = ResumeChanges(rawValue: 4)
  /// Handlers that end or change a run (early stopping) left out, new, or set otherwise. What a new one would have seen it does not know.
  public static let handlers = ResumeChanges(rawValue: 8)
  /// Other clipping, mixing, penalties or freezing.
  public static let options = ResumeChanges(rawValue: 16)
  /// All of it.
  public static let all: ResumeChanges = [.loss, .schedule, .optimizer, .handlers, .options]

  /// As one writes it.
  var spelling: String {
    let names: [(ResumeChanges, String)] = [
      (.loss, ".loss"), (.schedule, ".schedule"), (.optimizer, ".optimizer"), (.handlers, ".handlers"), (.options, ".options"),
    ]
    let own = names.filter { contains($0.0) }.map(\.1)
    return own.count == 1 ? own[0] : "[" + own.joined(separator: ", ") + "]"
  }
}

/// Where a run goes on from, and what may be otherwise.
struct Resumption {
  let path: String
  let changes: ResumeChanges
}
