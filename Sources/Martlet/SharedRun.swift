import Project
import Torch
import Training

/// What the processes of one run agree on before they train: `martlet launch` and torchrun start them.
enum SharedRun {
  /// The processes that the environment tells of.
  /// - Returns: `nil` for a process that works alone.
  /// - Throws: `DistributedError` naming the variable that is wrong, or if the others do not come.
  static func group() async throws -> ProcessGroup? {
    try await TorchThread.main.run {
      guard let place = try DistributedEnvironment.current(), place.size > 1 else { return nil }
      return try ProcessGroup.fromEnvironment()
    }
  }

  /// The run's folder: one that goes on, or a new one that the first process makes and the others learn of.
  static func folder(for file: ProjectFile, resuming path: String?, _ group: ProcessGroup?) async throws -> RunFolder {
    if let path { return try RunFolder.open(path, for: file) }
    guard let group else { return try RunFolder.create(for: file) }
    return try await TorchThread.main.run {
      let made = group.isFirst ? try RunFolder.create(for: file) : nil
      return RunFolder(path: try group.share(made?.path ?? ""))
    }
  }
}
