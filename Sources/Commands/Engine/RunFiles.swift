import Foundation
import MartletCore
public import Project

/// The files by which a run's folder knows itself.
public enum RunFiles {
  /// The project as it was read, overrides and defaults included, as JSON.
  public static let project = "project.json"
  /// How the run stands, as JSON: `{"state": "finished"}`.
  public static let state = "state.json"

  /// How a run stands.
  public enum State: String, Codable, Sendable, Hashable {
    /// Under way, or killed.
    case running
    /// Stopped by Ctrl-C or SIGTERM; it can go on.
    case interrupted
    /// Ended by an error.
    case failed
    /// Done.
    case finished
  }

  /// The project that a run was started with.
  /// - Throws: `FileError` if the folder is no run's.
  public static func project(of run: String) throws -> ProjectFile {
    let path = run + "/" + project
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: run, problem: "is no run's folder", expected: "a folder such as runs/NAME/1 with a \(project) in it")
    }
    return try JSON.decode(ProjectFile.self, from: data, source: path)
  }
}
