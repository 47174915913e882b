public import Foundation
import Glibc
public import MartletCore

/// A trained model with everything needed to use it and to trust it: plain files and a manifest that names, measures and hashes them.
///
/// A bundle is a directory, or a version in a registry read in place. Bundles may come from strangers: no link is followed, only regular
/// files are read, and every name is checked before it is used.
public struct ModelBundle: Sendable {
  /// Names of files that have a meaning.
  public enum WellKnown {
    /// What the bundle says about itself.
    public static let manifest = "manifest.json"
    /// Hyperparameters, enough to rebuild the model.
    public static let configuration = "config.json"
    /// The model's parameters and buffers.
    public static let weights = "weights.safetensors"
    /// How inputs are prepared.
    public static let recipe = "recipe.json"
    /// The folder of the evaluation report.
    public static let report = "report"
  }

  /// How much is checked.
  public enum Check: Sendable {
    /// Every byte against its SHA-256.
    case full
    /// That every file is there with its size, and nothing else is.
    case sizes
    /// The manifest alone.
    case none
  }

  enum Storage: Sendable {
    case folder(String)
    case objects(@Sendable (BundleFile) throws(SystemFailure) -> String)
  }

  /// What the bundle says about itself.
  public let manifest: BundleManifest
  /// Where it is, for a person: the directory, or `registry: name@3`.
  public let location: String
  /// SHA-256 of `manifest.json`. The manifest holds the hash of everything else, so this is the identity of the whole bundle.
  public let digest: String
  /// `manifest.json` as it was read.
  package let manifestData: Data
  let storage: Storage
  private let listed: [String: BundleFile]

  init(manifest: BundleManifest, data: Data, location: String, storage: Storage) {
    self.manifest = manifest
    self.location = location
    self.storage = storage
    manifestData = data
    digest = Digest.sha256(data)
    listed = Dictionary(manifest.files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// A bundle whose files lie under other names, as in a registry's object store. `find` is asked when a file is used: it may have to fetch
  /// it first.
  package init(
    manifest data: Data, location: String, find: @escaping @Sendable (BundleFile) throws(SystemFailure) -> String
  ) throws(BundleError) {
    let manifest = try BundleManifest.read(data, location: location)
    self.init(manifest: manifest, data: data, location: location, storage: .objects(find))
  }

  /// Opens the bundle in `directory`.
  /// - Throws: `BundleError`: `.notFound`, `.invalid`, `.limit` or `.newerFormat` for the manifest, `.tampered` with every problem that
  ///   `verify` finds.
  public static func open(_ directory: String, verify check: Check = .full) throws(BundleError) -> ModelBundle {
    let data: Data?
    do throws(SystemFailure) {
      let folder = try FileTools.openFolder(directory)
      defer { close(folder) }
      let file = try FileTools.openRegular(WellKnown.manifest, inside: folder)
      defer { close(file.descriptor) }
      data = try FileTools.read(file.descriptor, limit: BundleManifest.largest, path: WellKnown.manifest)
    } catch {
      throw BundleError(
        error.code == ENOENT || error.code == ENOTDIR ? .notFound : .io, "\(directory) is not a bundle: \(error.path): \(error.reason)",
        expected: "a directory that holds a manifest.json")
    }
    guard let data else {
      throw BundleError(
        .limit, "\(directory)/manifest.json has more than \(BundleManifest.largest) bytes",
        expected: "a manifest of at most \(BundleManifest.largest >> 20) MiB")
    }
    let manifest = try BundleManifest.read(data, location: directory)
    let bundle = ModelBundle(manifest: manifest, data: data, location: directory, storage: .folder(directory))
    try bundle.require(check)
    return bundle
  }

  /// Checks, and throws `.tampered` with every problem if there is one.
  package func require(_ check: Check) throws(BundleError) {
    let problems = verify(check)
    guard problems.isEmpty else {
      throw BundleError(.tampered, bundle: location, problems: problems, remedy: "fetch or build the bundle again; do not use this one")
    }
  }

  /// Whether the manifest lists `file`.
  public func has(_ file: String) -> Bool { listed[file] != nil }

  /// The manifest's entry for a file.
  /// - Throws: `BundleError` `.notFound` with the nearest name.
  public func entry(_ file: String) throws(BundleError) -> BundleFile {
    if let entry = listed[file] { return entry }
    throw BundleError(
      .notFound, "the bundle \(location) has no file '\(printable(file))'",
      remedy: NearestName.of(file, among: listed.keys).map { "'\($0)'" })
  }

  /// The path of a file on the disk, for mapping it into memory. It was checked when the bundle was opened with `.full`.
  /// - Throws: `BundleError`: `.notFound` if the manifest does not list it, `.io` if it cannot be fetched from where the registry keeps it.
  public func path(of file: String) throws(BundleError) -> String {
    let entry = try entry(file)
    switch storage {
    case .folder(let folder): return folder + "/" + entry.path
    case .objects(let find):
      do throws(SystemFailure) { return try find(entry) } catch { throw BundleError(error, "cannot be fetched") }
    }
  }

  /// A file's content, checked against its hash as it was read.
  /// - Parameter limit: the most bytes that are read.
  /// - Throws: `BundleError`: `.notFound`, `.limit`, `.tampered`, `.io`.
  public func data(of file: String, limit: Int = 256 << 20) throws(BundleError) -> Data {
    let entry = try entry(file)
    guard entry.size <= limit else {
      throw BundleError(.limit, "'\(file)' of the bundle \(location) has \(entry.size) bytes", expected: "at most \(limit)")
    }
    let data: Data?
    do throws(SystemFailure) {
      let opened = try open(entry)
      defer { close(opened.descriptor) }
      data = try FileTools.read(opened.descriptor, limit: entry.size, path: file)
    } catch {
      throw BundleError(.tampered, bundle: location, problems: [Self.problem(error, file)], remedy: "fetch or build the bundle again")
    }
    guard let data, data.count == entry.size, Digest.sha256(data) == entry.sha256 else {
      let problem = BundleProblem(file: file, kind: .changed, detail: "has another content than the manifest says")
      throw BundleError(.tampered, bundle: location, problems: [problem], remedy: "fetch or build the bundle again")
    }
    return data
  }

  /// Decodes a JSON file of the bundle, at most 64 MiB and 64 levels deep.
  /// - Throws: `BundleError`: as `data(of:limit:)`, and `.invalid` with the place that does not fit `Value`.
  public func json<Value: Decodable>(_ type: Value.Type, of file: String) throws(BundleError) -> Value {
    let data = try data(of: file, limit: 64 << 20)
    let depth = JSONPaths.depth(of: data)
    guard depth <= BundleManifest.deepestJSON else {
      throw BundleError(
        .limit, "'\(file)' of the bundle \(location) is nested \(depth) levels deep",
        expected: "at most \(BundleManifest.deepestJSON) levels")
    }
    do {
      return try JSON.decode(type, from: data, source: "'\(file)' of the bundle \(location)")
    } catch {
      throw BundleError(.invalid, (error as? any MartletError)?.problem ?? "\(error)")
    }
  }

  /// The model's hyperparameters: `config.json`, or `.null` where there is none.
  public func configuration() throws(BundleError) -> JSONValue {
    has(WellKnown.configuration) ? try json(JSONValue.self, of: WellKnown.configuration) : .null
  }
}
