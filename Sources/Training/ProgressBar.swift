import Charts
import Foundation
import MartletCore

/// Shows how far a run is: a line that is redrawn on a terminal, one plain line per epoch elsewhere. Writes to standard error.
public final class ProgressBar: Handler {
  private let isInteractive: Bool
  private let width: () -> Int
  private let write: (String) -> Void
  private let clock = ContinuousClock()
  private var epochStart = ContinuousClock.now
  private var firstBatch = 0
  private var lastDrawn: ContinuousClock.Instant?
  private var losses: [Double] = []

  /// A progress display for standard error.
  public convenience init() {
    self.init(isInteractive: Terminal.isInteractive, width: { Terminal.width }, write: { Terminal.note($0, terminator: "") })
  }

  init(isInteractive: Bool, width: @escaping () -> Int, write: @escaping (String) -> Void) {
    self.isInteractive = isInteractive
    self.width = width
    self.write = write
  }

  // Shows what the others have measured.
  public var rank: Int { 50 }

  public var recordedMetrics: [String]? { [] }

  public func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
    switch event {
    case .epochBegin:
      epochStart = clock.now
      firstBatch = run.position.batch
      losses = []
    case .stepEnd: draw(run)
    case .epochEnd: finish(run)
    case .interrupted, .failed: if isInteractive, lastDrawn != nil { write("\n") }
    default: break
    }
    return .continue
  }

  private func draw(_ run: TrainingRun) {
    guard isInteractive else { return }
    if let loss = run.latest["step/loss"] {
      losses.append(loss)
      // Halved rather than cut, so that the curve shows the whole epoch in bounded memory.
      if losses.count >= 1024 { losses = stride(from: 0, to: losses.count, by: 2).map { losses[$0] } }
    }
    let now = clock.now
    if let lastDrawn, now - lastDrawn < .milliseconds(100), run.position.batch < run.batchesPerEpoch { return }
    lastDrawn = now
    let done = run.position.batch
    let seconds = (now - epochStart) / .seconds(1)
    let rate = seconds > 0 ? Double(done - firstBatch) / seconds : 0
    let left = rate > 0 ? Double(run.batchesPerEpoch - done) / rate : 0
    let loss = run.latest["step/loss"].map { "  loss \(Self.number($0))" } ?? ""
    let text =
      "epoch \(run.epoch + 1)/\(run.epochs)  \(done)/\(run.batchesPerEpoch)  \(Self.number(rate)) steps/s  \(Self.duration(left)) left\(loss)"
    let space = max(0, min(30, width() - text.count - 20))
    let filled = run.batchesPerEpoch > 0 ? 16 * done / run.batchesPerEpoch : 16
    let bar = String(repeating: "━", count: filled) + String(repeating: "─", count: 16 - filled)
    write("\r\u{1B}[K\(bar) \(text)  \(Sparkline.render(losses, width: space))")
  }

  private func finish(_ run: TrainingRun) {
    let measured = run.history.filter { $0.epoch == run.epoch }
    let values = measured.map { "\($0.name) \(Self.number($0.value))" }.joined(separator: "  ")
    let seconds = (clock.now - epochStart) / .seconds(1)
    write("\(isInteractive ? "\r\u{1B}[K" : "")epoch \(run.epoch + 1)/\(run.epochs)  \(Self.duration(seconds))  \(values)\n")
    lastDrawn = nil
  }

  /// Four significant digits.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }
    return String(format: abs(value) >= 1000 ? "%.0f" : "%.4g", value)
  }

  /// `9s`, `2m 05s`, `1h 03m`.
  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return String(format: "%dm %02ds", whole / 60, whole % 60) }
    return String(format: "%dh %02dm", whole / 3600, whole / 60 % 60)
  }
}
