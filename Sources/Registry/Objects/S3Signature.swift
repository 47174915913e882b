import Crypto
import Foundation
import Glibc

/// Who signs requests to a bucket.
struct S3Credentials: Sendable, Equatable {
  var accessKey: String
  var secretKey: String
  var sessionToken: String?

  /// What the environment says, else the profile in the shared credentials file, where the programs of the cloud look, too.
  /// - Throws: `RegistryError` `.unreachable` that names both places.
  static func find(in environment: [String: String]) throws -> S3Credentials {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let access = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") {
      return S3Credentials(accessKey: access, secretKey: secret, sessionToken: value("AWS_SESSION_TOKEN"))
    }
    let path = value("AWS_SHARED_CREDENTIALS_FILE") ?? (value("HOME") ?? NSHomeDirectory()) + "/.aws/credentials"
    let profile = value("AWS_PROFILE") ?? "default"
    let section = profiles(path)[profile] ?? [:]
    guard let access = section["aws_access_key_id"], let secret = section["aws_secret_access_key"] else {
      throw RegistryError(
        .unreachable, "there are no credentials for the bucket: neither in the environment nor for the profile '\(profile)' in \(path)",
        expected: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a credentials file")
    }
    return S3Credentials(accessKey: access, secretKey: secret, sessionToken: section["aws_session_token"])
  }

  /// The region that the environment or the shared configuration names.
  static func region(in environment: [String: String]) -> String {
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] { if let region = environment[name], !region.isEmpty { return region } }
    let path = environment["AWS_CONFIG_FILE"] ?? (environment["HOME"] ?? NSHomeDirectory()) + "/.aws/config"
    let profile = environment["AWS_PROFILE"] ?? "default"
    let sections = profiles(path)
    return sections["profile \(profile)"]?["region"] ?? sections[profile]?["region"] ?? "us-east-1"
  }

  private static func profiles(_ path: String) -> [String: [String: String]] {
    guard let data = FileManager.default.contents(atPath: path) else { return [:] }
    var sections: [String: [String: String]] = [:], name = ""
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let text = line.trimmingCharacters(in: .whitespaces)
      if text.hasPrefix("["), text.hasSuffix("]") {
        name = String(text.dropFirst().dropLast()).trimmingCharacters(in: .whitespaces)
      } else if let equals = text.firstIndex(of: "="), !text.hasPrefix("#") {
        let key = text[..<equals].trimmingCharacters(in: .whitespaces)
        sections[name, default: [:]][key] = text[text.index(after: equals)...].trimmingCharacters(in: .whitespaces)
      }
    }
    return sections
  }
}

/// A request as it is signed (AWS Signature Version 4).
struct S3Request {
  var method: String
  var host: String
  /// Escaped, with a slash at the front.
  var path: String
  var query: [(String, String)] = []
  var headers: [String: String] = [:]
  var body = Data()

  /// Letters, digits and `-._~` stay; a slash only in a path.
  static func escape(_ text: String, slashes: Bool = false) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: result.unicodeScalars.append(Unicode.Scalar(byte))
      case 47 where slashes: result.append("/")
      default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }

  var queryText: String {
    query.map { (Self.escape($0.0), Self.escape($0.1)) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0.0)=\($0.1)" }
      .joined(separator: "&")
  }

  /// All headers of the signed request but the host's.
  func signed(with credentials: S3Credentials, region: String, service: String = "s3", at time: Date) -> [String: String] {
    let (stamp, day) = Self.stamps(time)
    let payload = Self.hex(SHA256.hash(data: body))
    var all = headers
    all["x-amz-date"] = stamp
    all["x-amz-content-sha256"] = payload
    if let token = credentials.sessionToken { all["x-amz-security-token"] = token }
    var canonical = Dictionary(
      all.map { ($0.key.lowercased(), $0.value.trimmingCharacters(in: .whitespaces)) }, uniquingKeysWith: { a, _ in a })
    canonical["host"] = host
    let names = canonical.keys.sorted()
    let signedNames = names.joined(separator: ";")
    let lines =
      [method, path, queryText] + names.map { "\($0):\(canonical[$0] ?? "")" } + ["", signedNames, payload]
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let text = ["AWS4-HMAC-SHA256", stamp, scope, Self.hex(SHA256.hash(data: Data(lines.joined(separator: "\n").utf8)))].joined(
      separator: "\n")
    var key = SymmetricKey(data: Data("AWS4\(credentials.secretKey)".utf8))
    for part in [day, region, service, "aws4_request"] {
      key = SymmetricKey(data: Data(HMAC<SHA256>.authenticationCode(for: Data(part.utf8), using: key)))
    }
    let signature = Self.hex(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key))
    all["Authorization"] =
      "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(signedNames), Signature=\(signature)"
    return all
  }

  /// `20150830T123600Z` and `20150830`.
  private static func stamps(_ time: Date) -> (String, String) {
    var seconds = time_t(time.timeIntervalSince1970), parts = tm()
    gmtime_r(&seconds, &parts)
    func text(_ number: Int32, _ width: Int) -> String { String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)" }
    let day = text(parts.tm_year + 1900, 4) + text(parts.tm_mon + 1, 2) + text(parts.tm_mday, 2)
    return ("\(day)T" + text(parts.tm_hour, 2) + text(parts.tm_min, 2) + text(parts.tm_sec, 2) + "Z", day)
  }

  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
