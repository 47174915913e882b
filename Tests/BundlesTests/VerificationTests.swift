import Bundles
import Foundation
import Glibc
import Testing

@Suite struct VerificationTests {
  @Test func everyProblemIsFound() throws {
    try withFolder { folder in
      let writer = try BundleWriter(at: folder + "/a")
      for name in ["changed", "gone", "grown", "linked", "pipe", "folder", "sub/inner", "fine"] {
        try writer.add(Data("content".utf8), as: name)
      }
      let bundle = try writer.finish(name: "a", kind: "b", signature: sampleSignature)
      let path = folder + "/a/"
      try write("CONTENT", to: path + "changed")
      try write("content and more", to: path + "grown")
      for name in ["gone", "linked", "pipe", "folder"] { unlink(path + name) }
      symlink("fine", path + "linked")
      mkfifo(path + "pipe", 0o600)
      mkdir(path + "folder", 0o755)
      try FileManager.default.moveItem(atPath: path + "sub", toPath: folder + "/elsewhere")
      symlink(folder + "/elsewhere", path + "sub")
      try write("x", to: path + "surprise")
      try write("x", to: path + ".hidden")
      symlink("/etc", path + "etc")

      let found = bundle.verify().map { "\($0.file) \($0.kind.rawValue)" }
      #expect(
        found == [
          ".hidden extra", "changed changed", "etc extra", "folder special", "gone missing", "grown size", "linked link", "pipe special",
          "sub/inner link", "surprise extra",
        ])
      let error = #expect(throws: BundleError.self) { try ModelBundle.open(folder + "/a") }
      #expect(error?.kind == .tampered)
      #expect(error?.problems.count == 10)
      #expect(error?.problem.contains("and 5 more problems") == true)
    }
  }

  @Test func checksDifferInWhatTheyRead() throws {
    try withFolder { folder in
      try writeSample(at: folder + "/a")
      try write("WEIGHTS", to: folder + "/a/weights.safetensors")
      #expect(throws: BundleError.self) { try ModelBundle.open(folder + "/a") }
      #expect(throws: Never.self) { try ModelBundle.open(folder + "/a", verify: .sizes) }
      try write("more weights", to: folder + "/a/weights.safetensors")
      #expect(throws: BundleError.self) { try ModelBundle.open(folder + "/a", verify: .sizes) }
      #expect(throws: Never.self) { try ModelBundle.open(folder + "/a", verify: .none) }
    }
  }

  @Test func theManifestIsNotALink() throws {
    try withFolder { folder in
      try writeSample(at: folder + "/a")
      rename(folder + "/a/manifest.json", folder + "/manifest.json")
      symlink("../manifest.json", folder + "/a/manifest.json")
      #expect(throws: BundleError.self) { try ModelBundle.open(folder + "/a") }
    }
  }

  @Test func aBundleMayBeNamedByALink() throws {
    try withFolder { folder in
      let bundle = try writeSample(at: folder + "/a")
      symlink("a", folder + "/current")
      #expect(try ModelBundle.open(folder + "/current").digest == bundle.digest)
    }
  }
}
