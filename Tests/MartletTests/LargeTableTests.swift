import Bundles
import Foundation
import MartletCore
import Project
import Registry
import Tables
import Testing

@testable import Commands
@testable import Martlet

/// Tables that are larger than the memory which they may take.
@Suite(.serialized) struct LargeTableTests {
  /// Rows with some without a target, some with gaps.
  private static func write(_ place: TemporaryProject, rows: Int = 3000) throws {
    var random = KeyedRandom(seed: 11, purpose: "large"), text = "x,y,kind,when,gone\n"
    for row in 0..<rows {
      let x = random.uniform() * 10, y = random.bernoulli(0.1) ? "" : String(random.uniform())
      let kind = ["red", "green", "blue"][row % 3]
      let gone = random.uniform() < (x > 6 ? 0.85 : 0.15) ? "yes" : "no"
      text += "\(x),\(y),\(kind),2024-0\(1 + row * 9 / rows)-10,\(row % 50 == 7 ? "" : gone)\n"
    }
    try AtomicFile.write(Data(text.utf8), to: place.folder + "/large.csv")
  }

  private static func text(_ models: String, test: String = "0.25", more: String = "") -> String {
    "name: large\ntask: classification\ndata: {file: large.csv, target: gone, positive: \"yes\", test: \(test), "
      + "derive: {twice: \"x * 2\"}, where: \"kind != 'blue'\"\(more)}\nmodels: \(models)\nselect: {folds: 2}\n"
      + "evaluation: {importance: 0, worst: 2}\ntraining: {threads: 1, seed: 3, memory: 0.00002}\n"
  }

  private func run(_ place: TemporaryProject, _ text: String) async throws -> (RunSummary, ModelBundle) {
    let file = try place.project(text)
    let run = try await MartletEngine().run(
      RunRequest(project: file, resume: nil, aliases: [], tags: [], note: "", surroundings: place.surroundings))
    let registry = try ModelRegistry.open(at: place.folder + "/.martlet")
    return (run, try registry.bundle(try registry.resolve("large@\(run.version ?? 0)")))
  }

  @Test(arguments: ["[boosting: {rounds: 12, max-depth: 3}]", "[sgd_classifier: {epochs: 20}]", "[tree: {max-depth: 3}]"])
  func aModelComesOfParts(_ models: String) async throws {
    let place = try TemporaryProject()
    try Self.write(place)
    let (run, bundle) = try await run(place, Self.text(models))
    #expect(run.version == 1)
    #expect((run.metrics["auc"]?.value ?? 0) > 0.75, "\(models)")
    let data = bundle.manifest.lineage.data
    // 2,000 rows are not blue, some of them have no target; a quarter judges.
    let all = data.map(\.items).reduce(0, +)
    #expect((1900..<2000).contains(all) && data[0].items > 2 * data[1].items)
    // What was kept on disk is gone.
    #expect(!FileManager.default.fileExists(atPath: run.training.run + "/parts"))
  }

  @Test func theSameRunGivesTheSameModel() async throws {
    let place = try TemporaryProject()
    try Self.write(place)
    let text = Self.text("[boosting: {rounds: 8, max-depth: 3}]")
    let (one, first) = try await run(place, text), (other, second) = try await run(place, text)
    #expect(one.metrics["auc"]?.value == other.metrics["auc"]?.value)
    func digests(_ bundle: ModelBundle) -> [String] {
      bundle.manifest.files.filter { $0.path.hasPrefix("learner/") }.map(\.sha256).sorted()
    }
    #expect(digests(first) == digests(second) && !digests(first).isEmpty)
  }

  @Test func laterRowsAndOtherFilesCanJudge() async throws {
    let place = try TemporaryProject()
    try Self.write(place)
    let models = "[boosting: {rounds: 8, max-depth: 3}]"
    let (later, bundle) = try await run(place, Self.text(models, test: "{after: 2024-08-01, column: when}"))
    #expect(later.version == 1 && bundle.manifest.lineage.data.count == 2)
    try FileManager.default.copyItem(atPath: place.folder + "/large.csv", toPath: place.folder + "/other.csv")
    let (with, _) = try await run(place, Self.text(models, test: "{file: other.csv}"))
    #expect(with.version == 2 && (with.metrics["auc"]?.value ?? 0) > 0.75)
    await #expect(throws: ArgumentError.self) {
      _ = try await run(place, Self.text(models, test: "{after: 2030-01-01, column: when}"))
    }
    let (groups, _) = try await run(place, Self.text(models, test: "{groups: when, share: 0.3}"))
    #expect(groups.version == 3)
  }

  @Test func aJoinThatNeedsEverythingIsRefused() async throws {
    let place = try TemporaryProject()
    try Self.write(place)
    try AtomicFile.write(Data("kind,price\nred,1\ngreen,2\n".utf8), to: place.folder + "/prices.csv")
    let models = "[boosting: {rounds: 4}]"
    let (left, _) = try await run(place, Self.text(models, more: ", join: [{file: prices.csv, on: kind}]"))
    #expect(left.version == 1)
    await #expect(throws: ArgumentError.self) {
      _ = try await run(place, Self.text(models, more: ", join: [{file: prices.csv, on: kind, kind: full}]"))
    }
  }

  @Test func memoryIsKnown() throws {
    #expect(try #require(ProcessMemory.available()) > 1 << 20)
  }

  @Test func theLeastControlGroupCounts() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("groups-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    func write(_ path: String, _ text: String) throws {
      let path = root + "/" + path
      try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try AtomicFile.write(Data(text.utf8), to: path)
    }
    // Version 1: the group above has less left; what is kept of files counts as free.
    try write("memory/a/b/memory.limit_in_bytes", "5000\n")
    try write("memory/a/b/memory.usage_in_bytes", "1000\n")
    try write("memory/a/memory.limit_in_bytes", "4000\n")
    try write("memory/a/memory.usage_in_bytes", "2500\n")
    try write("memory/a/memory.stat", "inactive_file 1\ntotal_inactive_file 300\n")
    #expect(ProcessMemory.controlGroup(at: root, membership: "4:cpu,memory:/a/b\n3:cpuset:/\n0::/\n") == 1800)
    // Version 2, and a path that is the host's: only the mounted root is there.
    #expect(ProcessMemory.controlGroup(at: root, membership: "0::/docker/1\n") == nil)
    try write("memory.max", "9000\n")
    try write("memory.current", "8000\n")
    #expect(ProcessMemory.controlGroup(at: root, membership: "0::/docker/1\n") == 1000)
    try write("memory.max", "max\n")
    #expect(ProcessMemory.controlGroup(at: root, membership: "0::/\n") == nil)
  }
}
