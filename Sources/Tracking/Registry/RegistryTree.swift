import Bundles
import Foundation
import Registry

/// The files of registered versions as a folder of artifacts that can only be read: `registry/NAME/3/weights.safetensors`.
enum RegistryTree {
  static let root = "registry"
}

extension TrackingStore {
  /// What lies in a folder of runs, logged models or registered versions.
  /// - Throws: `TrackingError`: `.invalid`, `.io`.
  package func listArtifacts(_ path: String) throws(TrackingError) -> [ArtifactEntry] {
    guard let (bundle, inner) = try bundle(at: path) else { return try artifacts.list(path) }
    let prefix = inner.isEmpty ? "" : inner + "/"
    var found: [String: ArtifactEntry] = [:]
    let files = bundle.manifest.files.map { ($0.path, $0.size) } + [(ModelBundle.WellKnown.manifest, bundle.manifestData.count)]
    for (path, size) in files where path.hasPrefix(prefix) {
      let rest = path.dropFirst(prefix.count)
      if let slash = rest.firstIndex(of: "/") {
        let name = String(rest[..<slash])
        found[name] = ArtifactEntry(name: name, isFolder: true, size: 0)
      } else {
        found[String(rest)] = ArtifactEntry(name: String(rest), isFolder: false, size: size)
      }
    }
    return found.values.sorted { $0.name < $1.name }
  }

  /// Opens a file of a run, a logged model or a registered version.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`, `.io`.
  package func openArtifact(_ path: String) throws(TrackingError) -> ArtifactFile {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    guard let (bundle, inner) = try bundle(at: path) else {
      let file = try artifacts.open(path)
      return ArtifactFile(name: name, descriptor: file.descriptor, size: file.size)
    }
    if inner == ModelBundle.WellKnown.manifest {
      return ArtifactFile(name: name, data: bundle.manifestData)
    }
    do {
      let file = try bundle.open(try bundle.entry(inner))
      return ArtifactFile(name: name, descriptor: file.descriptor, size: file.size)
    } catch { throw TrackingError(.notFound, "there is no file '\(excerpt(path))'") }
  }

  /// Checks that a client may write there.
  package func checkWritable(_ path: String) throws(TrackingError) {
    guard try ArtifactPath.parts(path).first != RegistryTree.root else {
      throw TrackingError(.forbidden, "registered versions cannot be changed", remedy: "register another version")
    }
  }

  func bundle(at path: String) throws(TrackingError) -> (ModelBundle, String)? {
    let parts = try ArtifactPath.parts(path)
    guard parts.first == RegistryTree.root else { return nil }
    guard parts.count >= 3, let number = Int(parts[2]) else { throw TrackingError(.notFound, "there is nothing at '\(excerpt(path))'") }
    return try guarded {
      let version = try registry.resolve(ModelReference(name: parts[1], .number(number)))
      return (try registry.bundle(version, verify: .none), parts.dropFirst(3).joined(separator: "/"))
    }
  }
}
