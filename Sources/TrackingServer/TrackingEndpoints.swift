import Access
import HTTPTypes
import HummingbirdCore
import MartletCore
import NIOCore
import NIOPosix
package import Tracking
package import Web

/// MLflow's REST interface over Martlet's experiments, runs and registry.
///
/// An unchanged `mlflow` client works with it: `MLFLOW_TRACKING_URI=http://127.0.0.1:8080`.
package struct TrackingEndpoints: Sendable {
  /// The version of MLflow whose interface this is. Clients ask for it before they send traces.
  package static let version = "3.17.2"

  let store: TrackingStore
  let limits: ArtifactLimits

  /// - Parameter limits: how large uploaded files may be.
  package init(_ store: TrackingStore, limits: ArtifactLimits = ArtifactLimits()) {
    self.store = store
    self.limits = limits
  }

  /// All routes. Whoever's credential is limited to some models is refused on all but the open ones and those about one registered model.
  package var routes: [Route] {
    let routes: [Route] =
      serverRoutes + experimentRoutes + runRoutes + loggedModelRoutes + registeredModelRoutes + versionRoutes + artifactRoutes + traceRoutes
    return routes.map(Self.forAllModels) + namedModelRoutes + namedVersionRoutes
  }

  /// Runs, files and traces belong to no model, searches go over all of them, and a version's source may be another's files: what a limited
  /// credential may reach cannot be told from a request. So it reaches nothing, here, where no route can be forgotten.
  private static func forAllModels(_ route: Route) -> Route {
    guard route.access != .open else { return route }
    return Route(route.method, route.pattern, route.access, route.summary) { exchange in
      // Before anything is read of the request, and in its own task: what blocks runs on other threads.
      if let refusal = Self.refusal(of: exchange.caller.principal) { return MLflowReply.problem(refusal, requestID: exchange.id) }
      return try await route.handler(exchange)
    }
  }

  /// Why somebody may not use MLflow's routes, whatever their role is; `nil` if they may.
  private static func refusal(of principal: Principal) -> TrackingError? {
    guard !principal.models.contains(.all) else { return nil }
    return TrackingError(
      .forbidden, "'\(excerpt(principal.name))' is limited to \(words(principal)), and this route reaches all models",
      expected: "a credential for all models", remedy: "martlet keys create NAME --role contributor --model '*'")
  }

  /// - Throws: `TrackingError` `.forbidden` where a credential does not reach a model, whether there is one of that name or not.
  private static func require(_ name: String, of store: TrackingStore, for principal: Principal) throws(TrackingError) {
    guard !principal.models.contains(.all) else { return }
    // Credentials have the names that models are served by.
    let model: String?
    do { model = try store.modelName(of: name) } catch {
      guard error.kind == .notFound || error.kind == .invalid else { throw error }
      model = nil
    }
    guard let model, principal.mayUse(model: model) else {
      throw TrackingError(
        .forbidden, "'\(excerpt(principal.name))' is limited to \(words(principal)), and '\(excerpt(name))' is none of them",
        expected: "a credential for the model")
    }
  }

  private static func words(_ principal: Principal) -> String {
    principal.models.isEmpty ? "no models" : "the models " + excerpt(principal.models.map(\.text).joined(separator: ", "))
  }

  private var serverRoutes: [Route] {
    [
      Route(.get, "/version", .open, "the version of MLflow's interface that is spoken here") { _ in MLflowReply.text(Self.version) },
      Route(.get, "/health", .open, "whether the process works, for MLflow's clients") { _ in MLflowReply.text("OK") },
      Route(.get, "/api/3.0/mlflow/server-info", .open, "what this tracking server offers") { _ in
        MLflowReply.document([
          "store_type": "SqlStore", "workspaces_enabled": false, "trace_archival_enabled": false, "multipart_uploads_enabled": false,
          "multipart_downloads_enabled": false, "presigned_upload_run_id_supported": true, "presigned_upload_model_id_supported": true,
          "features_enabled": ["gateway": false],
        ])
      },
    ]
  }

  typealias Body = @Sendable (TrackingStore, RequestFields) throws -> JSONValue

  /// A route below `/api/2.0/mlflow/`.
  func call(
    _ method: HTTPRequest.Method, _ path: String, _ access: RouteAccess, _ summary: String, api: String = "2.0", limit: Int? = nil,
    _ body: @escaping Body
  ) -> Route {
    call(method, path, access, summary, api: api, limit: limit) { store, _, fields in try body(store, fields) }
  }

  /// A route about the registered model that the request calls `name`, for those whose credential reaches it.
  func named(
    _ method: HTTPRequest.Method, _ path: String, _ access: RouteAccess, _ summary: String,
    _ body: @escaping @Sendable (TrackingStore, _ name: String, RequestFields) throws -> JSONValue
  ) -> Route {
    call(method, path, access, summary, api: "2.0", limit: nil) { store, principal, fields in
      let name = try fields.required("name")
      try Self.require(name, of: store, for: principal)
      return try body(store, name, fields)
    }
  }

  private func call(
    _ method: HTTPRequest.Method, _ path: String, _ access: RouteAccess, _ summary: String, api: String, limit: Int?,
    _ body: @escaping @Sendable (TrackingStore, Principal, RequestFields) throws -> JSONValue
  ) -> Route {
    Route(method, "/api/\(api)/mlflow/\(path)", access, summary) { [store] exchange in
      try await Self.answering(exchange) {
        let fields = try await Self.fields(exchange, limit: limit)
        exchange.concerns(fields.named(["name", "version", "alias"]))
        let principal = exchange.caller.principal
        let own = principal.credential.isEmpty ? store : store.acting(as: principal.name)
        return MLflowReply.document(try await Self.blocking { try body(own, principal, fields) })
      }
    }
  }

  /// Turns errors into MLflow's answers.
  static func answering(_ exchange: Exchange, _ body: () async throws -> Reply) async throws -> Reply {
    do { return try await body() } catch  where !ClientGone.explains(error) {
      return MLflowReply.problem(error, requestID: exchange.id)
    }
  }

  /// Databases and files block, so they get threads of their own.
  static func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(body)
  }

  private static func fields(_ exchange: Exchange, limit: Int?) async throws -> RequestFields {
    let isQuery = exchange.request.method == .get || exchange.request.method == .head
    let query = try RequestFields(target: exchange.request.head.path ?? "")
    guard !isQuery else { return query.with(exchange.parameters) }
    try checkKind(exchange)
    let body = try await exchange.body()
    if let limit, body.readableBytes > limit {
      throw TrackingError(.invalid, "the request has \(body.readableBytes) bytes", expected: "at most \(limit)", remedy: "several requests")
    }
    guard body.readableBytes > 0 else { return query.with(exchange.parameters) }
    return try RequestFields(body: body).with(exchange.parameters)
  }

  /// Pages of other sites can make a browser send forms and plain text without asking first, but not JSON.
  static func checkKind(_ exchange: Exchange) throws(BadRequest) {
    let kind = exchange.request.headers[.contentType]?.split(separator: ";").first?.lowercased() ?? ""
    guard !["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"].contains(kind) else {
      throw BadRequest(problem: "the body is \(kind)", expected: "application/json")
    }
  }
}

/// How much is taken of uploaded files.
package struct ArtifactLimits: Sendable {
  /// Bytes of one file.
  package var maxFileBytes: Int

  package init(maxFileBytes: Int = 64 << 30) { self.maxFileBytes = maxFileBytes }
}
