import Bundles
import Foundation
import MartletCore
import Testing

@Suite struct PathTests {
  static let unsafe = [
    "", "/etc/passwd", "..", ".", "../a", "a/../b", "a/./b", "a//b", "a/", "/", "a\\b", "..\\a", "C:\\a", "c:a", "a\0b", "a\nb", "a\u{7F}",
    "a\u{85}", "é", "e\u{301}", "\u{202E}gpj.exe", ".hidden", "a/.git/config", "a ", " a", "a.", "a./b", "CON", "con", "nul.txt", "a/AUX",
    "COM1", "lpt9.tar.gz", "con .txt", "a?", "a*", "a<b", "a|b", "a\"b", String(repeating: "a", count: 241), "a/b/c/d/e/f/g/h/i",
  ]

  @Test(arguments: unsafe) func unsafeNamesAreRefused(_ name: String) throws {
    #expect(BundlePath.problem(with: name) != nil)
    try withFolder { folder in
      let writer = try BundleWriter(at: folder + "/a")
      let error = #expect(throws: BundleError.self) { try writer.add(Data(), as: name) }
      #expect(error?.kind == .usage)
      writer.cancel()

      // A stranger's manifest with that name.
      try writeSample(at: folder + "/b")
      try editManifest(of: folder + "/b") { manifest in
        manifest["files"] = [["path": name, "size": 0, "sha256": String(repeating: "0", count: 64)] as [String: Any]]
      }
      let refused = #expect(throws: BundleError.self) { try ModelBundle.open(folder + "/b", verify: .none) }
      #expect(refused?.kind == .invalid)
      #expect(refused?.problems.first?.kind == .unsafePath)
      #expect(refused?.description.unicodeScalars.contains { $0.value < 0x20 } == false)
    }
  }

  @Test(arguments: [
    "a", "weights.safetensors", "model-00001-of-00002.safetensors", "report/index.html", "a b (1).json", "console.log", "a..b",
  ])
  func plainNamesAreFine(_ name: String) { #expect(BundlePath.problem(with: name) == nil) }

  @Test(arguments: [
    ["a", "a"], ["Readme", "README"], ["a", "a/b"], ["a/b", "A"], ["a/b/c", "a/B"], ["MANIFEST.json", "x"],
  ])
  func namesThatCannotBothExistAreRefused(_ pair: [String]) throws {
    try withFolder { folder in
      let writer = try BundleWriter(at: folder + "/a")
      #expect(throws: BundleError.self) { for name in pair { try writer.add(Data(), as: name) } }
      writer.cancel()
      try writeSample(at: folder + "/b")
      try editManifest(of: folder + "/b") { manifest in
        manifest["files"] = pair.map { ["path": $0, "size": 0, "sha256": String(repeating: "0", count: 64)] as [String: Any] }
      }
      let refused = #expect(throws: BundleError.self) { try ModelBundle.open(folder + "/b", verify: .none) }
      #expect(refused?.problems.first?.kind == .duplicate)
    }
  }
}
