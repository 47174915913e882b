import Foundation
import Testing

@testable import Hub

@Suite struct NameTests {
  @Test func `References name a repository, a revision and a file`() throws {
    let plain = try HubReference("hf:org/name")
    #expect(plain.repository.id == "org/name" && plain.repository.revision == "main" && plain.file == nil)
    let file = try HubReference("hf:org/name@v1.0/folder/model.Q4_0.gguf")
    #expect(file.repository.revision == "v1.0" && file.file == "folder/model.Q4_0.gguf")
    #expect("\(file)" == "hf:org/name@v1.0/folder/model.Q4_0.gguf")
    let data = try HubReference("hf://datasets/org/name@refs%2Fpr%2F3")
    #expect(data.repository.kind == .dataset && data.repository.revision == "refs/pr/3")
    #expect(HubReference.isReference("hf:x") && !HubReference.isReference("./hf"))
  }

  @Test(arguments: [
    "hf:", "hf:name", "hf:../x", "hf:org/..", "hf:org/na me", "hf:org/name@", "hf:org/name@../x", "hf:org/name@/x", "hf:org/name/../x",
    "hf:org/name/", "hf:org/.hidden", "hf:or--g/name", "hf:org/name@a\u{0}b", "hf:org\\x/name",
  ])
  func `References that could mean something else are refused`(text: String) {
    #expect(throws: HubError.self) { try HubReference(text) }
  }

  @Test(arguments: [
    ("*.json", "a/b.json", true), ("*.json", "b.jsonl", false), ("?.txt", "a.txt", true), ("?.txt", "ab.txt", false),
    ("[a-c]*", "b1", true), ("[!a-c]*", "b1", false), ("[]x]", "]", true), ("[ab", "[ab", true), ("a*b*c", "aXXbYYc", true),
    ("a*b*c", "aXXbYY", false), ("**", "", true), ("", "", true), ("", "a", false), ("*", "any/thing", true),
  ])
  func `Patterns are a shell's, and stars cross folders`(pattern: String, text: String, isMatch: Bool) {
    #expect(Glob.matches(text, pattern) == isMatch)
  }

  @Test func `Long patterns take no long time`() {
    let text = String(repeating: "a", count: 2_000)
    #expect(!Glob.matches(text, String(repeating: "a*", count: 200) + "b"))
  }

  @Test func `Patterns allow, then leave out, and a folder is all in it`() {
    let patterns = HubPatterns(allow: ["*.json", "onnx/"], ignore: ["onnx/*.md"])
    #expect(patterns.matches("x/config.json") && patterns.matches("onnx/model.onnx"))
    #expect(!patterns.matches("onnx/README.md") && !patterns.matches("README.md"))
    #expect(!HubPatterns().matches("model.PTH") && HubPatterns(allowsPickles: true).matches("model.PTH"))
  }

  @Test func `The environment says where the hub, the cache and the token are`() throws {
    let empty = HubSettings.fromEnvironment(["HOME": "/nobody"])
    #expect(empty.endpoint == "https://huggingface.co" && empty.cache == "/nobody/.cache/huggingface/hub")
    #expect(empty.token == nil && !empty.isOffline)
    let all = HubSettings.fromEnvironment([
      "HOME": "/nobody", "HF_HOME": "~/hf", "HF_ENDPOINT": "http://mirror:8080//", "HF_TOKEN": " hf_x\n", "HF_HUB_OFFLINE": "yes",
      "HF_HUB_DOWNLOAD_TIMEOUT": "7",
    ])
    #expect(all.cache == "/nobody/hf/hub" && all.endpoint == "http://mirror:8080" && all.token == "hf_x" && all.isOffline)
    #expect(all.silence == .seconds(7))
    #expect(HubSettings.fromEnvironment(["HOME": "/n", "XDG_CACHE_HOME": "/x"]).cache == "/x/huggingface/hub")
    #expect(HubSettings.fromEnvironment(["HOME": "/n", "HF_HOME": "/x", "HF_HUB_CACHE": "/y"]).cache == "/y")
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hub-token-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("hf_file\n".utf8).write(to: folder.appendingPathComponent("token"))
    #expect(HubSettings.fromEnvironment(["HF_HOME": folder.path]).token == "hf_file")
    #expect(HubSettings.fromEnvironment(["HF_HOME": folder.path, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_TOKEN": "t"]).token == nil)
  }
}
