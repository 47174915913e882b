public import Bundles
import Databases
import Foundation
import Glibc
import MartletCore

extension ModelRegistry {
  /// What a version's bundle says about itself.
  /// - Throws: `RegistryError`: `.missingObject`, `.bundle`.
  public func manifest(of version: ModelVersion) throws(RegistryError) -> BundleManifest {
    try bundle(version, verify: .none).manifest
  }

  /// A version's bundle, read in place from the object store: nothing is copied.
  /// - Parameter check: what is checked before the bundle is handed out; every byte unless said otherwise.
  /// - Throws: `RegistryError`: `.missingObject` if a file is gone, `.signature` where signatures are asked for and there is none to trust,
  ///   `.bundle` with every other problem.
  public func bundle(_ version: ModelVersion, verify check: ModelBundle.Check = .full) throws(RegistryError) -> ModelBundle {
    // Who only wants to look at it need not trust it.
    if check != .none { try requireSignature(version) }
    return try guarded {
      let bundle = try bundle(digest: version.digest, reference: version.reference)
      do throws(BundleError) {
        do throws(BundleError) { try bundle.require(check) } catch {
          guard error.problems.contains(where: { $0.kind == .changed }) else { throw error }
          // It may be the copy in the cache that is damaged: fetched again, it is what the store has.
          for file in bundle.manifest.files { store.cache.forget(file.sha256) }
          try bundle.require(check)
        }
      } catch {
        guard error.problems.contains(where: { $0.kind == .missing }) else { throw error }
        throw missing(version.reference, error.problem)
      }
      return bundle
    }
  }

  /// Copies a version's bundle to a directory of its own, which must not exist yet.
  /// - Returns: the bundle in that directory; its digest is the version's.
  /// - Throws: `RegistryError`: `.exists`, `.missingObject`, `.bundle`, `.diskFull`, `.io`.
  @discardableResult
  public func materialise(_ version: ModelVersion, at directory: String) throws(RegistryError) -> ModelBundle {
    try requireSignature(version)
    let source = try bundle(version, verify: .none)
    do { return try source.copy(to: directory) } catch {
      if error.kind == .exists { throw RegistryError(.exists, error.problem, remedy: error.remedy) }
      if error.kind == .diskFull { throw RegistryError(.diskFull, error.problem, remedy: error.remedy) }
      if error.kind == .notFound { throw missing(version.reference, error.problem) }
      throw RegistryError(error, path: path)
    }
  }

  /// Opens a bundle by the digest of its manifest, checking that the manifest is that one.
  func bundle(digest: String, reference: String) throws -> ModelBundle {
    let data: Data?
    do {
      data = try store.data(digest, limit: 64 << 20)
    } catch let error as SystemFailure where [ENOENT, EINVAL, ELOOP].contains(error.code) {
      throw missing(reference, "its manifest \(error.path): \(error.reason)")
    }
    guard let data, Digest.sha256(data) == digest else {
      throw RegistryError(
        .bundle, "the manifest of \(reference) in the registry at \(path) has been changed",
        remedy: "register the model again, or put \(store.location(of: digest)) back from a copy")
    }
    return try ModelBundle(manifest: data, location: "registry: \(reference)") { [store] (file) throws(SystemFailure) in
      try store.path(of: file.sha256, size: file.size)
    }
  }

  private func missing(_ reference: String, _ detail: String) -> RegistryError {
    RegistryError(
      .missingObject, "files of \(reference) are gone from the registry at \(path): \(detail)",
      remedy: "register the model again, or put objects/ back from a copy")
  }
}
