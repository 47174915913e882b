public import Foundation

/// A setting of a run, for TensorBoard's table of runs.
public enum Hyperparameter: Sendable, Hashable {
  /// A number.
  case number(Double)
  /// A word.
  case text(String)
  /// Yes or no.
  case flag(Bool)

  /// The plugin's number of the type.
  var type: Int {
    switch self {
    case .text: 1
    case .flag: 2
    case .number: 3
    }
  }

  /// As a `google.protobuf.Value`. Members of a `oneof` are written even if zero.
  func encode(_ value: inout ProtobufWriter) {
    switch self {
    case .number(let number): value.double(2, number)
    case .text(let text): value.text(3, text)
    case .flag(let flag): value.int(4, flag ? 1 : 0)
    }
  }
}

extension Hyperparameter: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(integerLiteral value: Int) { self = .number(Double(value)) }
  public init(stringLiteral value: String) { self = .text(value) }
  public init(booleanLiteral value: Bool) { self = .flag(value) }
}

extension EventFile {
  /// The run's settings and the metrics to compare runs by, for the HPARAMS tab (tensorboard/plugins/hparams/plugin_data.proto).
  public func hyperparameters(
    _ values: [String: Hyperparameter], metrics: [String], time: Double = Date().timeIntervalSince1970
  ) throws {
    let settings = values.sorted { $0.key < $1.key }
    func entry(_ tag: String, _ field: Int, _ body: (inout ProtobufWriter) -> Void) -> BoardEvent.Entry {
      var data = ProtobufWriter()
      data.message(field, body)
      return BoardEvent.Entry("_hparams_/" + tag, .none, plugin: "hparams", pluginData: Data(data.bytes))
    }
    let experiment = entry("experiment", 2) { message in
      for (name, value) in settings {
        message.message(4) { info in
          info.text(1, name)
          info.int(4, value.type)
        }
      }
      for metric in metrics { message.message(5) { info in info.message(1) { $0.text(2, metric) } } }
    }
    let start = entry("session_start_info", 3) { message in
      for (name, value) in settings {
        message.message(1) { pair in
          pair.text(1, name)
          pair.message(2, value.encode)
        }
      }
    }
    for entry in [experiment, start] { try write(BoardEvent(wallTime: time, entries: [entry])) }
  }

  /// The session is over, with success or not.
  func sessionEnd(isSuccess: Bool, time: Double = Date().timeIntervalSince1970) throws {
    var data = ProtobufWriter()
    data.message(4) { $0.int(1, isSuccess ? 1 : 2) }
    let entry = BoardEvent.Entry("_hparams_/session_end_info", .none, plugin: "hparams", pluginData: Data(data.bytes))
    try write(BoardEvent(wallTime: time, entries: [entry]))
  }
}
