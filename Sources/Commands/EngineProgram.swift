import Foundation
public import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Finds `martlet-engine` and turns this process into it.
public enum EngineProgram {
  static let name = "martlet-engine"

  /// Beside the program, else in `../libexec/martlet` of an installed tree.
  static func candidates(program: String) -> [String] {
    let folder = (program as NSString).deletingLastPathComponent
    return ["\(folder)/\(name)", "\((folder as NSString).deletingLastPathComponent)/libexec/martlet/\(name)"]
  }

  /// Replaces this process by the engine with the same arguments; signals and the exit code are its own from then on.
  /// - Returns: only if that failed, with the reason.
  public static func become(arguments: [String]) -> any MartletError {
    guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      return FileError(path: "/proc/self/exe", problem: "cannot be read", remedy: "is /proc mounted?")
    }
    let places = candidates(program: program)
    guard let engine = places.first(where: { access($0, X_OK) == 0 }) else {
      return FileError(
        path: name, problem: "not found, and this command needs it", expected: "it at \(places.joined(separator: " or "))",
        remedy: "make build, or install again with make install PREFIX=…")
    }
    calmWaiting()
    var words: [UnsafeMutablePointer<CChar>?] = ([engine] + arguments).map { strdup($0) }
    words.append(nil)
    execv(engine, words)
    let reason = AtomicFile.systemReason()
    for word in words { free(word) }
    return FileError(path: engine, problem: "cannot be started: \(reason)")
  }

  /// The threads that libtorch and xgboost compute with wait for each other in a loop, for milliseconds unless told otherwise. Where another
  /// program wants the cores, they burn what it needs to let them go on: two trainings beside each other took many times as long. So short
  /// a loop costs a training that has the machine to itself next to nothing. It is read when a program starts; what the user has set stays.
  private static func calmWaiting() {
    guard getenv("GOMP_SPINCOUNT") == nil, getenv("OMP_WAIT_POLICY") == nil else { return }
    setenv("GOMP_SPINCOUNT", "10000", 1)
  }
}
