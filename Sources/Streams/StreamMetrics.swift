import Synchronization

/// How a stream goes.
public struct StreamFigures: Codable, Sendable, Hashable {
  /// Messages taken from the broker, duplicates included.
  public var consumed = 0
  /// Answers that the broker has confirmed.
  public var answered = 0
  /// Dead letters that the broker has confirmed.
  public var dead = 0
  /// Messages that had been answered before.
  public var duplicates = 0
  /// Second and later attempts at an answer.
  public var retries = 0
  /// Attempts at sending that the broker did not confirm.
  public var sendFailures = 0
  /// Connections to the broker of the questions that could not be made, or broke.
  public var connectionFailures = 0
  /// Messages that wait at the broker; `nil` where it does not say.
  public var lag: Int?

  public init() {}

  /// Prometheus' text format.
  public func prometheus(model: String) -> String {
    var text = ""
    func add(_ name: String, _ type: String, _ help: String, _ value: Int) {
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name){model=\"\(model)\"} \(value)\n"
    }
    add("martlet_stream_consumed_total", "counter", "Messages taken from the broker.", consumed)
    add("martlet_stream_answered_total", "counter", "Answers that the broker has confirmed.", answered)
    add("martlet_stream_dead_total", "counter", "Dead letters that the broker has confirmed.", dead)
    add("martlet_stream_duplicates_total", "counter", "Messages that had been answered before.", duplicates)
    add("martlet_stream_retries_total", "counter", "Second and later attempts at an answer.", retries)
    add("martlet_stream_send_failures_total", "counter", "Attempts at sending that the broker did not confirm.", sendFailures)
    add(
      "martlet_stream_connection_failures_total", "counter", "Connections to the broker of the questions that could not be made, or broke.",
      connectionFailures)
    if let lag { add("martlet_stream_lag", "gauge", "Messages that wait at the broker.", lag) }
    return text
  }
}

/// Figures that several tasks change.
final class StreamCounters: Sendable {
  private let state = Mutex(StreamFigures())

  func change(_ body: (inout StreamFigures) -> Void) { state.withLock { body(&$0) } }

  var figures: StreamFigures { state.withLock { $0 } }
}
