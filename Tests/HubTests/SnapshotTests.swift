import Foundation
import Testing

@testable import Hub

@Suite struct SnapshotTests {
  @Test func `A repository comes whole, without pickles, under its own names and as the other client lays it out`() async throws {
    try await HubStage.with { stage in
      let result = try await stage.client().snapshot(of: stage.repository())
      #expect(result.commit == stage.hub.commit)
      #expect(result.files == stage.hub.files.keys.filter { $0 != "pytorch_model.bin" }.sorted())
      for path in result.files { #expect(stage.content("\(result.folder)/\(path)") == stage.hub.files[path]?.bytes) }
      let root = "\(stage.cache)/models--org--small-model"
      #expect(result.folder == "\(root)/snapshots/\(stage.hub.commit)")
      #expect(stage.content("\(root)/refs/main") == Array(stage.hub.commit.utf8))
      let weights = try #require(stage.hub.files["model.safetensors"])
      let link = try FileManager.default.destinationOfSymbolicLink(atPath: "\(result.folder)/model.safetensors")
      #expect(link == "../../blobs/\(weights.sha256)")
      let pooling = try FileManager.default.destinationOfSymbolicLink(atPath: "\(result.folder)/1_Pooling/config.json")
      #expect(pooling == "../../../blobs/\(stage.hub.files["1_Pooling/config.json"]?.gitID ?? "")")
      let blobs = try FileManager.default.contentsOfDirectory(atPath: "\(root)/blobs")
      #expect(!blobs.contains { $0.hasSuffix(".incomplete") })
    }
  }

  @Test func `What is there is not fetched again, and a commit that is there needs no question`() async throws {
    try await HubStage.with { stage in
      _ = try await stage.client().snapshot(of: stage.repository())
      let before = stage.server.requests.count
      _ = try await stage.client().snapshot(of: stage.repository())
      #expect(stage.server.requests.dropFirst(before).map(\.path) == ["/api/models/org/small-model/revision/main"])
      _ = try await stage.client().snapshot(of: stage.repository(stage.hub.commit))
      #expect(stage.server.requests.count == before + 1)
    }
  }

  @Test func `A listing of several pages is put together`() async throws {
    var faults = FakeHub.Faults()
    faults.pageSize = 2
    try await HubStage.with(.standard(faults)) { stage in
      let listing = try await stage.client().listing(of: stage.repository())
      #expect(listing.files.map(\.path) == stage.hub.files.keys.sorted())
      #expect(stage.server.requests.filter { $0.path.contains("/tree/") }.count == 4)
    }
  }

  @Test func `A revision with slashes is asked for as one part of the address`() async throws {
    try await HubStage.with { stage in
      let result = try await stage.client().snapshot(of: stage.repository("refs/pr/1"), HubPatterns(allow: ["config.json"]))
      #expect(result.files == ["config.json"])
      #expect(stage.content("\(stage.cache)/models--org--small-model/refs/refs/pr/1") == Array(stage.hub.commit.utf8))
    }
  }

  @Test func `One file comes by one question and its content`() async throws {
    try await HubStage.with { stage in
      let path = try await stage.client().file("model.safetensors", of: stage.repository())
      #expect(stage.content(path) == stage.hub.files["model.safetensors"]?.bytes)
      #expect(stage.server.requests.map(\.method) == ["HEAD", "GET", "GET"])
      #expect(stage.server.requests.allSatisfy { !$0.path.hasPrefix("/api/") })
      let odd = try await stage.client().file("a name with %25 and ü.txt", of: stage.repository())
      #expect(stage.content(odd) == Array("odd".utf8))
    }
  }

  @Test func `Without network the cache answers, for all or for nothing`() async throws {
    try await HubStage.with { stage in
      let only = HubPatterns(allow: ["*.json"])
      let first = try await stage.client().snapshot(of: stage.repository(), only)
      let offline = try await stage.client(isOffline: true).snapshot(of: stage.repository(), only)
      #expect(offline.files == first.files)
      #expect(offline.staleness != nil)
      let missing = await hubError { _ = try await stage.client(isOffline: true).snapshot(of: stage.repository()) }
      guard case .notCached(_, let names, _) = missing else {
        Issue.record("\(String(describing: missing))")
        return
      }
      #expect(names.contains("model.safetensors"))
      let file = await hubError { _ = try await stage.client(isOffline: true).file("README.md", of: stage.repository()) }
      guard case .notCached = file else {
        Issue.record("\(String(describing: file))")
        return
      }
    }
  }

  @Test func `A hub that cannot be reached is no reason to forget what was fetched`() async throws {
    try await HubStage.with { stage in
      let before = try await stage.client().snapshot(of: stage.repository())
      let gone = stage.client { $0.endpoint = "http://127.0.0.1:1" }
      let after = try await gone.snapshot(of: stage.repository())
      #expect(after.files == before.files)
      #expect(after.staleness?.contains("127.0.0.1") == true)
      let other = await hubError { _ = try await gone.snapshot(of: HubRepository("org/other")) }
      guard case .noNetwork = other else {
        Issue.record("\(String(describing: other))")
        return
      }
      #expect(stage.pauses.values.count == 4)
    }
  }

  @Test func `Two clients at once fetch each content once`() async throws {
    try await HubStage.with { stage in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<3 { group.addTask { _ = try await stage.client().snapshot(of: stage.repository()) } }
        try await group.waitForAll()
      }
      #expect(stage.fetches.count == 1)
    }
  }

  @Test func `Progress adds up to everything`() async throws {
    var faults = FakeHub.Faults()
    faults.cuts = [70_000]
    try await HubStage.with(.standard(faults)) { stage in
      let seen = ProgressLog()
      _ = try await stage.client().snapshot(of: stage.repository()) { seen.add($0) }
      let most = try #require(seen.values.max { ($0.finishedFiles, $0.bytes) < ($1.finishedFiles, $1.bytes) })
      #expect(most.finishedFiles == most.files && most.bytes == most.totalBytes)
      #expect(seen.values.allSatisfy { 0...$0.totalBytes ~= $0.bytes })
    }
  }
}
