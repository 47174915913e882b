import Access
import ArgumentParser

/// Options of `martlet serve` about who may call it.
struct ServeSecurityOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The file with the API keys, made by martlet keys. (default: keys.json in the registry's folder, if there)", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var keys: String?

  @Flag(help: "Listen to other machines without keys: whoever reaches the address may do everything.")
  var insecure = false

  @Option(
    help: ArgumentHelp(
      "A port of its own for figures, the registry, releases and keys; the other one then knows nothing of these.", valueName: "number"))
  var adminPort: Int?

  @Option(help: ArgumentHelp("The address of the admin port. (default: 127.0.0.1)", valueName: "address"))
  var adminHost: String?

  @Option(help: ArgumentHelp("The server's certificate chain, as PEM: TLS on all ports.", valueName: "file"), completion: .file())
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("The certificate's private key, as PEM.", valueName: "file"), completion: .file())
  var tlsKey: String?

  @Option(
    help: ArgumentHelp("The authority of clients' certificates, as PEM: clients without one get no connection.", valueName: "file"),
    completion: .file())
  var tlsClients: String?

  @Option(
    name: .customLong("allow-host"), help: ArgumentHelp("A name by which the server may be called. Can be repeated.", valueName: "name"))
  var hosts: [String] = []

  @Option(
    name: .customLong("allow-origin"),
    help: ArgumentHelp("The origin of web pages that may call the server. Can be repeated.", valueName: "origin"))
  var origins: [String] = []

  func validate() throws {
    if let adminPort, !(0...65_535).contains(adminPort) {
      throw ValidationError("--admin-port is \(adminPort); expected a whole number from 0 to 65535")
    }
    if adminHost != nil, adminPort == nil { throw ValidationError("--admin-host needs --admin-port") }
    if (tlsCertificate == nil) != (tlsKey == nil) { throw ValidationError("--tls-certificate and --tls-key go together") }
    if tlsClients != nil, tlsCertificate == nil { throw ValidationError("--tls-clients needs --tls-certificate and --tls-key") }
  }

  /// What the project says, with what the command line says in its place.
  func merged(_ project: ServeSettings) -> ServeSettings {
    var result = project
    if let keys { result.access.keys = keys }
    if insecure { result.access.allowsAnyone = true }
    if let adminPort { result.adminPort = adminPort }
    if let adminHost { result.adminHost = adminHost }
    if let tlsCertificate, let tlsKey {
      result.tls = TLSSettings(certificate: tlsCertificate, key: tlsKey, clients: tlsClients, requiresClients: tlsClients != nil)
    }
    if !hosts.isEmpty { result.hosts = hosts }
    if !origins.isEmpty { result.origins = origins }
    return result
  }
}
