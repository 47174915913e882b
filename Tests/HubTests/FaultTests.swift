import Foundation
import NIOHTTP1
import Synchronization
import Testing

@testable import Hub

final class ProgressLog: Sendable {
  private let all = Mutex<[HubProgress]>([])
  var values: [HubProgress] { all.withLock { $0 } }
  func add(_ progress: HubProgress) { all.withLock { $0.append(progress) } }
}

@Suite struct FaultTests {
  private let weights = HubPatterns(allow: ["model.safetensors"])

  @Test func `A file that is cut off goes on where it stopped`() async throws {
    var faults = FakeHub.Faults()
    faults.cuts = [50_000, 60_000, 0]
    try await HubStage.with(.standard(faults)) { stage in
      let result = try await stage.client().snapshot(of: stage.repository(), weights)
      #expect(stage.content("\(result.folder)/model.safetensors") == stage.hub.files["model.safetensors"]?.bytes)
      let ranges = stage.fetches.map { $0.headers.first(name: "Range") }
      #expect(ranges.first == .some(nil))
      #expect(ranges.dropFirst().allSatisfy { $0 != nil } && ranges.count == 4)
      #expect(stage.fetches.dropFirst().allSatisfy { $0.headers.first(name: "If-Range")?.hasPrefix("\"storage-") == true })
    }
  }

  @Test func `Another process goes on where a killed one stopped`() async throws {
    try await HubStage.with { stage in
      let content = try #require(stage.hub.files["model.safetensors"])
      let blobs = "\(stage.cache)/models--org--small-model/blobs"
      try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
      try Data(content.bytes.prefix(123_456)).write(to: URL(fileURLWithPath: "\(blobs)/\(content.sha256).incomplete"))
      let result = try await stage.client().snapshot(of: stage.repository(), weights)
      #expect(stage.content("\(result.folder)/model.safetensors") == content.bytes)
      #expect(stage.fetches.map { $0.headers.first(name: "Range") } == ["bytes=123456-"])
    }
  }

  @Test(arguments: [100, 200_000, 250_000])
  func `What a killed process left wrong is thrown away and fetched anew`(size: Int) async throws {
    try await HubStage.with { stage in
      let content = try #require(stage.hub.files["model.safetensors"])
      let blobs = "\(stage.cache)/models--org--small-model/blobs"
      try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
      try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: "\(blobs)/\(content.sha256).incomplete"))
      let result = try await stage.client().snapshot(of: stage.repository(), weights)
      #expect(stage.content("\(result.folder)/model.safetensors") == content.bytes)
    }
  }

  @Test func `A server without ranges sends the whole again`() async throws {
    var faults = FakeHub.Faults()
    faults.cuts = [50_000]
    faults.ignoresRanges = true
    try await HubStage.with(.standard(faults)) { stage in
      let result = try await stage.client().snapshot(of: stage.repository(), weights)
      #expect(stage.content("\(result.folder)/model.safetensors") == stage.hub.files["model.safetensors"]?.bytes)
    }
  }

  @Test(arguments: ["model.safetensors", "config.json"])
  func `A wrong content gets no name and does not stay`(name: String) async throws {
    var faults = FakeHub.Faults()
    faults.wrong = [name]
    try await HubStage.with(.standard(faults)) { stage in
      let kind = await hubError { _ = try await stage.client().snapshot(of: stage.repository(), HubPatterns(allow: [name])) }
      guard case .wrongChecksum(name, let expected, let found) = kind else {
        Issue.record("\(String(describing: kind))")
        return
      }
      #expect(expected != found)
      let root = "\(stage.cache)/models--org--small-model"
      let blobs = try FileManager.default.contentsOfDirectory(atPath: "\(root)/blobs")
      #expect(blobs.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: "\(root)/snapshots/\(stage.hub.commit)/\(name)"))
    }
  }

  @Test func `A busy hub is left alone for as long as it says, and then asked again`() async throws {
    var faults = FakeHub.Faults()
    faults.once = [
      ("/revision/", LocalAnswer(429, [("Retry-After", "7")])), ("/tree/", LocalAnswer(503)), ("/tree/", LocalAnswer(500)),
      ("/cdn/", LocalAnswer(429, [("RateLimit", "\"resolvers\";r=0;t=9")])),
    ]
    try await HubStage.with(.standard(faults)) { stage in
      _ = try await stage.client().snapshot(of: stage.repository(), weights)
      let pauses = stage.pauses.values
      #expect(pauses.count == 4)
      #expect(pauses.first == .seconds(7) && pauses.last == .seconds(9))
    }
    faults.once = [("/revision/", LocalAnswer(429, [("Retry-After", "3600")]))]
    try await HubStage.with(.standard(faults)) { stage in
      #expect(await hubError { _ = try await stage.client().snapshot(of: stage.repository()) } == .rateLimited(seconds: 3600))
      #expect(stage.pauses.values.isEmpty)
    }
  }

  @Test func `A hub that denies everything is not asked for ever what there is instead`() async throws {
    var faults = FakeHub.Faults()
    faults.once = (0..<20).map { _ in ("/revision/", LocalAnswer(404, [("X-Error-Code", "EntryNotFound")])) }
    try await HubStage.with(.standard(faults)) { stage in
      let kind = await hubError { _ = try await stage.client().file("none.txt", of: stage.repository()) }
      #expect(kind == .fileNotFound(repository: FakeHub.id, path: "none.txt", known: []))
      #expect(stage.server.requests.count == 2)
    }
  }

  @Test func `A failing server is tried six times, at growing distances`() async throws {
    var faults = FakeHub.Faults()
    faults.once = (0..<20).map { _ in ("/revision/", LocalAnswer(503)) }
    try await HubStage.with(.standard(faults)) { stage in
      let kind = await hubError { _ = try await stage.client().snapshot(of: stage.repository()) }
      guard case .failed(503, _, _) = kind else {
        Issue.record("\(String(describing: kind))")
        return
      }
      #expect(stage.server.requests.count == 6)
      #expect(zip(stage.pauses.values, stage.pauses.values.dropFirst()).allSatisfy { $0 * 1.1 < $1 })
    }
  }

  @Test func `Half a JSON document is asked for again, and never believed`() async throws {
    var half = LocalAnswer.json("[{\"type\": \"file\", \"path\": \"config.json\", \"si")
    var cut = LocalAnswer.json("{\"sha\": \"0123\"}")
    cut.cutAfter = 5
    var faults = FakeHub.Faults()
    faults.once = [("/tree/", half), ("/revision/", cut)]
    try await HubStage.with(.standard(faults)) { stage in
      let result = try await stage.client().snapshot(of: stage.repository(), weights)
      #expect(result.files == ["model.safetensors"])
    }
    half = .json("{\"sha\": 5}")
    faults.once = (0..<20).map { _ in ("/revision/", half) }
    try await HubStage.with(.standard(faults)) { stage in
      let kind = await hubError { _ = try await stage.client().snapshot(of: stage.repository()) }
      guard case .badAnswer = kind else {
        Issue.record("\(String(describing: kind))")
        return
      }
    }
  }

  @Test func `A connection that falls silent is given up and taken up again`() async throws {
    var silent = LocalAnswer(200, [], [UInt8](repeating: 1, count: 1_000))
    silent.silentAfter = 10
    var faults = FakeHub.Faults()
    faults.once = [("/cdn/", silent)]
    try await HubStage.with(.standard(faults)) { stage in
      let client = stage.client { $0.silence = .milliseconds(200) }
      let result = try await client.snapshot(of: stage.repository(), weights)
      #expect(stage.content("\(result.folder)/model.safetensors") == stage.hub.files["model.safetensors"]?.bytes)
    }
  }

  @Test func `A disk without room is said before anything is fetched`() async throws {
    try await HubStage.with { stage in
      let kind = await hubError { _ = try await stage.client(free: 1_000).snapshot(of: stage.repository(), weights) }
      #expect(kind == .diskFull(folder: stage.cache, needed: 200_000, free: 1_000))
      #expect(stage.fetches.isEmpty)
    }
  }

  @Test func `A fetch that is cancelled ends, and what has come stays`() async throws {
    var silent = LocalAnswer(200, [], [UInt8](repeating: 1, count: 200_000))
    silent.silentAfter = 10
    var faults = FakeHub.Faults()
    faults.once = [("/cdn/", silent)]
    try await HubStage.with(.standard(faults)) { stage in
      let seen = ProgressLog()
      let patterns = weights
      let work = Task { try await stage.client().snapshot(of: stage.repository(), patterns) { seen.add($0) } }
      while seen.values.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
      work.cancel()
      await #expect(throws: CancellationError.self) { try await work.value }
      let blobs = try FileManager.default.contentsOfDirectory(atPath: "\(stage.cache)/models--org--small-model/blobs")
      #expect(blobs.count == 1 && blobs.allSatisfy { $0.hasSuffix(".incomplete") })
    }
  }

  @Test func `Pauses are read in seconds, as dates, and from limits`() {
    let now = Date(timeIntervalSince1970: 784_111_777)
    func pause(_ headers: HTTPHeaders) -> Duration? { RetryAfter.pause(headers, now: now) }
    #expect(pause(["Retry-After": "120"]) == .seconds(120))
    #expect(pause(["Retry-After": "Sun, 06 Nov 1994 08:49:47 GMT"]) == .seconds(10))
    #expect(pause(["Retry-After": "Sun, 06 Nov 1994 08:49:27 GMT"]) == .zero)
    #expect(pause(["Retry-After": "soon"]) == nil)
    #expect(pause(["RateLimit": "\"api\";r=0;t=55"]) == .seconds(55))
    #expect(pause(["RateLimit": "\"api\";r=10;t=55"]) == nil)
    #expect(pause([:]) == nil)
  }
}
