import Glibc

extension ModelBundle {
  /// Copies the bundle, manifest and all, to a directory that does not exist yet. Every file is checked on the way.
  /// - Returns: the copy; its digest is this bundle's.
  /// - Throws: `BundleError`: `.exists`, `.notFound`, `.tampered`, `.io`, `.diskFull`.
  public func copy(to directory: String) throws(BundleError) -> ModelBundle {
    let writer = try BundleWriter(at: directory)
    for file in manifest.files {
      let opened: Int32
      do throws(SystemFailure) { opened = try open(file).descriptor } catch { throw BundleError(error, "cannot be copied") }
      defer { close(opened) }
      try writer.add(copyOf: opened, as: file.path)
    }
    return try writer.finish(manifest: manifestData)
  }
}
