import Bundles
import Foundation
import Glibc
import MartletCore
import Testing

@Suite struct BundleTests {
  @Test func whatIsWrittenIsRead() throws {
    try withFolder { folder in
      let written = try writeSample(at: folder + "/fashion")
      let read = try ModelBundle.open(folder + "/fashion")
      #expect(read.manifest == written.manifest)
      #expect(read.digest == written.digest)
      #expect(read.digest == (try Digest.sha256(file: folder + "/fashion/manifest.json")))
      #expect(
        read.manifest.files.map(\.path) == ["config.json", "report/index.html", "report/pictures/curve.txt", "weights.safetensors"])
      #expect(read.manifest.files.last?.sha256 == Digest.sha256("weights"))
      #expect(read.manifest.size == 7 + 6 + 5 + read.manifest.files[0].size)
      #expect(read.manifest.labels == ["boot", "shirt"])
      #expect(read.manifest.signature == sampleSignature)
      #expect(read.manifest.lineage.seed == 7)
      #expect(read.manifest.metrics["accuracy"]?.upper == 0.93)
      #expect(read.manifest.created == Date(timeIntervalSince1970: 1_700_000_000))
      #expect(try read.configuration()["width"] == 32)
      #expect(try read.data(of: "report/pictures/curve.txt") == Data("curve".utf8))
      #expect(try read.path(of: "weights.safetensors") == folder + "/fashion/weights.safetensors")
      #expect(read.has("report/index.html") && !read.has("manifest.json") && !read.has("report"))
      #expect(read.verify() == [])
      #expect(try names(in: folder) == ["fashion"])
    }
  }

  @Test func theSameContentHasTheSameDigest() throws {
    try withFolder { folder in
      let first = try writeSample(at: folder + "/a"), second = try writeSample(at: folder + "/b")
      let other = try writeSample(at: folder + "/c", weights: "weightz")
      #expect(first.digest == second.digest)
      #expect(first.digest != other.digest)
    }
  }

  @Test func aCopyIsTheSameBundle() throws {
    try withFolder { folder in
      let source = try writeSample(at: folder + "/a")
      let copy = try source.copy(to: folder + "/deep/b")
      #expect(copy.digest == source.digest)
      #expect(try ModelBundle.open(folder + "/deep/b").digest == source.digest)
      try write("weightx", to: folder + "/a/weights.safetensors")
      #expect(throws: BundleError.self) { try source.copy(to: folder + "/c") }
      #expect(try names(in: folder) == ["a", "deep"])
    }
  }

  @Test func aMissingFileIsNamedWithTheNearest() throws {
    try withFolder { folder in
      let bundle = try writeSample(at: folder + "/a")
      let error = #expect(throws: BundleError.self) { try bundle.data(of: "confg.json") }
      #expect(error?.kind == .notFound)
      #expect(error?.remedy == "'config.json'")
      #expect(throws: BundleError.self) { try bundle.path(of: "../a/config.json") }
    }
  }

  @Test func contentIsCheckedAsItIsRead() throws {
    try withFolder { folder in
      let bundle = try writeSample(at: folder + "/a")
      try write("<HTML>", to: folder + "/a/report/index.html")
      #expect(throws: BundleError.self) { try bundle.data(of: "report/index.html") }
      let error = #expect(throws: BundleError.self) { try bundle.data(of: "weights.safetensors", limit: 6) }
      #expect(error?.kind == .limit)
    }
  }

  @Test func deepConfigurationsAreRefusedBeforeTheyAreParsed() throws {
    try withFolder { folder in
      let writer = try BundleWriter(at: folder + "/a")
      try writer.add(Data((String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)).utf8), as: "config.json")
      let bundle = try writer.finish(name: "a", kind: "b", signature: sampleSignature)
      let error = #expect(throws: BundleError.self) { try bundle.configuration() }
      #expect(error?.kind == .limit)
    }
  }

  @Test func configurationMayBeAbsent() throws {
    try withFolder { folder in
      let bundle = try BundleWriter(at: folder + "/a").finish(name: "a", kind: "b", signature: sampleSignature)
      #expect(try bundle.configuration() == .null)
    }
  }

  @Test func aPlaceWithoutABundleIsNamed() throws {
    try withFolder { folder in
      for path in [folder, folder + "/nothing"] {
        let error = #expect(throws: BundleError.self) { try ModelBundle.open(path) }
        #expect(error?.kind == .notFound)
        #expect(error?.problem.contains(path) == true)
      }
    }
  }
}
