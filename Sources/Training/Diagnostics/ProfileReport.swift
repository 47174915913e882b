public import Charts
import Foundation
public import MartletCore

/// Where the time of some training steps went.
public struct ProfileReport: Sendable {
  /// A part of the step.
  public struct Phase: Sendable, Hashable {
    /// `loader`, `forward`, `backward`, `gradients` (checks and clipping), `optimizer`, `rest` (metrics and handlers).
    public let name: String
    /// Milliseconds per step.
    public let milliseconds: Double
  }

  /// A layer's part.
  public struct Layer: Sendable, Hashable {
    /// The path below the model.
    public let path: String
    /// The type and its settings.
    public let description: String
    /// Calls per step.
    public let calls: Double
    /// Milliseconds per step in the layer itself, without the layers inside it.
    public let forward: Double
    /// Milliseconds per step from the gradient's arrival at the layer to its arrival at the next one. Functions between layers count for
    /// the layer after them.
    public let backward: Double
  }

  /// Something with a beginning and an end, for the trace.
  struct Slice: Sendable {
    let name: String
    let category: String
    let start: ContinuousClock.Instant
    let end: ContinuousClock.Instant
  }

  /// How many steps were watched.
  public let steps: Int
  /// The parts of a step, in their order; together they are the whole step.
  public let phases: [Phase]
  /// The layers, in the order of their first call.
  public let layers: [Layer]
  private let slices: [Slice]

  init(_ timer: StepTimer, _ times: LayerTimes) {
    var slices = Self.phases(timer.marks)
    let backwards = slices.filter { $0.category == "phase" && $0.name == "backward" }
    slices += times.calls.map { Slice(name: $0.path.isEmpty ? "model" : $0.path, category: "forward", start: $0.start, end: $0.end) }
    let arrivals = times.backward.sorted { $0.time < $1.time }
    for (index, arrival) in arrivals.enumerated() {
      guard let pass = backwards.first(where: { $0.start <= arrival.time && arrival.time <= $0.end }) else { continue }
      let next = index + 1 < arrivals.count ? min(arrivals[index + 1].time, pass.end) : pass.end
      slices.append(Slice(name: arrival.path, category: "backward", start: arrival.time, end: next))
    }
    let steps = max(1, timer.marks.count { $0.phase == .optimizer })
    self.steps = steps
    self.slices = slices.sorted { $0.start < $1.start }
    phases = ["loader", "forward", "backward", "gradients", "optimizer", "rest"].map { name in
      Phase(name: name, milliseconds: Self.total(slices.filter { $0.category == "phase" && $0.name == name }) / Double(steps))
    }
    var order: [String] = []
    var byPath: [String: [LayerTimes.Call]] = [:]
    for call in times.calls {
      if byPath[call.path] == nil { order.append(call.path) }
      byPath[call.path, default: []].append(call)
    }
    let backward = Dictionary(grouping: slices.filter { $0.category == "backward" }, by: \.name).mapValues(Self.total)
    layers = order.map { path in
      let calls = byPath[path] ?? []
      let own = calls.reduce(Duration.zero) { $0 + $1.start.duration(to: $1.end) - $1.inner }
      return Layer(
        path: path.isEmpty ? "model" : path, description: calls.first?.description ?? "", calls: Double(calls.count) / Double(steps),
        forward: own / .milliseconds(1) / Double(steps), backward: (backward[path] ?? 0) / Double(steps))
    }
  }

  private static func phases(_ marks: [(phase: StepPhase, time: ContinuousClock.Instant)]) -> [Slice] {
    zip(marks, marks.dropFirst()).compactMap { before, mark in
      let name: String? =
        switch mark.phase {
        case .batch: "loader"
        case .forward: "forward"
        case .backward: "backward"
        case .gradients: "gradients"
        case .optimizer: "optimizer"
        case .end: "rest"
        case .pause: nil
        }
      return name.map { Slice(name: $0, category: "phase", start: before.time, end: mark.time) }
    }
  }

  private static func total(_ slices: [Slice]) -> Double { slices.reduce(0) { $0 + $1.start.duration(to: $1.end) / .milliseconds(1) } }

  /// Milliseconds of a whole step.
  public var milliseconds: Double { phases.reduce(0) { $0 + $1.milliseconds } }

  /// The phases as rows.
  public var phaseTable: TextTable {
    TextTable(
      columns: [.init("part"), .number("ms per step"), .number("share")],
      rows: phases.map { phase in
        let share = milliseconds > 0 ? phase.milliseconds / milliseconds : 0
        return [phase.name, NumberText.fixed(phase.milliseconds, places: 3), NumberText.percent(share, digits: 3)]
      })
  }

  /// The layers as rows, the slowest first.
  public var layerTable: TextTable {
    TextTable(
      columns: [.init("layer"), .init("type"), .number("calls"), .number("forward ms"), .number("backward ms"), .number("share")],
      rows: layers.sorted { $0.forward + $0.backward > $1.forward + $1.backward }.map { layer in
        let share = milliseconds > 0 ? (layer.forward + layer.backward) / milliseconds : 0
        return [
          layer.path, layer.description, NumberText.significant(layer.calls), NumberText.fixed(layer.forward, places: 3),
          NumberText.fixed(layer.backward, places: 3), NumberText.percent(share, digits: 3),
        ]
      })
  }

  /// Both tables, and where the loader is the bottleneck, that.
  public var text: String { phaseTable.render() + "\n" + layerTable.render() + (advice.map { "\n\($0)\n" } ?? "") }

  /// The same for a report.
  public var blocks: [ReportBlock] {
    [.table(phaseTable, caption: "Where \(steps) steps spent their time"), .table(layerTable, caption: "Layer by layer")]
      + (advice.map { [.notice($0)] } ?? [])
  }

  /// A sentence where one thing stands in the way.
  public var advice: String? {
    guard milliseconds > 0, let loader = phases.first?.milliseconds, loader > 0.2 * milliseconds else { return nil }
    return
      "\(NumberText.percent(loader / milliseconds, digits: 2)) of the time is spent waiting for batches: more loader workers, a cache, "
      + "or cheaper decoding and augmentation"
  }

  /// The watched steps as Chrome's trace events (the "Trace Event Format"), for `chrome://tracing` and ui.perfetto.dev.
  public var trace: JSONValue {
    let origin = slices.first?.start
    let events = slices.map { slice -> JSONValue in
      [
        "name": .string(slice.name), "cat": .string(slice.category), "ph": "X", "pid": 1, "tid": 1,
        "ts": .double((origin ?? slice.start).duration(to: slice.start) / .microseconds(1)),
        "dur": .double(slice.start.duration(to: slice.end) / .microseconds(1)),
      ]
    }
    let names: [JSONValue] = [
      ["name": "thread_name", "ph": "M", "pid": 1, "tid": 1, "args": ["name": "training"]]
    ]
    return ["traceEvents": .array(names + events), "displayTimeUnit": "ms"]
  }

  /// Writes `trace` to a file.
  /// - Throws: `FileError` with the system's reason.
  public func writeTrace(to path: String) throws { try AtomicFile.write(try JSON.encode(trace, pretty: false), to: path) }
}
