import Access
import Commands
import Foundation
import Project
import Serving

extension MartletEngine {
  /// How a server is to listen and to compute, as a request says it.
  /// - Throws: what is wrong with the faults of a test.
  static func options(of request: ServeRequest) throws -> ServerOptions {
    var options = ServerOptions()
    let settings = request.listening
    options.take(request.settings?.execution ?? ProjectExecution())
    try options.takeFaults()
    options.grpcPort = request.grpcPort
    options.host = request.host
    options.port = request.port
    options.access = settings.access
    // What serves an edge directory has no registry, even where one lies about.
    if options.access.keys == nil, request.edge == nil {
      let path = request.surroundings.registry + "/keys.json"
      if !request.surroundings.registry.contains("://"), FileManager.default.fileExists(atPath: path) { options.access.keys = path }
    }
    options.tls = settings.tls
    options.adminPort = settings.adminPort
    options.adminHost = settings.adminHost
    options.hosts = settings.hosts
    options.origins = settings.origins
    options.tracing = settings.tracing.map { tracing in
      var result = TracingSettings(endpoint: tracing.endpoint)
      result.share = tracing.share
      result.service = tracing.service
      return result
    }
    options.prices = settings.prices.map { PriceSettings(coreHour: $0.coreHour, gigabyteHour: $0.gigabyteHour, currency: $0.currency) }
    apply(settings.limits, to: &options)
    return options
  }

  private static func apply(_ limits: ProjectServing.Limits, to options: inout ServerOptions) {
    func set<Value>(_ value: Value?, _ path: WritableKeyPath<ServerOptions, Value>) { if let value { options[keyPath: path] = value } }
    set(limits.bodyBytes, \.maxBodyBytes)
    set(limits.tensorBytes, \.maxTensorBytes)
    set(limits.bodyBytesInFlight, \.maxBodyBytesInFlight)
    set(limits.headerBytes, \.maxHeaderBytes)
    set(limits.headerFields, \.maxHeaderFields)
    set(limits.connections, \.maxConnections)
    set(limits.connectionsPerAddress.map(Optional.some), \.maxConnectionsPerAddress)
    set(limits.requestsPerConnection.map(Optional.some), \.maxRequestsPerConnection)
    func seconds(_ value: Double?) -> Duration? { value.map { .seconds($0) } }
    set(seconds(limits.headSeconds), \.headTimeout)
    set(seconds(limits.bodySeconds), \.bodyTimeout)
    set(seconds(limits.idleSeconds), \.idleTimeout)
    set(seconds(limits.drainSeconds), \.drainTimeout)
  }
}

extension AccessSettings {
  /// Who may call the server, for the person who has started it.
  var audience: String {
    if isRequired { return "for those with a key" }
    return allowsAnyone ? "for anyone at all" : "for this machine only: there are no keys"
  }
}
