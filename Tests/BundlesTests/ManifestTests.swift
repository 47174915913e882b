import Bundles
import Foundation
import MartletCore
import Testing

@Suite struct ManifestTests {
  private func opening(_ edit: (inout [String: Any]) -> Void) throws -> BundleError? {
    try withFolder { folder in
      try writeSample(at: folder + "/a")
      try editManifest(of: folder + "/a", edit)
      return #expect(throws: BundleError.self) { try ModelBundle.open(folder + "/a") }
    }
  }

  @Test func aNewerFormatSaysWhatIsNeeded() throws {
    let error = try opening {
      $0["formatVersion"] = 2
      $0["martletVersion"] = "9.1.0"
      $0["files"] = "something new"
    }
    #expect(error?.kind == .newerFormat)
    #expect(error?.remedy == "use Martlet 9.1.0 or later")
  }

  @Test func unknownMembersArePassedOver() throws {
    try withFolder { folder in
      try writeSample(at: folder + "/a")
      try editManifest(of: folder + "/a") {
        $0["mood"] = "good"
        var lineage = $0["lineage"] as? [String: Any] ?? [:]
        lineage["weather"] = ["rain": 3]
        $0["lineage"] = lineage
      }
      #expect(try ModelBundle.open(folder + "/a").manifest.lineage.seed == 7)
    }
  }

  @Test(arguments: ["name", "kind", "signature", "files", "created", "formatVersion"]) func requiredMembersAreNamed(_ key: String) throws {
    let error = try opening { $0[key] = nil }
    #expect(error?.kind == .invalid)
    #expect(error?.problem.contains(".\(key) is missing") == true)
  }

  @Test(arguments: ["labels", "metrics", "lineage", "martletVersion"]) func otherMembersMayBeAbsent(_ key: String) throws {
    try withFolder { folder in
      try writeSample(at: folder + "/a")
      try editManifest(of: folder + "/a") { $0[key] = nil }
      #expect(throws: Never.self) { try ModelBundle.open(folder + "/a") }
    }
  }

  @Test func impossibleValuesAreRefused() throws {
    func file(_ size: Int, _ digest: String = String(repeating: "a", count: 64)) -> [[String: Any]] {
      [["path": "x", "size": size, "sha256": digest]]
    }
    #expect(try opening { $0["formatVersion"] = 0 }?.kind == .invalid)
    #expect(try opening { $0["name"] = "" }?.kind == .invalid)
    #expect(try opening { $0["name"] = "a\u{1B}[31m" }?.kind == .invalid)
    #expect(try opening { $0["kind"] = String(repeating: "k", count: 201) }?.kind == .invalid)
    #expect(try opening { $0["labels"] = ["fine", "\u{1B}]0;title\u{07}"] }?.problem.contains("label 1") == true)
    #expect(try opening { $0["files"] = file(-1) }?.problems.first?.kind == .size)
    #expect(try opening { $0["files"] = file(1, "ABC") }?.kind == .invalid)
    #expect(try opening { $0["files"] = file(1, String(repeating: "A", count: 64)) }?.kind == .invalid)
    #expect(
      try opening {
        $0["files"] = file(.max) + [["path": "y", "size": Int.max, "sha256": String(repeating: "a", count: 64)]]
      }?.problems.map(\.kind).contains(.size) == true)
  }

  @Test func whatIsNoJSONIsRefused() throws {
    try withFolder { folder in
      try writeSample(at: folder + "/a")
      for text in ["", "{", "[]", "null", "\u{0}\u{1}", "{\"formatVersion\": 1e400}"] {
        try write(text, to: folder + "/a/manifest.json")
        let error = #expect(throws: BundleError.self) { try ModelBundle.open(folder + "/a") }
        #expect(error?.kind == .invalid)
      }
    }
  }

  @Test func giantAndDeepManifestsAreRefused() throws {
    try withFolder { folder in
      try writeSample(at: folder + "/a")
      try write(String(repeating: " ", count: (8 << 20) + 1), to: folder + "/a/manifest.json")
      #expect((#expect(throws: BundleError.self) { try ModelBundle.open(folder + "/a") })?.kind == .limit)
      try write(String(repeating: "{\"a\":", count: 50_000), to: folder + "/a/manifest.json")
      #expect((#expect(throws: BundleError.self) { try ModelBundle.open(folder + "/a") })?.kind == .limit)
    }
  }

  @Test func metricsThatAreNoNumbersSurvive() throws {
    let manifest = BundleManifest(
      name: "a", kind: "b", signature: sampleSignature, metrics: ["loss": MetricSummary(.nan, lower: -.infinity, upper: .infinity)])
    let read = try JSON.decode(BundleManifest.self, from: JSON.encode(manifest), source: "test")
    #expect(read.metrics["loss"]?.value.isNaN == true)
    #expect(read.metrics["loss"]?.upper == .infinity)
  }
}
