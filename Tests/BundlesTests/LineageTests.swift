import Bundles
import Foundation
import MartletCore
import Testing

@Suite struct LineageTests {
  private static let hasGit = FileManager.default.isExecutableFile(atPath: "/usr/bin/git")

  private func git(_ arguments: [String], in folder: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/git")
    process.arguments = ["-C", folder, "-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test func everythingSurvivesARoundTrip() throws {
    let lineage = Lineage(
      data: [.init(role: "training", digest: "abc", items: 60000, note: "fashion"), .init(role: "test", digest: "def", items: 10000)],
      configurationDigest: "c", seed: .max, code: .init(martlet: "0.1.0", commit: "f00", isDirty: true),
      machine: .init(processor: "p", cores: 2, memory: 1 << 34, system: "s", architecture: "x86_64", accelerators: ["g"]),
      libraries: ["libtorch": "2.13.0"], started: Date(timeIntervalSince1970: 1.75), finished: Date(timeIntervalSince1970: 100.5),
      parent: "a@1", training: ["epochs": 5, "loss": 0.25])
    #expect(try JSON.decode(Lineage.self, from: JSON.encode(lineage), source: "test") == lineage)
    #expect(try JSON.decode(Lineage.self, from: Data("{}".utf8), source: "test") == Lineage())
  }

  @Test(.enabled(if: hasGit)) func gitSaysTheCommitAndWhetherFilesChanged() throws {
    try withFolder { folder in
      #expect(Lineage.CodeVersion.current(directory: folder) == Lineage.CodeVersion())
      try git(["init", "-q"], in: folder)
      #expect(Lineage.CodeVersion.current(directory: folder).commit == nil)
      try write("1", to: folder + "/a")
      try git(["add", "a"], in: folder)
      try git(["commit", "-q", "-m", "one"], in: folder)
      let clean = Lineage.CodeVersion.current(directory: folder)
      #expect(clean.commit?.count == 40)
      #expect(clean.isDirty == false)
      try write("untracked", to: folder + "/b")
      #expect(Lineage.CodeVersion.current(directory: folder).isDirty == false)
      try write("2", to: folder + "/a")
      let dirty = Lineage.CodeVersion.current(directory: folder)
      #expect(dirty.commit == clean.commit)
      #expect(dirty.isDirty == true)
    }
  }

  @Test func theMachineIsDescribedWithoutItsName() throws {
    let machine = Lineage.Machine.current(accelerators: ["none"])
    #expect(machine.cores > 0 && machine.memory > 0)
    #expect(!machine.processor.isEmpty && !machine.system.isEmpty)
    let text = String(decoding: try JSON.encode(machine), as: UTF8.self)
    #expect(!text.contains("host"))
    #expect(machine.accelerators == ["none"])
  }

  @Test func documentsAreFlattened() {
    let document: JSONValue = ["a": ["b": [1, ["c": "x"]], "empty": []], "n": nil]
    #expect(JSONPaths.flatten(document) == ["a.b[0]": 1, "a.b[1].c": "x", "a.empty": [], "n": nil])
    #expect(JSONPaths.flatten(3) == ["": 3])
  }

  @Test(arguments: [("1", 0), ("[]", 1), ("[[{}]]", 3), ("\"[[[[\"", 0), ("[\"\\\"[[[\"]", 1), ("{\"a\":[],\"b\":[]}", 2)])
  func depthIsCountedOutsideOfStrings(_ text: String, _ depth: Int) { #expect(JSONPaths.depth(of: Data(text.utf8)) == depth) }
}
