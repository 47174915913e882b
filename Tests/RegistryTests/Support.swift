import Bundles
import DatabaseTesting
import Foundation
import MartletCore
import Testing

@testable import Registry

let sampleSignature = Signature(
  inputs: [TensorSpec(name: "images", dtype: .float32, shape: [nil, 1, 28, 28])],
  outputs: [TensorSpec(name: "probabilities", dtype: .float32, shape: [nil, 2])])

/// A new empty folder; the caller removes it. A registry in it is on a database of this kind.
func newFolder(_ kind: TestDatabase = .sqlite) throws -> String {
  let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("registry-" + UUID().uuidString).path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  // Before other processes come.
  if TestBucket.isWanted { _ = try TestBucket.of(folder) }
  if kind == .postgres {
    // Other processes find the server here.
    try TemporaryPostgreSQL.shared().newURL().write(toFile: folder + "/server", atomically: true, encoding: .utf8)
  }
  return folder
}

func remove(_ folder: String) { try? FileManager.default.removeItem(atPath: folder) }

/// Runs `body` with a new empty folder and removes it.
func withFolder<Result>(_ kind: TestDatabase = .sqlite, _ body: (String) throws -> Result) throws -> Result {
  let folder = try newFolder(kind)
  defer { remove(folder) }
  return try body(folder)
}

/// Runs `body` with a new registry and a folder for bundles.
func withRegistry<Result>(_ kind: TestDatabase = .sqlite, _ body: (ModelRegistry, String) throws -> Result) throws -> Result {
  try withFolder(kind) { folder in try body(try openRegistry(in: folder), folder) }
}

func openRegistry(
  in folder: String, timeout: TimeInterval = 30, user: String = "tester", _ willReach: (@Sendable (RegistrationStep) throws -> Void)? = nil
) throws -> ModelRegistry {
  try configuredRegistry(in: folder) { options in
    options.busyTimeout = timeout
    options.user = user
    options.willReach = willReach
  }
}

/// A registry with other options.
func configuredRegistry(in folder: String, _ change: (inout RegistryOptions) -> Void) throws -> ModelRegistry {
  var options = RegistryOptions(busyTimeout: 30, user: "tester", environment: [:])
  options.cache = folder + "/cache"
  let server = try? String(contentsOfFile: folder + "/server", encoding: .utf8)
  if server != nil { options.artifacts = folder + "/.martlet" }
  if TestBucket.isWanted {
    let bucket = try TestBucket.of(folder)
    options.artifacts = bucket.url
    options.environment = bucket.environment
  }
  change(&options)
  return try ModelRegistry.open(at: server ?? folder + "/.martlet", create: true, options: options)
}

/// A bundle of three files, of which `config.json` is the same in all.
func sampleBundle(
  in folder: String, weights: String = "weights", name: String = "fashion", metrics: [String: MetricSummary] = [:],
  configuration: JSONValue = ["width": 32], lineage: Lineage = Lineage(), labels: [String] = ["boot", "shirt"]
) throws -> ModelBundle {
  let writer = try BundleWriter(at: folder + "/bundle-" + UUID().uuidString)
  try writer.add(Data(weights.utf8), as: "weights.safetensors")
  try writer.add(json: configuration, as: "config.json")
  try writer.add(Data("<html>".utf8), as: "report/index.html")
  return try writer.finish(
    name: name, kind: "image-classifier", signature: sampleSignature, labels: labels, lineage: lineage, metrics: metrics,
    created: Date(timeIntervalSince1970: 1_700_000_000))
}

/// With `MARTLET_TEST_ARTIFACTS=s3` the registries of these tests keep their files in buckets, as the S3 tests' always do.
struct TestBucket: Codable {
  static let isWanted = ProcessInfo.processInfo.environment["MARTLET_TEST_ARTIFACTS"] == "s3"

  let url: String
  let environment: [String: String]

  /// The bucket of a test's folder, the same for all who open the registry in it.
  static func of(_ folder: String) throws -> TestBucket {
    let path = folder + "/bucket.json"
    if let data = FileManager.default.contents(atPath: path) { return try JSON.decode(TestBucket.self, from: data, source: path) }
    let server = try MotoServer.shared()
    let bucket = TestBucket(url: try server.newBucket(), environment: server.environment)
    try AtomicFile.write(JSON.encode(bucket), to: path)
    return bucket
  }

  /// As the registry in the folder sees it.
  func backend(_ folder: String) throws -> S3Backend {
    var options = RegistryOptions(environment: environment)
    options.cache = folder + "/cache"
    return try S3Backend(url, options: options)
  }
}

extension Trait where Self == ConditionTrait {
  /// The test looks at the files themselves, so they must lie in a folder.
  static var onFiles: Self { .disabled(if: TestBucket.isWanted, "the files are in a bucket") }
}

/// Objects on the disk, or in the bucket.
func objectCount(in folder: String) throws -> Int {
  if TestBucket.isWanted { return try TestBucket.of(folder).backend(folder).list().count }
  return try FileManager.default.subpathsOfDirectory(atPath: folder + "/.martlet/objects").filter { $0.contains("/") }.count
}

func objectPath(_ digest: String, in folder: String) -> String {
  "\(folder)/.martlet/objects/\(digest.prefix(2))/\(digest.dropFirst(2))"
}

func stagedNames(in folder: String) throws -> [String] {
  if TestBucket.isWanted {
    let staging = try TestBucket.of(folder).backend(folder).staging
    return ((try? FileManager.default.contentsOfDirectory(atPath: staging)) ?? []).sorted()
  }
  return try FileManager.default.contentsOfDirectory(atPath: folder + "/.martlet/staging").sorted()
}

/// Replaces a file's bytes in place, as a failing disk or a careless person would.
func overwrite(_ path: String, with text: String) throws {
  try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
  let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  try handle.truncate(atOffset: 0)
  try handle.write(contentsOf: Data(text.utf8))
  try handle.close()
}
