import Foundation

/// Whether this process is one of several that work on one thing, by torchrun's variables.
public enum LaunchedProcess {
  private static let variables = ProcessInfo.processInfo.environment

  /// Processes on this machine that share its cores.
  public static let companions = max(1, variables["LOCAL_WORLD_SIZE"].flatMap { Int($0) } ?? 1)

  /// This process prints results and writes files: it is alone or the first.
  public static let speaks = (variables["RANK"].flatMap { Int($0) } ?? 0) == 0

  /// Tells the launcher where the run keeps its checkpoints, so that it can say how to go on.
  public static func tellLauncher(run folder: String) {
    // A launcher that cannot be told is no reason to end a run.
    if let note = variables["MARTLET_LAUNCH_NOTE"] { try? Data(folder.utf8).write(to: URL(fileURLWithPath: note)) }
  }
}
