import Bundles
import Crypto
import DatabaseTesting
import Foundation
import MartletCore
import Testing

@testable import Registry

@Suite struct S3SignatureTests {
  /// The examples of "Authenticating Requests: Using the Authorization Header" in the documentation of Amazon S3.
  @Test(arguments: [
    ("GET", "/test.txt", [("", "")], ["Range": "bytes=0-9"], "", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    (
      "PUT", "/test%24file.text", [("", "")],
      ["Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"], "Welcome to Amazon S3.",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    ),
    ("GET", "/", [("lifecycle", "")], [:], "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ("GET", "/", [("prefix", "J"), ("max-keys", "2")], [:], "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  ]) func `signatures are the documented ones`(
    _ method: String, _ path: String, _ query: [(String, String)], _ headers: [String: String], _ body: String, _ expected: String
  ) {
    let request = S3Request(
      method: method, host: "examplebucket.s3.amazonaws.com", path: path, query: query.filter { !$0.0.isEmpty }, headers: headers,
      body: Data(body.utf8))
    let credentials = S3Credentials(accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    let signed = request.signed(with: credentials, region: "us-east-1", at: Date(timeIntervalSince1970: 1_369_353_600))
    #expect(signed["x-amz-date"] == "20130524T000000Z")
    #expect(signed["Authorization"]?.hasSuffix("Signature=\(expected)") == true)
    #expect(signed["Authorization"]?.contains("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request") == true)
  }

  @Test func `credentials come from the environment or the shared file`() throws {
    try withTemporaryFolder { folder in
      let file = folder + "/credentials"
      try [
        "[default]", "aws_access_key_id = one", "aws_secret_access_key=two", "# no", "[team]", "aws_access_key_id=three",
        "aws_secret_access_key = four=", "aws_session_token=five", "",
      ].joined(separator: "\n")
        .write(toFile: file, atomically: true, encoding: .utf8)
      func find(_ more: [String: String]) throws -> S3Credentials {
        try S3Credentials.find(in: ["AWS_SHARED_CREDENTIALS_FILE": file].merging(more) { $1 })
      }
      #expect(try find([:]) == S3Credentials(accessKey: "one", secretKey: "two"))
      #expect(try find(["AWS_PROFILE": "team"]) == S3Credentials(accessKey: "three", secretKey: "four=", sessionToken: "five"))
      #expect(
        try find(["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_PROFILE": "team"])
          == S3Credentials(accessKey: "a", secretKey: "b"))
      #expect((#expect(throws: RegistryError.self) { try find(["AWS_PROFILE": "nobody"]) })?.kind == .unreachable)
    }
  }

  @Test func `times of both spellings are read`() {
    let expected = Date(timeIntervalSince1970: 1_445_412_480)
    #expect(S3Backend.time("Wed, 21 Oct 2015 07:28:00 GMT") == expected)
    #expect(S3Backend.time("2015-10-21T07:28:00.000Z") == expected)
    #expect(S3Backend.time("yesterday") == nil)
  }
}

@Suite struct S3ClientTests {
  private func client(_ server: CannedServer) throws -> S3Client {
    try S3Client(
      bucket: "models",
      environment: [
        "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port)", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
      ], attempts: 4)
  }

  @Test func `what failed on the way is tried again`() throws {
    let server = try CannedServer([
      CannedServer.answer("503 Slow Down"), nil, CannedServer.answer("500 Oops"), CannedServer.answer("200 OK", body: "here"),
    ])
    defer { server.stop() }
    #expect(try client(server).send("GET", "a").body == Data("here".utf8))
    #expect(server.requests.count == 4)
    #expect(server.requests[0].hasPrefix("GET /models/a HTTP/1.1"))
  }

  @Test func `what is refused is not tried again`() throws {
    let body = "<Error><Code>AccessDenied</Code><Message>not &lt;you&gt;</Message></Error>"
    let server = try CannedServer([CannedServer.answer("403 Forbidden", body: body)])
    defer { server.stop() }
    let error = #expect(throws: RegistryError.self) { try client(server).send("PUT", "a", body: Data("x".utf8)) }
    #expect(error?.kind == .unreachable && error?.problem.contains("403 AccessDenied not <you>") == true)
    #expect(server.requests.count == 1)
  }

  @Test func `a server that stays away is an error after the last try`() throws {
    let server = try CannedServer([CannedServer.answer("503 Slow Down")])
    defer { server.stop() }
    #expect((#expect(throws: RegistryError.self) { try client(server).send("GET", "a") })?.kind == .unreachable)
    #expect(server.requests.count == 4)
  }
}

@Suite(.enabled(if: MotoServer.isInstalled)) struct S3RegistryTests {
  /// Runs `body` with a registry whose files are in a new bucket.
  private func withBucket(_ kind: TestDatabase = .sqlite, _ body: (ModelRegistry, String, String) throws -> Void) throws {
    let server = try MotoServer.shared()
    let bucket = try server.newBucket()
    try withFolder(kind) { folder in
      try body(try open(folder, bucket, server), folder, bucket)
    }
  }

  private func open(_ folder: String, _ bucket: String?, _ server: MotoServer, cache: String = "cache") throws -> ModelRegistry {
    try configuredRegistry(in: folder) { options in
      options.artifacts = bucket
      options.environment = server.environment
      options.cache = folder + "/" + cache
    }
  }

  @Test(arguments: TestDatabase.allCases) func `versions are registered, checked, loaded and collected`(_ kind: TestDatabase) throws {
    try withBucket(kind) { registry, folder, bucket in
      let bundle = try sampleBundle(in: folder)
      let first = try registry.register(bundle, aliases: ["production"])
      try registry.register(sampleBundle(in: folder, weights: "second"))
      #expect(try registry.store.list().objects.count == 6)
      #expect(try registry.verify().isClean)
      // Another machine: another cache, and it need not be told where the files are.
      let other = try open(folder, nil, try MotoServer.shared(), cache: "other")
      let loaded = try other.bundle(other.resolve("fashion@production"))
      #expect(loaded.digest == bundle.digest)
      #expect(try loaded.data(of: "weights.safetensors") == Data("weights".utf8))
      #expect(try other.materialise(first, at: folder + "/out").digest == bundle.digest)
      try registry.delete(first, force: true)
      #expect(try registry.collectGarbage().objects == 0)
      #expect(try registry.collectGarbage(dryRun: true, olderThan: -5).objects == 2)
      #expect(try registry.collectGarbage(olderThan: -5).objects == 2)
      #expect(try registry.store.list().objects.count == 4)
      #expect(try registry.verify().isClean)
    }
  }

  @Test func `a damaged copy in the cache is fetched again, a damaged object is not trusted`() throws {
    try withBucket { registry, folder, _ in
      let version = try registry.register(sampleBundle(in: folder))
      let path = try registry.bundle(version).path(of: "weights.safetensors")
      try overwrite(path, with: "WEIGHTS")
      #expect(try registry.bundle(version).data(of: "weights.safetensors") == Data("weights".utf8))
      // The bucket itself changes.
      let digest = Digest.sha256("weights")
      let damaged = folder + "/damaged"
      try Data("WEIGHTS".utf8).write(to: URL(fileURLWithPath: damaged))
      #expect(try registry.store.backend.place(damaged, as: ObjectStore.name(digest)))
      registry.store.cache.forget(digest)
      #expect((#expect(throws: RegistryError.self) { try registry.bundle(version) })?.kind == .bundle)
      #expect(try registry.verify().problems.map(\.file) == ["weights.safetensors"])
      #expect(try registry.store.backend.remove(ObjectStore.name(digest)))
      #expect((#expect(throws: RegistryError.self) { try registry.bundle(version) })?.kind == .missingObject)
    }
  }

  @Test func `uploads that nobody has finished are given up with the garbage`() throws {
    let server = try MotoServer.shared()
    try withBucket { registry, folder, bucket in
      try registry.register(sampleBundle(in: folder))
      #expect(registry.folder == folder + "/.martlet")
      let name = bucket.dropFirst("s3://".count).prefix { $0 != "/" }
      let client = try S3Client(bucket: String(name), environment: server.environment)
      func uploads() throws -> Int {
        S3XML.elements("Upload", in: String(decoding: try client.send("GET", nil, query: [("uploads", "")]).body, as: UTF8.self)).count
      }
      for key in ["team/registry/aa/one", "team/registry/aa/two", "elsewhere/three"] {
        _ = try client.send("POST", key, query: [("uploads", "")])
      }
      #expect(try uploads() == 3)
      // This server says of every upload that it began in 2010.
      #expect(try registry.collectGarbage(dryRun: true).temporaries == 2)
      #expect(try uploads() == 3)
      #expect(try registry.collectGarbage().temporaries == 2)
      #expect(try uploads() == 1)
      #expect(try registry.collectGarbage().temporaries == 0 && registry.verify().isClean)
    }
  }

  @Test func `a large file goes up and comes down in parts`() throws {
    let server = try MotoServer.shared()
    let bucket = try server.newBucket()
    try withFolder { folder in
      var options = RegistryOptions(environment: server.environment)
      options.cache = folder + "/cache"
      let backend = try S3Backend(bucket, options: options, partSize: 5 << 20)
      var data = Data()
      for index in 0..<11 << 10 { data.append(Data("piece \(index) ".utf8) + Data(repeating: UInt8(index % 251), count: 1010)) }
      try data.write(to: URL(fileURLWithPath: folder + "/large"))
      #expect(try backend.place(folder + "/large", as: "aa/bb"))
      #expect(try backend.status("aa/bb")?.size == data.count)
      var read = Data()
      try backend.read("aa/bb") { read.append($0) }
      #expect(read == data)
      #expect(!FileManager.default.fileExists(atPath: folder + "/large"))
      #expect(try backend.place(folder + "/large", as: "aa/cc") == false)
      try Data().write(to: URL(fileURLWithPath: folder + "/empty"))
      #expect(try backend.place(folder + "/empty", as: "aa/dd"))
      var empty = Data()
      try backend.read("aa/dd") { empty.append($0) }
      #expect(empty.isEmpty)
      try backend.renew("aa/bb")
      #expect(try backend.list().map(\.name) == ["aa/bb", "aa/dd"])
      #expect(throws: SystemFailure.self) { try backend.read("aa/none") { _ in } }
    }
  }

  @Test func `a bucket that is not there, and another place than the registry's, are errors`() throws {
    let server = try MotoServer.shared()
    try withFolder { folder in
      #expect((#expect(throws: RegistryError.self) { try open(folder, "s3://nobody-has-this-bucket/x", server) })?.kind == .unreachable)
      #expect((#expect(throws: RegistryError.self) { try open(folder, "s3://A", server) })?.kind == .artifacts)
    }
    try withBucket { registry, folder, _ in
      try registry.register(sampleBundle(in: folder))
      let error = #expect(throws: RegistryError.self) { try open(folder, folder + "/elsewhere", server) }
      #expect(error?.kind == .artifacts)
    }
  }
}
