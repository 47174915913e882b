import Bundles
import Foundation
import MartletCore
import Registry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writes an edge directory: all of it, or nothing.
struct EdgeWriter {
  /// What was written.
  struct Written {
    var modelBytes = 0
    var programBytes = 0
    var libraries: [String] = []
  }

  let registry: ModelRegistry
  let version: ModelVersion
  /// The front program that is to lie in it; `nil` leaves programs out.
  let program: String?

  /// - Parameter directory: must not exist yet.
  /// - Throws: `FileError` where something cannot be copied; nothing stays behind.
  func write(to directory: String) throws -> Written {
    let files = FileManager.default
    guard !files.fileExists(atPath: directory) else {
      throw FileError(path: directory, problem: "exists already", remedy: "remove it, or name another directory")
    }
    let partial = AtomicFile.temporaryPath(beside: directory)
    var isDone = false
    defer { if !isDone { try? files.removeItem(atPath: partial) } }
    do { try files.createDirectory(atPath: partial, withIntermediateDirectories: true) } catch {
      // Asked once more for its reason: Foundation's is not for people.
      let reason = mkdir(partial, 0o755) == 0 ? "" : ": \(AtomicFile.systemReason())"
      throw FileError(path: directory, problem: "cannot be made" + reason, remedy: "name another directory")
    }
    var written = Written()
    let bundle = try registry.materialise(version, at: partial + "/" + EdgeFolder.bundleName)
    written.modelBytes = bundle.manifest.size
    let description = EdgeFolder.Description(
      version: version, signatures: try registry.detachedSignatures(of: version), hasProgram: program != nil)
    try AtomicFile.write(JSON.encode(description), to: partial + "/" + EdgeFolder.descriptionName)
    if let program { written.libraries = try copyProgram(program, to: partial + "/program") }
    try AtomicFile.write(Data(EdgeTexts.start(hasProgram: program != nil).utf8), to: partial + "/start")
    try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: partial + "/start")
    try AtomicFile.write(
      Data(EdgeTexts.readme(version, hasProgram: program != nil, isSigned: !description.signatures.isEmpty).utf8),
      to: partial + "/README.md")
    written.programBytes = try writeSums(partial)
    guard rename(partial, directory) == 0 else {
      throw FileError(path: directory, problem: "cannot be written: \(AtomicFile.systemReason())")
    }
    isDone = true
    return written
  }

  /// Both programs and every library that they load, except the C library itself, which belongs to the machine.
  /// - Returns: the libraries' names.
  private func copyProgram(_ program: String, to folder: String) throws -> [String] {
    guard let engine = EngineProgram.candidates(program: program).first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw FileError(
        path: EngineProgram.name, problem: "not found, and the directory needs it",
        expected: "it at \(EngineProgram.candidates(program: program).joined(separator: " or "))", remedy: "--without-program")
    }
    try copy(program, to: folder + "/bin/martlet")
    try copy(engine, to: folder + "/libexec/martlet/" + EngineProgram.name)
    var libraries: [String: String] = [:]
    for loaded in try [program, engine].flatMap(SharedLibraries.loaded(by:)) { libraries[(loaded as NSString).lastPathComponent] = loaded }
    for (name, path) in libraries.sorted(by: { $0.key < $1.key }) { try copy(path, to: folder + "/lib/martlet/" + name) }
    return libraries.keys.sorted()
  }

  private func copy(_ source: String, to target: String) throws {
    let files = FileManager.default
    try files.createDirectory(atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    let real = URL(fileURLWithPath: source).resolvingSymlinksInPath().path
    do { try files.copyItem(atPath: real, toPath: target) } catch {
      throw FileError(path: source, problem: "cannot be copied: \(error.localizedDescription)", remedy: "free space on the disk?")
    }
  }

  /// The SHA-256 of every file, as `sha256sum` reads them.
  /// - Returns: the bytes of the programs and their libraries.
  private func writeSums(_ folder: String) throws -> Int {
    var lines = "", programBytes = 0
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() {
      let path = folder + "/" + name
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else { continue }
      lines += "\(try Digest.sha256(file: path))  \(name)\n"
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
      if name.hasPrefix("program/") { programBytes += size?.intValue ?? 0 }
    }
    try AtomicFile.write(Data(lines.utf8), to: folder + "/" + EdgeFolder.sumsName)
    return programBytes
  }
}

/// What a program loads when it starts.
enum SharedLibraries {
  /// Parts of the C library, which fit the machine's own loader and no other.
  private static let machines: Set<Substring> = [
    "libc", "libm", "libdl", "librt", "libpthread", "libutil", "libresolv", "libanl", "libnsl", "libmvec", "libthread_db",
    "libBrokenLocale",
  ]

  /// - Returns: paths, the C library left out.
  /// - Throws: `FileError` where one is not found, or the system's loader cannot be asked.
  static func loaded(by program: String) throws -> [String] {
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["ldd", program]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { throw FileError(path: "ldd", problem: "cannot be started: \(error.localizedDescription)") }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw FileError(path: program, problem: "ldd does not say what it loads") }
    return try paths(in: text, of: program)
  }

  /// Reads lines such as `libz.so.1 => /lib/libz.so.1 (0x7f…)`.
  static func paths(in text: String, of program: String) throws(FileError) -> [String] {
    var paths: [String] = []
    for line in text.split(whereSeparator: \.isNewline) {
      guard let arrow = line.range(of: " => ") else { continue }
      let name = line[..<arrow.lowerBound].trimmingCharacters(in: .whitespaces)
      let found = line[arrow.upperBound...]
      guard !found.hasPrefix("not found") else {
        throw FileError(path: program, problem: "needs \(name), which is not found", remedy: "martlet doctor")
      }
      let path = found.range(of: " (0x", options: .backwards).map { String(found[..<$0.lowerBound]) } ?? String(found)
      let stem = name.prefix { $0 != "." }
      if !machines.contains(stem), path.hasPrefix("/") { paths.append(path) }
    }
    return paths
  }
}
