import Foundation
import Glibc

extension ModelBundle {
  /// Looks for every problem: what is missing, extra, changed, of another size, a link or a special file.
  /// - Returns: all problems sorted by file; empty for a bundle that is as its manifest says.
  public func verify(_ check: Check = .full) -> [BundleProblem] {
    if case .none = check { return [] }
    var problems = manifest.files.compactMap { problem(with: $0, full: check == .full) }
    if case .folder(let folder) = storage { problems += extras(in: folder) }
    return problems.sorted { ($0.file, $0.kind.rawValue) < ($1.file, $1.kind.rawValue) }
  }

  /// Opens a listed file for reading; the caller closes it.
  package func open(_ entry: BundleFile) throws(SystemFailure) -> (descriptor: Int32, size: Int) {
    switch storage {
    case .folder(let folder):
      let root = try FileTools.openFolder(folder)
      defer { close(root) }
      return try FileTools.openRegular(entry.path, inside: root)
    case .objects(let find):
      return try FileTools.openRegular(find(entry))
    }
  }

  private func problem(with entry: BundleFile, full: Bool) -> BundleProblem? {
    do throws(SystemFailure) {
      let (descriptor, size) = try open(entry)
      defer { close(descriptor) }
      guard size == entry.size else {
        return BundleProblem(file: entry.path, kind: .size, detail: "has \(size) bytes, not \(entry.size)")
      }
      guard full else { return nil }
      guard let digest = try? FileTools.sha256(descriptor) else {
        return BundleProblem(file: entry.path, kind: .unreadable, detail: "cannot be read")
      }
      guard digest == entry.sha256 else {
        return BundleProblem(file: entry.path, kind: .changed, detail: "has the SHA-256 \(digest), not \(entry.sha256)")
      }
      return nil
    } catch {
      return Self.problem(error, entry.path)
    }
  }

  static func problem(_ failure: SystemFailure, _ file: String) -> BundleProblem {
    switch failure.code {
    case ENOENT: BundleProblem(file: file, kind: .missing, detail: "is missing")
    case ELOOP: BundleProblem(file: file, kind: .link, detail: "is a symbolic link")
    case ENOTDIR: BundleProblem(file: file, kind: .link, detail: "has something that is not a folder, perhaps a link, in its path")
    case EINVAL, ENXIO: BundleProblem(file: file, kind: .special, detail: "is not a regular file")
    case EBADMSG: BundleProblem(file: file, kind: .changed, detail: failure.detail ?? "has been changed")
    default: BundleProblem(file: file, kind: .unreadable, detail: "cannot be read: \(failure.reason)")
    }
  }

  /// What lies in the folder and is not listed.
  private func extras(in folder: String) -> [BundleProblem] {
    var found: [BundleProblem] = []
    var folders: Set<String> = []
    for file in manifest.files {
      var parts = file.path.split(separator: "/").dropLast()
      while !parts.isEmpty {
        folders.insert(parts.joined(separator: "/"))
        parts = parts.dropLast()
      }
    }
    func visit(_ descriptor: Int32, _ prefix: String) {
      defer { close(descriptor) }
      guard let names = try? FileTools.names(in: descriptor, path: prefix) else {
        return found.append(BundleProblem(file: prefix.isEmpty ? "." : prefix, kind: .unreadable, detail: "cannot be listed"))
      }
      for name in names {
        guard found.count < 1000 else { return }
        let path = prefix + name
        if has(path) || path == WellKnown.manifest { continue }
        if folders.contains(path) {
          // A link or a file in a folder's place shows up with the files that need the folder.
          let inner = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
          if inner >= 0 { visit(inner, path + "/") }
        } else {
          found.append(BundleProblem(file: path, kind: .extra, detail: "is not in the manifest"))
        }
      }
    }
    if let root = try? FileTools.openFolder(folder) { visit(root, "") }
    return found
  }
}
