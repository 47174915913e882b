import Foundation
public import MartletCore

extension Lineage {
  /// Which code made a model.
  public struct CodeVersion: Sendable, Hashable, Codable {
    /// Martlet's own version.
    public var martlet: String
    /// The commit of the git tree that the work was done in, if it was in one.
    public var commit: String?
    /// Tracked files of that tree were changed: the commit alone does not say what ran.
    public var isDirty: Bool?

    /// Makes a code version from what is known already.
    public init(martlet: String = MartletVersion.current, commit: String? = nil, isDirty: Bool? = nil) {
      self.martlet = martlet
      self.commit = commit
      self.isDirty = isDirty
    }

    /// Asks git about `directory`. Without git, outside a tree, or before the first commit there is just Martlet's version.
    public static func current(directory: String = ".") -> CodeVersion {
      guard let commit = git(["rev-parse", "--verify", "HEAD"], in: directory), commit.count >= 40 else { return CodeVersion() }
      let changes = git(["status", "--porcelain", "--untracked-files=no", "--ignore-submodules"], in: directory)
      return CodeVersion(commit: commit, isDirty: changes.map { !$0.isEmpty })
    }

    private static func git(_ arguments: [String], in directory: String) -> String? {
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      // A tree's own settings must not start a program of theirs, and asking must not write its index.
      process.arguments = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", directory] + arguments
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      guard (try? process.run()) != nil else { return nil }
      let text = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { return nil }
      return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  /// What a model was made on. It holds no host name and no user name.
  public struct Machine: Sendable, Hashable, Codable {
    /// The processor's own name.
    public var processor: String
    /// Logical cores that the process could use.
    public var cores: Int
    /// Main memory in bytes.
    public var memory: Int
    /// The operating system's name and version.
    public var system: String
    /// `x86_64`, `aarch64`.
    public var architecture: String
    /// GPUs, by name.
    public var accelerators: [String]

    /// Makes a description from what is known already.
    public init(processor: String, cores: Int, memory: Int, system: String, architecture: String, accelerators: [String] = []) {
      self.processor = processor
      self.cores = cores
      self.memory = memory
      self.system = system
      self.architecture = architecture
      self.accelerators = accelerators
    }

    /// Describes this machine. What the engine knows about GPUs comes from outside.
    public static func current(accelerators: [String] = []) -> Machine {
      Machine(
        processor: value(of: ["model name", "Model", "Hardware"], in: "/proc/cpuinfo", separator: ":") ?? "unknown",
        cores: ProcessInfo.processInfo.activeProcessorCount, memory: Int(clamping: ProcessInfo.processInfo.physicalMemory),
        system: value(of: ["PRETTY_NAME"], in: "/etc/os-release", separator: "=") ?? ProcessInfo.processInfo.operatingSystemVersionString,
        architecture: architectureName, accelerators: accelerators)
    }

    private static var architectureName: String {
      #if arch(x86_64)
        "x86_64"
      #elseif arch(arm64)
        "aarch64"
      #else
        "unknown"
      #endif
    }

    private static func value(of keys: [String], in path: String, separator: Character) -> String? {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: separator, maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        if parts.count == 2, keys.contains(parts[0]) { return parts[1].trimmingCharacters(in: CharacterSet(charactersIn: "\"")) }
      }
      return nil
    }
  }
}
