import Foundation
import MartletCore
import NIOHTTP1
import Testing

@testable import Hub

@Suite struct TrustTests {
  private let weights = HubPatterns(allow: ["model.safetensors"])

  @Test func `The token goes to the hub and not along redirects to others`() async throws {
    let other = FakeHub.standard()
    let storage = try await LocalServer { request in other.file(String(request.path.dropFirst(5)), request, FakeHub.Faults()) }
    var faults = FakeHub.Faults()
    faults.token = "hf_secret"
    // The same machine by another name, and another port: neither is the hub.
    faults.elsewhere = "http://localhost:\(storage.port)"
    try await HubStage.with(.standard(faults)) { stage in
      let result = try await stage.client(token: "hf_secret").snapshot(of: stage.repository(), weights)
      #expect(stage.content("\(result.folder)/model.safetensors") == stage.hub.files["model.safetensors"]?.bytes)
      #expect(stage.server.requests.allSatisfy { $0.headers.first(name: "Authorization") == "Bearer hf_secret" })
      #expect(storage.requests.count == 1)
      #expect(storage.requests.allSatisfy { !$0.headers.contains(name: "Authorization") })
    }
    try await storage.stop()
  }

  @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "gopher://127.0.0.1"])
  func `Redirects lead to the web or nowhere`(location: String) async throws {
    var faults = FakeHub.Faults()
    faults.once = [("/resolve/", LocalAnswer(302, [("Location", location)]))]
    try await HubStage.with(.standard(faults)) { stage in
      let kind = await hubError { _ = try await stage.client().snapshot(of: stage.repository(), weights) }
      guard case .badRedirect = kind else {
        Issue.record("\(String(describing: kind))")
        return
      }
    }
  }

  @Test func `Redirects that go round end`() async throws {
    var faults = FakeHub.Faults()
    faults.once = (0..<20).map { _ in ("/revision/", LocalAnswer(302, [("Location", "/api/models/org/small-model/revision/main")])) }
    try await HubStage.with(.standard(faults)) { stage in
      let kind = await hubError { _ = try await stage.client().snapshot(of: stage.repository()) }
      guard case .badRedirect = kind else {
        Issue.record("\(String(describing: kind))")
        return
      }
      #expect(stage.server.requests.count == 10)
    }
  }

  @Test(arguments: ["../evil", "/etc/passwd", "a/../../b", "a//b", "./x", "C:evil", "a\\\\..\\\\b", "nul\\u0000"])
  func `A listing with a name that leaves the folder is refused`(name: String) async throws {
    var faults = FakeHub.Faults()
    faults.strangeNames = [name]
    try await HubStage.with(.standard(faults)) { stage in
      let kind = await hubError { _ = try await stage.client().snapshot(of: stage.repository()) }
      guard case .unsafePath = kind else {
        Issue.record("\(String(describing: kind))")
        return
      }
      #expect(!FileManager.default.fileExists(atPath: stage.cache))
    }
  }

  @Test func `Pickles come only when they are asked for`() async throws {
    try await HubStage.with { stage in
      let refused = await hubError { _ = try await stage.client().file("pytorch_model.bin", of: stage.repository()) }
      #expect(refused == .pickle("pytorch_model.bin"))
      let only = await hubError { _ = try await stage.client().snapshot(of: stage.repository(), HubPatterns(allow: ["*.bin"])) }
      guard case .nothingMatches(_, let known) = only else {
        Issue.record("\(String(describing: only))")
        return
      }
      #expect(known.contains("pytorch_model.bin"))
      let asked = try await stage.client().file("pytorch_model.bin", of: stage.repository(), allowsPickles: true)
      #expect(stage.content(asked) == [0x80, 2])
    }
  }

  @Test func `What may not be read says how to get in`() async throws {
    var faults = FakeHub.Faults()
    faults.token = "right"
    try await HubStage.with(.standard(faults)) { stage in
      for (token, words) in [(nil, "HF_TOKEN"), ("wrong", "HF_TOKEN")] as [(String?, String)] {
        let error = await #expect(throws: HubError.self) { try await stage.client(token: token).snapshot(of: stage.repository()) }
        #expect(error?.kind == .unauthorized(repository: FakeHub.id, hasToken: token != nil))
        #expect(error?.description.contains(words) == true)
      }
    }
    faults.isGated = true
    try await HubStage.with(.standard(faults)) { stage in
      let error = await #expect(throws: HubError.self) { try await stage.client().file("config.json", of: stage.repository()) }
      #expect(error?.kind == .gated(repository: FakeHub.id, page: "\(stage.server.url)/\(FakeHub.id)", hasToken: false))
    }
  }

  @Test func `What does not exist is said with what there is`() async throws {
    try await HubStage.with { stage in
      let revision = await #expect(throws: HubError.self) { try await stage.client().snapshot(of: stage.repository("v1.9")) }
      #expect(revision?.kind == .revisionNotFound(repository: FakeHub.id, revision: "v1.9", known: ["main", "v1.0"]))
      #expect(revision?.remedy == "@v1.0")
      let file = await #expect(throws: HubError.self) { try await stage.client().file("confg.json", of: stage.repository()) }
      guard case .fileNotFound(_, "confg.json", let known) = file?.kind else {
        Issue.record("\(String(describing: file))")
        return
      }
      #expect(known == stage.hub.files.keys.sorted())
      #expect(file?.remedy == "config.json")
      let repository = await hubError { _ = try await stage.client(token: "any").snapshot(of: HubRepository("nobody/nothing")) }
      #expect(repository == .repositoryNotFound("nobody/nothing"))
    }
  }

  @Test func `A file without a checksum is not taken`() async throws {
    var faults = FakeHub.Faults()
    faults.givesChecksums = false
    try await HubStage.with(.standard(faults)) { stage in
      #expect(
        await hubError { _ = try await stage.client().file("config.json", of: stage.repository()) } == .noChecksum(path: "config.json"))
    }
  }
}
