import Bundles
import Databases
import Foundation
import MartletCore
import Registry

extension TrackingStore {
  /// The kind of bundles that MLflow's clients register, and of its prompts.
  package static let bundleKind = "mlflow", promptKind = "mlflow-prompt"
  /// Where the files lie in such a bundle.
  package static let modelFolder = "model"

  /// Where a version's files come from.
  private struct Origin {
    /// As the client is told.
    var source: String
    /// Where clients fetch the files.
    var storage: String
    /// The folder of this server's that holds them; `nil` where they are elsewhere or there are none.
    var path: String?
    var run: String
    var loggedModel: String
  }

  /// Registers the next version of a model. Its files become a bundle in Martlet's registry, so that later changes of the run's files
  /// do not reach it there.
  /// - Parameters:
  ///   - source: `models:/m-…`, `runs:/…`, `mlflow-artifacts:/…`, `models:/NAME/3`, or the URI of a store that only the client reads.
  ///   - run: the run that made it; must hold the source.
  ///   - loggedModel: the logged model that it is; must hold the source.
  /// - Throws: `TrackingError`: `.notFound` for the model, `.invalid` for a source that is not the run's or the logged model's.
  package func registerVersion(
    of name: String, source: String, run: String? = nil, loggedModel: String? = nil, runLink: String = "", description: String = "",
    tags: [TrackingTag] = []
  ) throws(TrackingError) -> RegisteredVersion {
    for tag in tags { try Self.check(modelTag: tag) }
    try TrackingNames.check(length: source, 2000, "the source")
    try TrackingNames.check(length: runLink, 500, "the run's link")
    try TrackingNames.check(length: description, 5000, "the description")
    let isPrompt = tags.last { $0.key == WellKnownTag.isPrompt }?.value.lowercased() == "true"
    let origin = isPrompt ? try prompt(source) : try origin(source, run: run, loggedModel: loggedModel)
    let row = try adopt(name)
    let words = Set(tags.compactMap(RegisteredNames.word))
    let version = try guarded {
      // On the disk of the other files, under a name that no client sees or asks for.
      let scratch = "\(artifacts.path)/.\(Self.newID()).partial"
      defer { try? FileManager.default.removeItem(atPath: scratch) }
      let bundle = try bundle(of: origin, named: row.model, kind: isPrompt ? Self.promptKind : Self.bundleKind, at: scratch + "/bundle")
      return try registry.register(bundle, name: row.model, tags: words.sorted(), note: description)
    }
    try keep(version) { kept in
      kept = VersionRow(
        source: origin.source, storage: origin.storage, run: origin.run, runLink: runLink, loggedModel: origin.loggedModel, updated: 0)
    }
    try write { connection in
      for tag in tags { try put(tag, row.model, version.number, connection) }
      if let loggedModel, !loggedModel.isEmpty { try note(version.number, of: name, in: loggedModel, connection) }
    }
    try touch(row)
    return try registeredVersion(name, version.number)
  }

  /// MLflow's clients look for a logged model's versions in one of its tags.
  private func note(_ number: Int, of name: String, in model: String, _ connection: SQLConnection) throws {
    let tag = try requireModel(model, connection).tags.first { $0.key == WellKnownTag.modelVersions }?.value ?? "[]"
    var versions = (try? JSON.decode([JSONValue].self, from: Data(tag.utf8), source: "a tag")) ?? []
    versions.append(["name": .string(name), "version": .int(number)])
    let text = String(decoding: try JSON.encode(versions, pretty: false), as: UTF8.self)
    try set(TrackingTag(WellKnownTag.modelVersions, text), in: "tracking_model_tags", "model", model, connection)
  }

  // MARK: Sources

  private static func refused(_ source: String, _ expected: String) -> TrackingError {
    TrackingError(.invalid, "a version cannot be registered from '\(excerpt(source))'", expected: expected)
  }

  private func prompt(_ source: String) throws(TrackingError) -> Origin {
    guard !source.contains(where: { "/\\:".contains($0) }), !source.contains("..") else {
      throw Self.refused(source, "a word, since a prompt has no files")
    }
    return Origin(source: source, storage: source, path: nil, run: "", loggedModel: "")
  }

  private func origin(_ source: String, run: String?, loggedModel: String?) throws(TrackingError) -> Origin {
    let parts = source.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { throw Self.refused(source, "a URI; paths of this machine are not read") }
    let run = run.flatMap { $0.isEmpty ? nil : $0 }, loggedModel = loggedModel.flatMap { $0.isEmpty ? nil : $0 }
    switch parts[0] {
    case "models": return try origin(models: source, parts[1], run: run, loggedModel: loggedModel)
    case "runs":
      let path = try Self.path(parts[1], source)
      guard let run, loggedModel == nil, path.first == run else { throw Self.refused(source, "run_id with the run of the source") }
      let base = try ArtifactPath.path(ofURI: try self.run(run).info.artifacts)
      return Origin(
        source: source, storage: source, path: base.map { ([$0] + path.dropFirst()).joined(separator: "/") }, run: run, loggedModel: "")
    case ArtifactFolder.scheme:
      guard let path = try ArtifactPath.path(ofURI: source) else { throw Self.refused(source, "\(ArtifactFolder.scheme):/…") }
      if let loggedModel {
        let found = try describe(source) { () throws(TrackingError) in try self.loggedModel(loggedModel) }
        guard try Self.isWithin(path, found.artifacts) else {
          throw Self.refused(source, "model_id with the logged model that holds the source")
        }
        return Origin(source: source, storage: source, path: path, run: run ?? found.sourceRun ?? "", loggedModel: loggedModel)
      }
      guard let run else { throw Self.refused(source, "run_id with the run that holds the source") }
      let found = try describe(source) { () throws(TrackingError) in try self.run(run) }
      guard try Self.isWithin(path, found.info.artifacts) else { throw Self.refused(source, "run_id with the run that holds the source") }
      return Origin(source: source, storage: source, path: path, run: run, loggedModel: "")
    default:
      guard ArtifactFolder.isForeign(source), !source.contains("..") else {
        throw Self.refused(source, "models:/…, runs:/…, \(ArtifactFolder.scheme):/… or the URI of an object store")
      }
      return Origin(source: source, storage: source, path: nil, run: run ?? "", loggedModel: loggedModel ?? "")
    }
  }

  private func origin(models source: String, _ rest: String, run: String?, loggedModel: String?) throws(TrackingError) -> Origin {
    let path = try Self.path(rest, source)
    if path.count == 1, path[0].hasPrefix("m-") {
      guard let loggedModel, loggedModel == path[0] else { throw Self.refused(source, "model_id with the logged model of the source") }
      let found = try describe(source) { () throws(TrackingError) in try self.loggedModel(loggedModel) }
      return Origin(
        source: source, storage: found.artifacts, path: try ArtifactPath.path(ofURI: found.artifacts), run: run ?? found.sourceRun ?? "",
        loggedModel: loggedModel)
    }
    let other: RegisteredVersion
    if path.count == 2, let number = Int(path[1]) {
      other = try registeredVersion(path[0], number)
    } else if path.count == 1, let at = path[0].lastIndex(of: "@") {
      other = try registeredVersion(String(path[0][..<at]), alias: String(path[0][path[0].index(after: at)...]))
    } else {
      throw Self.refused(source, "models:/m-…, models:/NAME/3 or models:/NAME@alias")
    }
    guard run.map({ $0 == other.run }) ?? true, loggedModel.map({ $0 == other.loggedModel }) ?? true else {
      throw Self.refused(source, "run_id and model_id of the version that it is")
    }
    // What MLflow registered lies in a folder of the bundle.
    let inner = other.user == nil ? "/" + Self.modelFolder : ""
    return Origin(
      source: "models:/\(other.name)/\(other.number)", storage: other.storage,
      path: "\(RegistryTree.root)/\(other.model)/\(other.number)\(inner)", run: other.run, loggedModel: other.loggedModel)
  }

  /// Says of a run or a model that is not there what it is needed for.
  private func describe<Value>(_ source: String, _ body: () throws(TrackingError) -> Value) throws(TrackingError) -> Value {
    do throws(TrackingError) { return try body() } catch {
      throw error.kind == .notFound ? Self.refused(source, "a source that is there: \(error.problem)") : error
    }
  }

  private static func path(_ text: String, _ source: String) throws(TrackingError) -> [String] {
    guard text.hasPrefix("/"), !text.hasPrefix("//") else { throw refused(source, "one slash after the colon") }
    return try ArtifactPath.parts(String(text.dropFirst()))
  }

  private static func isWithin(_ path: String, _ root: String) throws(TrackingError) -> Bool {
    guard let base = try ArtifactPath.path(ofURI: root), !base.isEmpty else { return false }
    return path == base || path.hasPrefix(base + "/")
  }

  // MARK: Bundles

  /// The files as a bundle in a folder of its own, which the caller removes.
  private func bundle(of origin: Origin, named name: String, kind: String, at folder: String) throws -> ModelBundle {
    let writer = try BundleWriter(at: folder)
    if let path = origin.path {
      for file in try files(below: path) {
        let opened = try openArtifact(path + "/" + file)
        try opened.withDescriptor { descriptor in
          try writer.add(copyOf: descriptor, as: Self.modelFolder + "/" + file)
        }
      }
    }
    var training: [String: JSONValue] = ["mlflow.source": .string(origin.source)]
    if !origin.run.isEmpty { training["mlflow.run"] = .string(origin.run) }
    if !origin.loggedModel.isEmpty { training["mlflow.model"] = .string(origin.loggedModel) }
    return try writer.finish(
      name: name, kind: kind, signature: Signature(inputs: [], outputs: [], isBatched: false), lineage: Lineage(training: training),
      metrics: try metrics(of: origin))
  }

  private func files(below path: String) throws -> [String] {
    guard let (bundle, inner) = try bundle(at: path) else { return try artifacts.files(below: path).map(\.path) }
    let prefix = inner.isEmpty ? "" : inner + "/"
    return bundle.manifest.files.map(\.path).filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  /// The latest of what was measured on the logged model, else of what its run measured.
  private func metrics(of origin: Origin) throws -> [String: MetricSummary] {
    var latest: [String: MetricPoint] = [:]
    if !origin.loggedModel.isEmpty, let model = try? loggedModel(origin.loggedModel) {
      for point in model.metrics where latest[point.key].map({ point.isLater(than: $0) }) ?? true { latest[point.key] = point }
    }
    if latest.isEmpty, !origin.run.isEmpty, let run = try? run(origin.run) {
      for point in run.metrics { latest[point.key] = point }
    }
    return latest.filter { $0.value.value.isFinite }.mapValues { MetricSummary($0.value) }
  }
}
