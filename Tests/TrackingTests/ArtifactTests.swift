import DatabaseTesting
import Foundation
import Testing

@testable import Tracking

@Suite struct ArtifactTests {
  private func upload(_ folder: ArtifactFolder, _ path: String, _ text: String) throws {
    let upload = try folder.upload(path)
    try Data(text.utf8).withUnsafeBytes { try upload.write($0) }
    try upload.commit()
  }

  private func text(_ folder: ArtifactFolder, _ path: String) throws -> String {
    let file = try folder.open(path)
    return String(decoding: try ArtifactFile(name: path, descriptor: file.descriptor, size: file.size).read(1000, at: 0), as: UTF8.self)
  }

  @Test func `files are whole or not there, are listed, replaced and deleted`() throws {
    try withTemporaryFolder { path in
      let folder = ArtifactFolder(path + "/artifacts")
      #expect(try folder.list("nothing").isEmpty)
      try upload(folder, "1/a/one.txt", "one")
      try upload(folder, "1/a/ünï code.txt", "two")
      try upload(folder, "1/b.txt", "")
      #expect(
        try folder.list("1") == [ArtifactEntry(name: "a", isFolder: true, size: 0), ArtifactEntry(name: "b.txt", isFolder: false, size: 0)])
      #expect(try text(folder, "1/a/ünï code.txt") == "two")
      try upload(folder, "1/a/one.txt", "again")
      #expect(try text(folder, "1/a/one.txt") == "again")
      let unfinished = try folder.upload("1/a/three")
      #expect(try folder.list("1/a").count == 2)
      unfinished.abandon()
      #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/artifacts/1/a").count == 2)
      #expect(try folder.files(below: "1").map(\.path) == ["a/one.txt", "a/ünï code.txt", "b.txt"])
      #expect(kind { _ = try folder.upload("1/b.txt/x") } == .invalid, "a file is no folder")
      #expect(kind { try upload(folder, "1/a", "x") } == .invalid, "a folder is no file")
      try folder.delete("1/a")
      #expect(try folder.list("1").map(\.name) == ["b.txt"])
      #expect(kind { _ = try folder.open("1/a/one.txt") } == .notFound)
      #expect(kind { try folder.delete("") } == .invalid)
    }
  }

  @Test func `links are not followed`() throws {
    try withTemporaryFolder { path in
      let folder = ArtifactFolder(path + "/artifacts")
      try upload(folder, "1/x", "x")
      try "secret".write(toFile: path + "/secret", atomically: true, encoding: .utf8)
      try FileManager.default.createSymbolicLink(atPath: path + "/artifacts/1/link", withDestinationPath: path + "/secret")
      try FileManager.default.createSymbolicLink(atPath: path + "/artifacts/1/out", withDestinationPath: path)
      #expect(kind { _ = try folder.open("1/link") } == .notFound)
      #expect(kind { _ = try folder.open("1/out/secret") } == .notFound)
      #expect(try folder.list("1").map(\.name) == ["x"])
      #expect(kind { _ = try folder.upload("1/out/new") } == .invalid)
      try folder.delete("1/out")
      #expect(FileManager.default.fileExists(atPath: path + "/secret"))
    }
  }

  @Test(arguments: [
    "../x", "a/../../x", "/etc/passwd", "%2e%2e/x", "%252e%252e/x", "a/%2e%2e/%2e%2e/x", "..%2fx", "%2fetc/passwd", "a\\..\\x",
    "a%5c..%5cx", "a\u{0}b",
    "a%00b", "a#b", "a%23b", "a//b", "./a", "C:/x", "a/.b.partial", String(repeating: "a/", count: 40) + "x",
    String(repeating: "x", count: 300),
  ])
  func `paths that could leave the folder are refused`(path: String) {
    let folder = ArtifactFolder("/nonexistent/martlet")
    #expect(kind { _ = try folder.upload(path) } == .invalid)
    #expect(kind { _ = try folder.open(path) } == .invalid)
    #expect(kind { _ = try folder.list(path) } == .invalid)
    #expect(kind { try folder.delete(path) } == .invalid)
  }

  @Test func `only URIs of this server have a path here`() throws {
    #expect(try ArtifactPath.path(ofURI: "mlflow-artifacts:/1/x/artifacts") == "1/x/artifacts")
    #expect(try ArtifactPath.path(ofURI: "mlflow-artifacts:///1/x/") == "1/x")
    #expect(try ArtifactPath.path(ofURI: "s3://bucket/x") == nil)
    for uri in ["mlflow-artifacts://host/x", "mlflow-artifacts:/../x", "mlflow-artifacts:/a?b", "mlflow-artifacts:/a/%2e%2e/b"] {
      #expect(throws: TrackingError.self) { try ArtifactPath.path(ofURI: uri) }
    }
  }
}
