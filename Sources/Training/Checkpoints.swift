import Foundation
public import MartletCore

/// A checkpoint that could not be saved. Nothing of it is left behind, and those before are as they were.
public struct CheckpointError: MartletError {
  /// Where it was to be.
  public let path: String
  /// The newest whole checkpoint, if there is one.
  public let previous: String?
  /// The reason.
  public let underlying: any Error

  public var problem: String {
    "the checkpoint \(path) cannot be saved: \((underlying as? any MartletError)?.problem ?? "\(underlying)")"
  }
  public var remedy: String? {
    let first = (underlying as? any MartletError)?.remedy ?? "free space on the disk, or another folder"
    return previous.map { "\(first), then resume from \($0)" } ?? first
  }
}

/// Saves checkpoints into a folder: every so many steps or epochs, when a metric was never better, and when the run is interrupted.
///
/// Each checkpoint is written under a temporary name and renamed when it is whole. The links `last` and `best` lead to the newest and to
/// the best one.
public final class Checkpoints: Handler {
  /// The folder of checkpoints.
  public let folder: String
  /// Steps between two checkpoints; `nil` saves at no step.
  public let everySteps: Int?
  /// Epochs between two checkpoints; `nil` saves after no epoch.
  public let everyEpochs: Int?
  /// The metric that decides what is best.
  public let metric: String
  /// Which way it improves.
  public let goal: Goal
  /// Checkpoints to keep beside the best.
  public let keep: Int

  /// The metric that decides unless another one is named.
  public static let usualMetric = "validation/loss"

  private let storage: any CheckpointStorage
  private var saved: [String] = []
  private var best: Double?
  private var bestName: String?

  /// - Parameters:
  ///   - folder: made if it is not there.
  ///   - metric: decides what is best. Without validation data there is no `validation/loss` and no best; any other name must be measured.
  ///   - keep: checkpoints to keep beside the best; older ones are removed.
  public convenience init(
    in folder: String, everySteps: Int? = nil, everyEpochs: Int? = 1, best metric: String = Checkpoints.usualMetric,
    _ goal: Goal = .minimum, keep: Int = 1
  ) {
    self.init(
      in: folder, everySteps: everySteps, everyEpochs: everyEpochs, best: metric, goal, keep: keep, storage: DiskStorage())
  }

  init(
    in folder: String, everySteps: Int?, everyEpochs: Int?, best metric: String, _ goal: Goal, keep: Int, storage: any CheckpointStorage
  ) {
    self.folder = folder
    self.everySteps = everySteps
    self.everyEpochs = everyEpochs
    self.metric = metric
    self.goal = goal
    self.keep = max(1, keep)
    self.storage = storage
  }

  public var name: String { "checkpoints" }
  public var watchedMetrics: [String] { metric == Self.usualMetric ? [] : [metric] }
  public var recordedMetrics: [String]? { [] }
  // What the others remember must be up to date.
  public var rank: Int { 100 }

  public func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer {
    switch event {
    case .fitBegin: try removeLeftovers()
    case .stepEnd: if let everySteps, run.step % max(1, everySteps) == 0 { try save(run, named: Self.stepName(run.step)) }
    case .epochEnd:
      let isBest = run.latest[metric].map { goal.isBetter($0, than: best) } ?? false
      let isDue = everyEpochs.map { (run.epoch + 1) % max(1, $0) == 0 } ?? false
      if isBest || isDue {
        try save(run, named: Self.stepName(run.step) + "-epoch-\(run.epoch + 1)", best: isBest ? run.latest[metric] : nil)
      }
    case .interrupted: try save(run, named: Self.stepName(run.step) + "-interrupted")
    default: break
    }
    return .continue
  }

  public func state() throws -> SavedState? {
    SavedState(values: [
      "saved": .array(saved.map { .string($0) }), "best": best.map { .double($0) } ?? .null,
      "bestName": bestName.map { .string($0) } ?? .null, "folder": .string(Self.identity(of: folder)),
    ])
  }

  public func load(_ state: SavedState) throws {
    // Only this folder's own checkpoints may ever be removed, whatever a file says.
    func own(_ name: String?) -> String? {
      name.flatMap { $0.hasPrefix("step-") && !$0.contains("/") && isHere($0) ? $0 : nil }
    }
    let isSameFolder = state.values["folder"]?.stringValue == Self.identity(of: folder)
    saved = isSameFolder ? (state.values["saved"]?.arrayValue ?? []).compactMap { own($0.stringValue) } : []
    best = state.values["best"]?.doubleValue
    bestName = isSameFolder ? own(state.values["bestName"]?.stringValue) : nil
  }

  private func isHere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }

  /// The folder itself, not its name: a run may be moved as a whole and goes on, and another run's folder is another one.
  private static func identity(of folder: String) -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: folder)
    let numbers = [FileAttributeKey.systemNumber, .systemFileNumber].map { (attributes?[$0] as? NSNumber)?.stringValue ?? "?" }
    return numbers.joined(separator: ":")
  }

  private static func stepName(_ step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private func save(_ run: TrainingRun, named wanted: String, best newBest: Double? = nil) throws {
    let before = (saved, best, bestName)
    let name = unused(wanted)
    let path = folder + "/" + name
    let temporary = AtomicFile.temporaryPath(beside: path)
    do {
      try storage.makeFolder(temporary)
      // What is written says already that it exists.
      saved.append(name)
      if let newBest { (best, bestName) = (newBest, name) }
      try Checkpoint.write(run, to: temporary, storage)
      try storage.move(temporary, to: path)
    } catch {
      (saved, best, bestName) = before
      // The reason for the failure is what counts; a folder that cannot be removed either is swept up by the next run.
      try? storage.remove(temporary)
      throw CheckpointError(path: path, previous: run.lastCheckpoint, underlying: error)
    }
    run.lastCheckpoint = path
    do {
      try storage.link(folder + "/" + Checkpoint.lastName, to: name)
      if newBest != nil { try storage.link(folder + "/" + Checkpoint.bestName, to: name) }
      try prune()
    } catch {
      throw CheckpointError(path: path, previous: path, underlying: error)
    }
  }

  private func unused(_ name: String) -> String {
    var candidate = name
    var number = 2
    while FileManager.default.fileExists(atPath: folder + "/" + candidate) {
      candidate = "\(name)-\(number)"
      number += 1
    }
    return candidate
  }

  private func prune() throws {
    let kept = Set(saved.suffix(keep) + (bestName.map { [$0] } ?? []))
    for name in saved where !kept.contains(name) { try storage.remove(folder + "/" + name) }
    saved.removeAll { !kept.contains($0) }
  }

  /// What a killed process left half written.
  private func removeLeftovers() throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(".step-") && name.hasSuffix(".partial") { try storage.remove(folder + "/" + name) }
  }
}
