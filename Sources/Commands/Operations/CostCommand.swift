import ArgumentParser
import AsyncHTTPClient
import Charts
import Foundation
import MartletCore
import NIOCore
import NIOHTTP1
import NIOSSL
import Project

struct Cost: Command {
  static let configuration = CommandConfiguration(
    abstract: "What the models, versions and callers of a running server have cost.",
    discussion: "Counted since the server began; money where serve.prices says what the machine costs. The API key, where the server wants "
      + "one, is the variable MARTLET_API_KEY.")

  @Option(
    help: ArgumentHelp(
      "The server's address; where it has an admin port, that one's. (default: the project's, else http://127.0.0.1:8080)", valueName: "url"
    ))
  var server: String?

  @Option(
    help: ArgumentHelp(
      "The authority of the server's certificate, as PEM; else the variable SSL_CERT_FILE, or what this machine knows.", valueName: "file"),
    completion: .file())
  var tlsAuthority: String?

  @OptionGroup var project: ProjectOptions
  @OptionGroup var global: GlobalOptions

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let address = try server ?? Self.address(try project.loadIfThere()?.project.serve)
    func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let document = try await Self.fetch(
      address, key: variable("MARTLET_API_KEY"), authority: tlsAuthority ?? variable("SSL_CERT_FILE"))
    return CommandResult(document: document, text: Self.text(document, context))
  }

  /// Where a project's server tells its figures.
  static func address(_ serving: ProjectServing?) throws -> String {
    let port = serving?.admin?.port ?? serving?.port ?? 8080
    guard port > 0 else { throw UsageError(problem: "the project's server takes any free port", expected: "--server http://HOST:PORT") }
    let host = serving?.admin?.host ?? serving?.host ?? "127.0.0.1"
    let reached = ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
    return "http\(serving?.tls == nil ? "" : "s")://\(reached.contains(":") ? "[\(reached)]" : reached):\(port)"
  }

  /// - Parameter authority: a file with whose certificates are believed, over TLS; `nil` believes those that this machine knows.
  /// - Throws: `ArgumentError` where nobody answers there, or not with costs, or cannot be believed; `FileError` for the authority's file.
  static func fetch(_ address: String, key: String?, authority: String? = nil) async throws -> JSONValue {
    guard let url = URLComponents(string: address), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
      throw UsageError(problem: "--server is '\(address)'", expected: "http://HOST:PORT or https://HOST:PORT")
    }
    var request = HTTPClientRequest(url: (address.hasSuffix("/") ? String(address.dropLast()) : address) + "/admin/cost")
    if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.retryConnectionEstablishment = false
    if url.scheme == "https", let authority { configuration.tlsConfiguration = try believing(authority) }
    let wanted = request
    let answer: (status: Int, body: Data)
    do {
      answer = try await HTTPClient.withHTTPClient(configuration: configuration) { client in
        let response = try await client.execute(wanted, timeout: .seconds(10))
        return (Int(response.status.code), Data(try await response.body.collect(upTo: 16 << 20).readableBytesView))
      }
    } catch {
      throw unanswered(address, error)
    }
    let status = answer.status
    let document = try? JSON.decode(JSONValue.self, from: answer.body, source: "the answer")
    guard status == 200, let document, document["models"] != nil else {
      let reason = document?["error"]?.stringValue ?? "status \(status)"
      let remedy: String? =
        switch status {
        case 401, 403: "MARTLET_API_KEY with the role monitor or admin"
        case 404: "--server with the address of the admin port"
        default: nil
        }
      throw ArgumentError("the server at \(address) does not tell its costs: \(reason)", remedy: remedy)
    }
    return document
  }

  /// - Throws: `FileError` for a file without certificates.
  private static func believing(_ authority: String) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(authority), !certificates.isEmpty else {
      throw FileError(path: authority, problem: "holds no certificate that can be read", expected: "certificates as PEM")
    }
    configuration.trustRoots = .certificates(certificates)
    return configuration
  }

  private static func unanswered(_ address: String, _ error: any Error) -> ArgumentError {
    if error as? NIOSSLExtraError == .failedToValidateHostname {
      return ArgumentError(
        "the certificate that answers at \(address) is for another name", expected: "a name that is in it",
        remedy: "--server https://NAME:PORT")
    }
    if error is NIOSSLError {
      // What the library says holds paths of the machine that built it.
      if "\(error)".contains("CERTIFICATE_VERIFY_FAILED") {
        return ArgumentError(
          "the certificate of \(address) is not trusted", expected: "one of an authority that this machine knows",
          remedy: "--tls-authority FILE with the certificate of its authority, or the variable SSL_CERT_FILE")
      }
      return ArgumentError(
        "no connection over TLS with \(address) came about", expected: "a server that was started with a certificate",
        remedy: "--server http://HOST:PORT where it has none")
    }
    return ArgumentError(
      "nobody answers at \(address): \(error)", expected: "a server that martlet serve has started",
      remedy: "--server http://HOST:PORT, or https:// where it has a certificate")
  }

  static func text(_ document: JSONValue, _ context: CommandContext) -> String {
    let currency = document["currency"]?.stringValue
    func number(_ value: JSONValue?) -> String { value?.doubleValue.map { NumberText.significant($0) } ?? "-" }
    func count(_ value: JSONValue?) -> String { NumberText.grouped(value?.intValue ?? 0) }
    func time(_ value: JSONValue?) -> String { value?.doubleValue.map { NumberText.duration(milliseconds: $0 * 1000) } ?? "-" }
    let measures: [TextTable.Column] = [.number("requests"), .number("items"), .number("computing"), .number(currency ?? "cost")]
    func cells(_ entry: JSONValue) -> [String] {
      [count(entry["requests"]), count(entry["items"]), time(entry["compute_seconds"]), number(entry["cost"])]
    }
    var models = TextTable(columns: [.init("model"), .init("version")] + measures + [.number("larger batches save")])
    for entry in document["models"]?.arrayValue ?? [] {
      let saving = entry["batching"]?["saving"]?.doubleValue.flatMap { Int(exactly: ($0 * 100).rounded()) }.map { "\($0) %" } ?? "-"
      models.append([entry["model"]?.stringValue ?? "", entry["version"]?.stringValue ?? ""] + cells(entry) + [saving])
    }
    var callers = TextTable(columns: [.init("caller"), .init("credential")] + measures)
    for entry in document["callers"]?.arrayValue ?? [] {
      callers.append([entry["name"]?.stringValue ?? "", entry["credential"]?.stringValue ?? ""] + cells(entry))
    }
    let process = document["process"]
    var text = "since \(document["since"]?.stringValue ?? "?"): \(time(process?["processor_seconds"])) of processors, "
    text += "\(NumberText.grouped((process?["memory_bytes"]?.intValue ?? 0) >> 20)) MiB of memory"
    if let currency {
      text += ", \(number(process?["processor_cost"])) + \(number(process?["memory_cost"])) \(currency)"
    }
    text += "\n"
    guard !(document["models"]?.arrayValue ?? []).isEmpty else { return text + "no model was asked yet\n" }
    return text + context.render(models) + context.render(callers)
  }
}
