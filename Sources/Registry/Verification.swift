import Bundles
import Databases
import Foundation
import MartletCore

/// One thing that is wrong in a registry.
public struct RegistryProblem: Sendable, Hashable, Codable, CustomStringConvertible {
  /// `"name@3"`, or `nil` for the registry itself.
  public let version: String?
  /// The file in the version's bundle, or in the registry's folder.
  public let file: String
  /// A sentence without a subject: "is missing".
  public let detail: String

  /// The version, the file and the sentence.
  public var description: String { (version.map { "\($0): " } ?? "") + "\(file) \(detail)" }
}

/// What a check of the registry found.
public struct VerificationReport: Sendable, Hashable, Codable {
  /// How many versions were looked at.
  public var versions = 0
  /// Files of those versions; one that several versions share counts for each.
  public var files = 0
  /// Bytes that were read and found right; a shared file's count once.
  public var bytes = 0
  /// Everything that is wrong.
  public var problems: [RegistryProblem] = []

  /// Nothing is wrong.
  public var isClean: Bool { problems.isEmpty }
}

extension ModelRegistry {
  /// Reads every byte of a version and compares every hash.
  /// - Throws: `RegistryError`: `.notFound`, `.busy`; what is wrong with the files is in the report.
  public func verify(_ version: ModelVersion) throws(RegistryError) -> VerificationReport {
    try guarded {
      var report = VerificationReport()
      var known: [String: String?] = [:]
      let stored = try database.read { try find(version, in: $0) }
      try check(stored.version, versionID: stored.versionID, &report, &known)
      return report
    }
  }

  /// Reads every byte of every version, and checks the database and the folder of objects. Each file is read once, however many share it.
  /// - Throws: `RegistryError`: `.corrupt` if the database cannot be read at all, `.busy`.
  public func verify() throws(RegistryError) -> VerificationReport {
    try guarded {
      var report = VerificationReport()
      var known: [String: String?] = [:]
      for problem in try database.integrityProblems() {
        report.problems.append(RegistryProblem(version: nil, file: "registry.sqlite", detail: problem))
      }
      let versions = try database.read { database in
        try fetchRows(where: "1 = 1", [], in: database).map { ($0.version, $0.id) }
      }
      for (version, versionID) in versions { try check(version, versionID: versionID, &report, &known) }
      for stranger in try store.list().strangers {
        report.problems.append(RegistryProblem(version: nil, file: "objects/\(stranger)", detail: "is not a file of the registry"))
      }
      return report
    }
  }

  private func check(
    _ version: ModelVersion, versionID: Int64, _ report: inout VerificationReport, _ known: inout [String: String?]
  ) throws {
    func complain(_ file: String, _ detail: String) {
      report.problems.append(RegistryProblem(version: version.reference, file: file, detail: detail))
    }
    report.versions += 1
    let bundle: ModelBundle
    do { bundle = try self.bundle(digest: version.digest, reference: version.reference) } catch {
      return complain(ModelBundle.WellKnown.manifest, "cannot be used: \((error as? any MartletError)?.problem ?? "\(error)")")
    }
    let rows = try database.read { database in
      try database.rows("SELECT path, digest, size FROM files WHERE versionID = ? ORDER BY path", [versionID])
    }
    let recorded = try rows.map { BundleFile(path: try $0.get(0), size: try $0.get(2), sha256: try $0.get(1)) }
    if recorded != bundle.manifest.files.sorted(by: { $0.path < $1.path }) {
      complain(ModelBundle.WellKnown.manifest, "lists other files than the database")
    }
    for file in bundle.manifest.files {
      report.files += 1
      let problem: String?
      if let earlier = known[file.sha256] {
        problem = earlier
      } else {
        problem = check(file)
        known[file.sha256] = .some(problem)
        report.bytes += problem == nil ? file.size : 0
      }
      if let problem { complain(file.path, problem) }
    }
  }

  private func check(_ file: BundleFile) -> String? {
    guard let kept = try? store.status(file.sha256) else { return "is missing" }
    let size = kept.name.hasSuffix(ObjectStore.suffix) ? Sealer.sealedSize(file.size) : file.size
    guard kept.size == size else { return "has \(kept.size) bytes, not \(size)" }
    do {
      let digest = try store.check(file.sha256)
      return digest == file.sha256 ? nil : "has the SHA-256 \(digest), not \(file.sha256)"
    } catch {
      return (error as? SystemFailure)?.detail ?? "cannot be read"
    }
  }
}
