import Databases
public import Foundation
import Glibc

extension ModelRegistry {
  /// Finds the registry that work in `directory` uses: `MARTLET_REGISTRY` if it is set, else the nearest `.martlet` with a registry in it,
  /// from the directory upwards.
  /// - Returns: the registry's folder or its server's URL, or `nil` where there is none. What the variable names is returned whether it is
  ///   there or not.
  public static func locate(
    from directory: String = FileManager.default.currentDirectoryPath,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String? {
    if let path = environment["MARTLET_REGISTRY"], !path.isEmpty {
      return SQLLocation.isServer(path) ? path : URL(fileURLWithPath: path).standardizedFileURL.path
    }
    var folder = URL(fileURLWithPath: directory).standardizedFileURL
    while true {
      let candidate = folder.appendingPathComponent(".martlet").path
      if access(candidate + "/registry.sqlite", F_OK) == 0 { return candidate }
      if folder.path == "/" { return nil }
      folder.deleteLastPathComponent()
    }
  }

  /// Where a registry is or would be made: what `locate` finds, else `.martlet` in `directory`.
  public static func defaultPath(
    from directory: String = FileManager.default.currentDirectoryPath,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String {
    locate(from: directory, environment: environment) ?? URL(fileURLWithPath: directory).appendingPathComponent(".martlet").path
  }
}
