import Bundles
import Commands
import Foundation
import MartletCore
import Project

#if canImport(Glibc)
  import Glibc
#endif

/// Where a run keeps its configuration, metrics, checkpoints and report: `runs/fashion/3`.
struct RunFolder: Sendable {
  /// As shown to the user.
  let path: String

  var checkpoints: String { path + "/checkpoints" }
  var metrics: String { path + "/metrics.jsonl" }
  var report: String { path + "/report" }

  /// Notes how the run stands. A note that cannot be written is no reason to end a run.
  func note(_ state: RunFiles.State) {
    guard let data = try? JSON.encode(["state": state]) else { return }
    try? AtomicFile.write(data, to: path + "/" + RunFiles.state)
  }

  /// Makes a new folder with the next free number; two runs at once get two.
  static func create(for file: ProjectFile) throws -> RunFolder {
    let parent = shown(file.resolve(file.project.output) + "/" + file.project.name)
    let manager = FileManager.default
    do {
      try manager.createDirectory(atPath: parent, withIntermediateDirectories: true)
      var number = 1 + (try manager.contentsOfDirectory(atPath: parent).compactMap { Int($0) }.max() ?? 0)
      while mkdir("\(parent)/\(number)", 0o755) != 0 {
        guard errno == EEXIST else { throw FileError(path: parent, problem: "cannot hold a run: \(AtomicFile.systemReason())") }
        number += 1
      }
      let folder = RunFolder(path: "\(parent)/\(number)")
      try AtomicFile.write(JSON.encode(file), to: folder.path + "/" + RunFiles.project)
      try AtomicFile.write(Data(file.text.utf8), to: folder.path + "/martlet.yml")
      return folder
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(path: parent, problem: "cannot be made: \(error.localizedDescription)", remedy: "output: in martlet.yml")
    }
  }

  /// Opens a run that goes on.
  /// - Throws: `FileError` if it is no run, `ArgumentError` naming what the project says otherwise than the run did.
  static func open(_ path: String, for file: ProjectFile) throws -> RunFolder {
    let folder = RunFolder(path: path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
    let before = JSONPaths.flatten(try RunFiles.project(of: folder.path).project.jsonValue())
    let now = JSONPaths.flatten(try file.project.jsonValue())
    // What does not change the weights may differ.
    let free = ["serve.", "evaluation.", "output", "description", "training.workers", "training.checkpoint-every"]
    let differing = Set(before.keys).union(now.keys).filter { key in before[key] != now[key] && !free.contains { key.hasPrefix($0) } }
    if let key = differing.sorted().first {
      func text(_ value: JSONValue?) -> String {
        value.flatMap { try? JSON.encode($0, pretty: false) }.map { String(decoding: $0, as: UTF8.self) } ?? "nothing"
      }
      throw ArgumentError(
        "the run \(path) was started with \(key) = \(text(before[key])), the project now says \(text(now[key]))",
        expected: "the same settings", remedy: "--resume \(path) alone, which takes the run's own settings, or a new run")
    }
    return folder
  }

  // Paths below the working directory are shown relative to it.
  private static func shown(_ path: String) -> String {
    let here = FileManager.default.currentDirectoryPath + "/"
    let clean = URL(fileURLWithPath: path).standardizedFileURL.path
    return clean.hasPrefix(here) ? String(clean.dropFirst(here.count)) : clean
  }
}
