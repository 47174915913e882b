import Bundles
import Foundation
import Glibc
import MartletCore
import NIOHTTP1

/// Files in a bucket of S3's, or of a server that speaks as it does.
struct S3Backend: ObjectBackend {
  let location: String
  let staging: String
  private let client: S3Client
  private let prefix: String
  /// A file that is larger goes up in parts of this size, and comes down so in any case.
  private let partSize: Int

  /// - Parameter url: `s3://bucket/prefix`.
  init(_ url: String, options: RegistryOptions, partSize: Int = 16 << 20) throws {
    let parts = url.dropFirst("s3://".count).split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    guard let bucket = parts.first, (3...63).contains(bucket.utf8.count),
      bucket.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46 })
    else { throw RegistryError(.artifacts, "'\(url)' names no bucket", expected: "s3://bucket/prefix") }
    client = try S3Client(bucket: bucket, environment: options.environment)
    prefix = parts.dropFirst().map { $0 + "/" }.joined()
    location = "s3://" + parts.joined(separator: "/")
    staging = options.cacheFolder(for: location) + "/staging"
    self.partSize = partSize
  }

  func create() throws {
    // Whether the bucket is there shows now, and not after an hour's training.
    _ = try client.send("GET", nil, query: [("list-type", "2"), ("max-keys", "1"), ("prefix", prefix)])
  }

  func localPath(_ name: String) -> String? { nil }

  func status(_ name: String) throws -> StoredFile? {
    let answer = try client.send("HEAD", prefix + name, accepted: [404])
    guard answer.status != 404 else { return nil }
    guard let size = answer.headers.first(name: "content-length").flatMap(Int.init),
      let modified = answer.headers.first(name: "last-modified").flatMap(Self.time)
    else { throw RegistryError(.unreachable, "\(location)/\(name): the server does not say how large or how old the file is") }
    return StoredFile(name: name, size: size, modified: modified)
  }

  func place(_ temporary: String, as name: String) throws -> Bool {
    let opened: (descriptor: Int32, size: Int)
    do throws(SystemFailure) { opened = try FileTools.openRegular(temporary) } catch {
      guard error.code == ENOENT else { throw error }
      return false
    }
    defer { close(opened.descriptor) }
    if opened.size <= partSize {
      let data = try FileTools.read(opened.descriptor, limit: opened.size, path: temporary) ?? Data()
      _ = try client.send("PUT", prefix + name, headers: ["content-type": "application/octet-stream"], body: data)
    } else {
      try placeInParts(opened.descriptor, opened.size, temporary, as: name)
    }
    unlink(temporary)
    return true
  }

  /// There may be 10,000 parts.
  private func placeInParts(_ descriptor: Int32, _ size: Int, _ path: String, as name: String) throws {
    let part = max(partSize, (size + 9_999) / 10_000)
    let begun = try client.send("POST", prefix + name, query: [("uploads", "")], headers: ["content-type": "application/octet-stream"])
    guard let upload = S3XML.first("UploadId", in: String(decoding: begun.body, as: UTF8.self)) else {
      throw RegistryError(.unreachable, "\(location)/\(name): the server does not number the upload")
    }
    do {
      var tags: [String] = []
      while tags.count * part < size {
        let wanted = min(part, size - tags.count * part)
        var data = Data(count: wanted)
        let count = data.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, wanted, off_t(tags.count * part)) }
        guard count == wanted else { throw SystemFailure(path: path, code: count < 0 ? errno : EIO) }
        let answer = try client.send("PUT", prefix + name, query: [("partNumber", "\(tags.count + 1)"), ("uploadId", upload)], body: data)
        tags.append(answer.headers.first(name: "etag") ?? "")
      }
      let list = tags.enumerated().map { "<Part><PartNumber>\($0 + 1)</PartNumber><ETag>\($1)</ETag></Part>" }.joined()
      let answer = try client.send(
        "POST", prefix + name, query: [("uploadId", upload)], headers: ["content-type": "application/xml"],
        body: Data("<CompleteMultipartUpload>\(list)</CompleteMultipartUpload>".utf8))
      // A failure may come with the status 200, because the answer began before it was known.
      let text = String(decoding: answer.body, as: UTF8.self)
      if text.contains("<Error>") {
        throw RegistryError(.unreachable, "\(location)/\(name): \(S3XML.first("Message", in: text) ?? "the parts were not put together")")
      }
    } catch {
      _ = try? client.send("DELETE", prefix + name, query: [("uploadId", upload)], accepted: [404])
      throw error
    }
  }

  func read(_ name: String, _ take: (Data) throws -> Void) throws {
    var offset = 0, tag: String?
    while true {
      var headers = ["range": "bytes=\(offset)-\(offset + partSize - 1)"]
      // All parts are of the same file, even if somebody replaces it meanwhile.
      if let tag { headers["if-match"] = tag }
      let answer = try client.send("GET", prefix + name, headers: headers, largest: partSize + 1024, accepted: [404, 416])
      guard answer.status != 404 else { throw SystemFailure(path: "\(location)/\(name)", code: ENOENT) }
      // An empty file has no ranges.
      guard answer.status != 416 else { return }
      tag = answer.headers.first(name: "etag")
      try take(answer.body)
      offset += answer.body.count
      let total = answer.headers.first(name: "content-range").flatMap { $0.split(separator: "/").last }.flatMap { Int($0) }
      if answer.status == 200 || answer.body.isEmpty || offset >= total ?? offset { return }
    }
  }

  func renew(_ name: String) throws {
    // A copy onto itself makes it young. Larger ones cannot be copied so; they are copied again if garbage collection takes them.
    guard let file = try status(name), file.size < 5 << 30 else { return }
    _ = try client.send(
      "PUT", prefix + name,
      headers: [
        "x-amz-copy-source": "/\(client.bucket)/" + S3Request.escape(prefix + name, slashes: true), "x-amz-metadata-directive": "REPLACE",
        "content-type": "application/octet-stream",
      ], accepted: [404])
  }

  func remove(_ name: String) throws -> Bool {
    _ = try client.send("DELETE", prefix + name, accepted: [404])
    return true
  }

  func list() throws -> [StoredFile] {
    var found: [StoredFile] = []
    var token: String?
    repeat {
      var query = [("list-type", "2"), ("prefix", prefix)]
      if let token { query.append(("continuation-token", token)) }
      let text = String(decoding: try client.send("GET", nil, query: query).body, as: UTF8.self)
      for entry in S3XML.elements("Contents", in: text) {
        let entry = String(entry)
        guard let key = S3XML.first("Key", in: entry), key.hasPrefix(prefix) else { continue }
        let modified = S3XML.first("LastModified", in: entry).flatMap(Self.time) ?? .distantPast
        found.append(
          StoredFile(
            name: String(key.dropFirst(prefix.count)), size: S3XML.first("Size", in: entry).flatMap(Int.init) ?? 0, modified: modified))
      }
      token = S3XML.first("IsTruncated", in: text) == "true" ? S3XML.first("NextContinuationToken", in: text) : nil
    } while token != nil
    return found.sorted { $0.name < $1.name }
  }

  /// Parts that a killed process has sent are kept, and paid for, until somebody says that they are not wanted.
  func removeUnfinished(before limit: Date, dryRun: Bool) throws -> Int {
    var count = 0
    var marker: [(String, String)] = []
    repeat {
      let query = [("prefix", prefix), ("uploads", "")] + marker
      let text = String(decoding: try client.send("GET", nil, query: query).body, as: UTF8.self)
      for entry in S3XML.elements("Upload", in: text) {
        let entry = String(entry)
        guard let key = S3XML.first("Key", in: entry), key.hasPrefix(prefix), let upload = S3XML.first("UploadId", in: entry),
          let begun = S3XML.first("Initiated", in: entry).flatMap(Self.time), begun <= limit
        else { continue }
        if !dryRun { _ = try client.send("DELETE", key, query: [("uploadId", upload)], accepted: [404]) }
        count += 1
      }
      marker = []
      if S3XML.first("IsTruncated", in: text)?.lowercased() == "true", let key = S3XML.first("NextKeyMarker", in: text),
        let upload = S3XML.first("NextUploadIdMarker", in: text)
      {
        marker = [("key-marker", key), ("upload-id-marker", upload)]
      }
    } while !marker.isEmpty
    return count
  }

  /// `Wed, 21 Oct 2015 07:28:00 GMT` or `2015-10-21T07:28:00.000Z`.
  static func time(_ text: String) -> Date? {
    var words = text.split { " -T:.,Z".contains($0) }.map(String.init)
    if text.contains(",") {
      let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
      guard words.count >= 7, let month = months.firstIndex(of: words[2]) else { return nil }
      words = [words[3], "\(month + 1)", words[1]] + words[4...]
    }
    let numbers = words.prefix(6).compactMap { Int32($0) }
    guard numbers.count == 6 else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
    return Date(timeIntervalSince1970: TimeInterval(timegm(&parts)))
  }
}
