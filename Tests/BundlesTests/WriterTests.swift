import Foundation
import Glibc
import MartletCore
import Testing

@testable import Bundles

@Suite struct WriterTests {
  @Test func anAbandonedWriterLeavesNothing() throws {
    try withFolder { folder in
      do {
        let writer = try BundleWriter(at: folder + "/a")
        try writer.add(Data("x".utf8), as: "b/c")
        #expect(try names(in: folder).count == 1)
      }
      #expect(try names(in: folder) == [])
      let writer = try BundleWriter(at: folder + "/a")
      writer.cancel()
      #expect(try names(in: folder) == [])
      #expect(throws: BundleError.self) { try writer.add(Data(), as: "x") }
      #expect(throws: BundleError.self) { try writer.finish(name: "a", kind: "b", signature: sampleSignature) }
    }
  }

  @Test func aManifestThatNobodyWouldReadIsNotWritten() throws {
    try withFolder { folder in
      let writer = try BundleWriter(at: folder + "/a")
      let error = #expect(throws: BundleError.self) { try writer.finish(name: "", kind: "b", signature: sampleSignature) }
      #expect(error?.kind == .invalid)
      writer.cancel()
      #expect(try names(in: folder) == [])
    }
  }

  @Test func aBundleThatIsThereStays() throws {
    try withFolder { folder in
      let first = try writeSample(at: folder + "/a")
      let error = #expect(throws: BundleError.self) { try BundleWriter(at: folder + "/a") }
      #expect(error?.kind == .exists)
      // One that appears while another is being written.
      let late = try BundleWriter(at: folder + "/b")
      try writeSample(at: folder + "/b")
      #expect((#expect(throws: BundleError.self) { try late.finish(name: "b", kind: "b", signature: sampleSignature) })?.kind == .exists)
      late.cancel()
      #expect(try ModelBundle.open(folder + "/b").digest == first.digest)
      #expect(try names(in: folder) == ["a", "b"])
    }
  }

  @Test func aBundleIsReplacedAsAWhole() throws {
    try withFolder { folder in
      try writeSample(at: folder + "/a", weights: "old")
      let new = try writeSample(at: folder + "/a", replacing: true, weights: "new")
      let read = try ModelBundle.open(folder + "/a")
      #expect(read.digest == new.digest)
      #expect(try read.data(of: "weights.safetensors") == Data("new".utf8))
      #expect(try names(in: folder) == ["a"])
    }
  }

  @Test func foldersAreCopiedWithoutLinks() throws {
    try withFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/source/inner", withIntermediateDirectories: true)
      try write("1", to: folder + "/source/one")
      try write("2", to: folder + "/source/inner/two")
      let writer = try BundleWriter(at: folder + "/a")
      try writer.add(folder: folder + "/source", as: "report")
      symlink("/etc/hostname", folder + "/source/link")
      #expect(throws: BundleError.self) { try writer.add(folder: folder + "/source", as: "other") }
      #expect(throws: BundleError.self) { try writer.add(file: "/dev/zero", as: "zeros") }
      #expect(throws: BundleError.self) { try writer.add(file: folder + "/source/absent", as: "absent") }
      writer.cancel()
      unlink(folder + "/source/link")
      let again = try BundleWriter(at: folder + "/a")
      try again.add(folder: folder + "/source", as: "report")
      let bundle = try again.finish(name: "a", kind: "b", signature: sampleSignature)
      #expect(bundle.manifest.files.map(\.path) == ["report/inner/two", "report/one"])
    }
  }

  @Test func theBodyOfWriteMayFail() throws {
    struct Failure: Error {}
    try withFolder { folder in
      let writer = try BundleWriter(at: folder + "/a")
      #expect(throws: Failure.self) { try writer.write("x") { _ in throw Failure() } }
      #expect(throws: BundleError.self) { try writer.write("nothing") { _ in } }
      let linked = #expect(throws: BundleError.self) { try writer.write("y") { symlink("/etc/hostname", $0) } }
      #expect(linked?.kind == .io)
    }
  }

  @Test func whatKilledWritersLeftIsRemoved() throws {
    try withFolder { folder in
      let dead = folder + "/.a.1.1.partial", foreign = folder + "/.a.notes", living = try BundleWriter(at: folder + "/a")
      for path in [dead, foreign] { mkdir(path, 0o755) }
      let before = try names(in: folder)
      let live = try #require(before.first { $0.hasSuffix(".partial") && $0 != ".a.1.1.partial" })
      let old = [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)]
      for name in [".a.1.1.partial", live] { utimes(folder + "/" + name, old) }
      let second = try BundleWriter(at: folder + "/a")
      let after = try names(in: folder)
      #expect(!after.contains(".a.1.1.partial"))
      #expect(after.contains(live) && after.contains(".a.notes"))
      second.cancel()
      _ = try living.finish(name: "a", kind: "b", signature: sampleSignature)
    }
  }

  @Test func aBundleThatWasMovedAsideComesBack() throws {
    try withFolder { folder in
      let bundle = try writeSample(at: folder + "/a")
      // A replacing writer died between its two renames. No process has this number: it is above the system's limit.
      rename(folder + "/a", folder + "/.a.99999999.3.old")
      #expect(throws: BundleError.self) { try BundleWriter(at: folder + "/a") }
      #expect(try ModelBundle.open(folder + "/a").digest == bundle.digest)
    }
  }

  @Test func aKilledProcessLeavesNoBundle() async throws {
    let folder = NSTemporaryDirectory() + "/bundles-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
      let writer = try BundleWriter(at: folder + "/a")
      try writer.add(Data("x".utf8), as: "b")
      kill(getpid(), SIGKILL)
    }
    let left = try names(in: folder)
    #expect(left.count == 1 && left[0].hasSuffix(".partial"))
    for name in left { utimes(folder + "/" + name, [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)]) }
    try writeSample(at: folder + "/a")
    #expect(try names(in: folder) == ["a"])
  }

  @Test func aFullDiskIsSaidSo() {
    let error = BundleError(SystemFailure(path: "weights", code: ENOSPC), "cannot be written")
    #expect(error.kind == .diskFull)
    #expect(error.remedy == "free space on the disk")
  }
}
