public import Foundation
import Glibc
public import MartletCore

/// Builds a bundle in a hidden directory beside its target and moves it there when it is whole, so that nobody ever sees half of one.
///
/// A writer that goes away without `finish` takes its work with it. What a killed process left is removed by the next writer of the same
/// target; a lock on the directory tells the two apart.
public final class BundleWriter {
  private let target: String
  private let replacing: Bool
  private let temporary: String
  private var lock: Int32 = -1
  private var files: [String: BundleFile] = [:]
  /// Names that are taken and folders that are needed, in lower case, each with a path that says so.
  private var names: [String: String] = [:]
  private var folders: [String: String] = [:]
  private var isOpen = true

  /// - Parameters:
  ///   - target: the bundle's directory; folders above it are made.
  ///   - replacing: a directory that is already there is replaced at the end.
  /// - Throws: `BundleError`: `.exists`, `.io`, `.diskFull`.
  public init(at target: String, replacing: Bool = false) throws(BundleError) {
    let path = URL(fileURLWithPath: target).standardizedFileURL.path
    self.target = path
    self.replacing = replacing
    temporary = AtomicFile.temporaryPath(beside: path)
    do throws(SystemFailure) {
      try FileTools.makeFolders((path as NSString).deletingLastPathComponent)
      Leftovers.recover(target: path)
      if !replacing, access(path, F_OK) == 0 {
        throw SystemFailure(path: path, code: EEXIST)
      }
      guard mkdir(temporary, 0o755) == 0 else { throw SystemFailure(path: path) }
      lock = try FileTools.openFolder(temporary)
    } catch {
      if error.code == EEXIST {
        throw BundleError(.exists, "\(target) is there already", remedy: "another name, or remove it first")
      }
      throw BundleError(error, "a bundle cannot be written")
    }
    _ = FileTools.tryLock(lock)
  }

  deinit { cancel() }

  /// Adds a file with this content.
  /// - Throws: `BundleError`: `.usage` for an unsafe or used name, `.io`, `.diskFull`.
  public func add(_ data: Data, as path: String) throws(BundleError) {
    try place(path) { (descriptor) throws(SystemFailure) in
      try FileTools.writeAll(data, to: descriptor, path: path)
    }
  }

  /// Adds a value as JSON with sorted keys.
  public func add(json value: some Encodable, as path: String) throws(BundleError) {
    let data: Data
    do { data = try JSON.encode(value) } catch { throw BundleError(.usage, "'\(path)' cannot be written as JSON: \(error)") }
    try add(data, as: path)
  }

  /// Adds a copy of a regular file.
  public func add(file source: String, as path: String) throws(BundleError) {
    let opened: Int32
    do throws(SystemFailure) { opened = try FileTools.openRegular(source).descriptor } catch {
      throw BundleError(error, error.code == EINVAL || error.code == ELOOP ? "only regular files go into a bundle" : "cannot be read")
    }
    defer { close(opened) }
    try add(copyOf: opened, as: path)
  }

  /// Adds what is left to read of an open file.
  package func add(copyOf opened: Int32, as path: String) throws(BundleError) {
    try place(path) { (descriptor) throws(SystemFailure) in try FileTools.copy(opened, to: descriptor, path: path) }
  }

  /// Adds copies of all regular files below a folder; refuses links and anything else.
  public func add(folder source: String, as path: String) throws(BundleError) {
    let names: [String]
    do throws(SystemFailure) {
      let descriptor = try FileTools.openFolder(source)
      defer { close(descriptor) }
      names = try FileTools.names(in: descriptor, path: source)
    } catch { throw BundleError(error, "cannot be read") }
    for name in names {
      var status = stat()
      let inner = source + "/" + name
      guard lstat(inner, &status) == 0 else { throw BundleError(SystemFailure(path: inner), "cannot be read") }
      if status.st_mode & S_IFMT == S_IFDIR {
        try add(folder: inner, as: path + "/" + name)
      } else {
        try add(file: inner, as: path + "/" + name)
      }
    }
  }

  /// Adds a file that `body` writes at the absolute path it is given, as a writer of safetensors does.
  /// - Throws: `BundleError`, and what `body` throws.
  public func write(_ path: String, _ body: (_ absolutePath: String) throws -> Void) throws {
    let location = try prepare(path)
    try body(location)
    try record(path, sync: true)
  }

  /// Writes the manifest, flushes everything to the disk and moves the bundle to its target.
  /// - Returns: the bundle at its target.
  /// - Throws: `BundleError`: `.invalid` for a manifest that no reader would accept, `.exists`, `.io`, `.diskFull`.
  public func finish(
    name: String, kind: String, signature: Signature, labels: [String] = [], lineage: Lineage = Lineage(),
    metrics: [String: MetricSummary] = [:], created: Date = Date()
  ) throws(BundleError) -> ModelBundle {
    try requireOpen()
    let manifest = BundleManifest(
      name: name, kind: kind, signature: signature, labels: labels, lineage: lineage, metrics: metrics, created: created,
      files: Array(files.values))
    let data: Data
    do { data = try JSON.encode(manifest) } catch { throw BundleError(.usage, "the manifest cannot be written as JSON: \(error)") }
    return try seal(data)
  }

  /// Ends with a manifest that is there already, byte for byte; what was added must be what it lists.
  package func finish(manifest data: Data) throws(BundleError) -> ModelBundle {
    try requireOpen()
    return try seal(data)
  }

  private func seal(_ data: Data) throws(BundleError) -> ModelBundle {
    let manifest = try BundleManifest.read(data, location: target)
    let problems = manifest.files.filter { files[$0.path] != $0 }.map {
      BundleProblem(file: $0.path, kind: files[$0.path] == nil ? .missing : .changed, detail: "is not as the manifest says")
    }
    guard problems.isEmpty, manifest.files.count == files.count else {
      throw BundleError(.tampered, bundle: target, problems: problems, remedy: "copy the bundle again from its source")
    }
    do throws(SystemFailure) {
      try FileTools.create(temporary + "/" + ModelBundle.WellKnown.manifest) { (descriptor) throws(SystemFailure) in
        try FileTools.writeAll(data, to: descriptor, path: ModelBundle.WellKnown.manifest)
      }
      for folder in Set(files.keys.flatMap(Self.parents)) { try FileTools.syncFolder(temporary + "/" + folder) }
      try FileTools.syncFolder(temporary)
      try moveIntoPlace()
    } catch {
      if error.code == ENOTEMPTY || error.code == EEXIST || error.code == ENOTDIR {
        throw BundleError(.exists, "\(target) is there already", remedy: "another name, or remove it first")
      }
      throw BundleError(error, "the bundle cannot be written")
    }
    isOpen = false
    close(lock)
    return ModelBundle(manifest: manifest, data: data, location: target, storage: .folder(target))
  }

  /// Gives up: nothing stays behind. Does nothing after `finish`.
  public func cancel() {
    guard isOpen else { return }
    isOpen = false
    if access(temporary, F_OK) == 0 { try? FileManager.default.removeItem(atPath: temporary) }
    if lock >= 0 { close(lock) }
  }

  private func moveIntoPlace() throws(SystemFailure) {
    let aside = temporary.dropLast(".partial".count) + ".old"
    let hasOld = replacing && access(target, F_OK) == 0
    if hasOld, rename(target, String(aside)) != 0 { throw SystemFailure(path: target) }
    // A folder takes another one's name only if that one is empty, so a bundle that appeared meanwhile stays.
    guard rename(temporary, target) == 0 else {
      let failure = SystemFailure(path: target)
      if hasOld { rename(String(aside), target) }
      throw failure
    }
    try FileTools.syncFolder((target as NSString).deletingLastPathComponent)
    if hasOld { try? FileManager.default.removeItem(atPath: String(aside)) }
  }

  private func requireOpen() throws(BundleError) {
    guard isOpen else { throw BundleError(.usage, "the bundle \(target) is finished or cancelled", remedy: "a new BundleWriter") }
  }

  private func prepare(_ path: String) throws(BundleError) -> String {
    try requireOpen()
    if let problem = BundlePath.problem(with: path) { throw BundleError(.usage, "the name '\(printable(path))' \(problem)") }
    guard path.lowercased() != ModelBundle.WellKnown.manifest else {
      throw BundleError(.usage, "the manifest is written by finish, not added")
    }
    let folded = path.lowercased()
    if let other = names[folded] {
      throw BundleError(.usage, "the name '\(path)' is taken by '\(other)'")
    }
    let parents = Self.parents(of: folded)
    if let other = parents.lazy.compactMap({ self.names[$0] }).first ?? folders[folded] {
      throw BundleError(.usage, "the name '\(path)' cannot be used beside '\(other)': one name would be a file and a folder")
    }
    names[folded] = path
    for parent in parents { folders[parent] = path }
    let location = temporary + "/" + path
    do throws(SystemFailure) { try FileTools.makeFolders((location as NSString).deletingLastPathComponent) } catch {
      throw BundleError(error, "cannot be written")
    }
    return location
  }

  private static func parents(of path: String) -> [String] {
    var found: [String] = []
    var rest = path[...]
    while let slash = rest.lastIndex(of: "/") {
      rest = rest[..<slash]
      found.append(String(rest))
    }
    return found
  }

  private func place(_ path: String, _ body: (Int32) throws(SystemFailure) -> Void) throws(BundleError) {
    let location = try prepare(path)
    do throws(SystemFailure) { try FileTools.create(location, body) } catch { throw BundleError(error, "cannot be written") }
    try record(path, sync: false)
  }

  private func record(_ path: String, sync: Bool) throws(BundleError) {
    do {
      let (descriptor, size) = try FileTools.openRegular(path, inside: lock)
      defer { close(descriptor) }
      if sync, fsync(descriptor) != 0 { throw SystemFailure(path: path) }
      files[path] = BundleFile(path: path, size: size, sha256: try FileTools.sha256(descriptor))
    } catch let failure as SystemFailure {
      throw BundleError(failure, "cannot be written")
    } catch {
      throw BundleError(.io, "'\(path)' cannot be read back: \(error)")
    }
  }
}
