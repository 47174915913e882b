import Charts
import Foundation
import Jobs
import MartletCore
import Synchronization
import Tables

/// How far a job is, on standard error: one line that changes on a terminal, elsewhere a line every few seconds.
final class ProgressLines: Sendable {
  private let start: ContinuousClock.Instant
  private let isQuiet: Bool
  private let isInteractive = Terminal.isInteractive
  private let last = Mutex<ContinuousClock.Instant?>(nil)
  private static let pause = Duration.seconds(10)

  init(since start: ContinuousClock.Instant, isQuiet: Bool) {
    self.start = start
    self.isQuiet = isQuiet
  }

  func tell(_ progress: JobProgress) {
    guard !isQuiet else { return }
    let now = ContinuousClock.now
    let isDue = last.withLock { last in
      if !isInteractive, let last, now - last < Self.pause { return false }
      last = now
      return true
    }
    guard isDue else { return }
    let seconds = (now - start) / .seconds(1)
    var text = "\(NumberText.grouped(progress.rows)) rows, part \(progress.parts)"
    if progress.ownRows > 0, seconds > 0 { text += ", \(NumberText.grouped(Int(Double(progress.ownRows) / seconds))) rows/s" }
    if progress.ownRows == 0 { text += ", done before" }
    if progress.failed > 0 { text += ", \(progress.failed) without an answer" }
    if isInteractive { Terminal.note("\r\u{1B}[K" + text, terminator: "") } else { Terminal.note(text) }
  }

  /// Takes the changing line away.
  func end() { if isInteractive, !isQuiet { Terminal.note("\r\u{1B}[K", terminator: "") } }
}

/// One table, handed out once.
final class OneTable: Sendable {
  private let table: Mutex<Table?>

  init(_ table: Table) { self.table = Mutex(table) }

  func take() -> Table? {
    table.withLock { table in
      defer { table = nil }
      return table
    }
  }
}
