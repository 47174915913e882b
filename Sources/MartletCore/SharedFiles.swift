import Foundation

/// Files that come with the program: the chart library, the demo data that `scripts/setup` fetched.
public enum SharedFiles {
  /// Looks in `MARTLET_SHARE`, then beside an installed program (`../share/martlet`), then in `.deps/share` of the working tree that holds it.
  /// - Returns: the absolute path of `name`, or `nil` where it was not installed.
  public static func path(_ name: String) -> String? { candidates(name).first { FileManager.default.fileExists(atPath: $0) } }

  /// All places that are looked at, in order.
  public static func candidates(_ name: String) -> [String] {
    var folders: [String] = []
    if let folder = ProcessInfo.processInfo.environment["MARTLET_SHARE"] { folders.append(folder) }
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    folders.append(program.deletingLastPathComponent().appendingPathComponent("share/martlet").path)
    folders.append(program.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("share/martlet").path)
    for start in [program, URL(fileURLWithPath: FileManager.default.currentDirectoryPath)] {
      var folder = start
      while folder.path != "/" {
        folders.append(folder.appendingPathComponent(".deps/share").path)
        folder.deleteLastPathComponent()
      }
    }
    return folders.map { $0 + "/" + name }
  }
}
