import HTTPTypes
import Testing
import Web

@testable import TrackingServer

/// Every route with what it needs. A route that is added, or whose access is changed, is added here by whoever thought about it.
@Suite struct RouteListTests {
  static let agreed = """
    DELETE /api/2.0/mlflow-artifacts/artifacts/{path*} write
    DELETE /api/2.0/mlflow/logged-models/{model_id} write
    DELETE /api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key} write
    DELETE /api/2.0/mlflow/model-versions/delete admin
    DELETE /api/2.0/mlflow/model-versions/delete-tag write
    DELETE /api/2.0/mlflow/registered-models/alias admin
    DELETE /api/2.0/mlflow/registered-models/delete admin
    DELETE /api/2.0/mlflow/registered-models/delete-tag write
    DELETE /api/2.0/mlflow/traces/{trace_id}/tags write
    DELETE /api/3.0/mlflow/traces/{trace_id}/tags write
    GET /api/2.0/mlflow-artifacts/artifacts read
    GET /api/2.0/mlflow-artifacts/artifacts/{path*} read
    GET /api/2.0/mlflow/artifacts/list read
    GET /api/2.0/mlflow/experiments/get read
    GET /api/2.0/mlflow/experiments/get-by-name read
    GET /api/2.0/mlflow/experiments/search read
    GET /api/2.0/mlflow/logged-models/{model_id} read
    GET /api/2.0/mlflow/logged-models/{model_id}/artifacts/directories read
    GET /api/2.0/mlflow/metrics/get-history read
    GET /api/2.0/mlflow/metrics/get-history-bulk-interval read
    GET /api/2.0/mlflow/model-versions/get read
    GET /api/2.0/mlflow/model-versions/get-download-uri read
    GET /api/2.0/mlflow/model-versions/search read
    GET /api/2.0/mlflow/registered-models/alias read
    GET /api/2.0/mlflow/registered-models/get read
    GET /api/2.0/mlflow/registered-models/get-latest-versions read
    GET /api/2.0/mlflow/registered-models/search read
    GET /api/2.0/mlflow/runs/get read
    GET /api/3.0/mlflow/server-info open
    GET /api/3.0/mlflow/traces/batchGet read
    GET /api/3.0/mlflow/traces/get read
    GET /api/3.0/mlflow/traces/{trace_id} read
    GET /health open
    GET /version open
    PATCH /api/2.0/mlflow/logged-models/{model_id} write
    PATCH /api/2.0/mlflow/logged-models/{model_id}/tags write
    PATCH /api/2.0/mlflow/model-versions/update write
    PATCH /api/2.0/mlflow/registered-models/update write
    PATCH /api/2.0/mlflow/traces/{trace_id}/tags write
    PATCH /api/3.0/mlflow/traces/{trace_id}/tags write
    POST /api/2.0/mlflow-artifacts/mpu/create/{path*} write
    POST /api/2.0/mlflow/experiments/create write
    POST /api/2.0/mlflow/experiments/delete write
    POST /api/2.0/mlflow/experiments/delete-experiment-tag write
    POST /api/2.0/mlflow/experiments/restore write
    POST /api/2.0/mlflow/experiments/search read
    POST /api/2.0/mlflow/experiments/set-experiment-tag write
    POST /api/2.0/mlflow/experiments/update write
    POST /api/2.0/mlflow/logged-models write
    POST /api/2.0/mlflow/logged-models/search read
    POST /api/2.0/mlflow/logged-models/{model_id}/params write
    POST /api/2.0/mlflow/model-versions/create write
    POST /api/2.0/mlflow/model-versions/set-tag write
    POST /api/2.0/mlflow/model-versions/transition-stage write
    POST /api/2.0/mlflow/registered-models/alias admin
    POST /api/2.0/mlflow/registered-models/create write
    POST /api/2.0/mlflow/registered-models/get-latest-versions read
    POST /api/2.0/mlflow/registered-models/rename write
    POST /api/2.0/mlflow/registered-models/set-tag write
    POST /api/2.0/mlflow/runs/create write
    POST /api/2.0/mlflow/runs/delete write
    POST /api/2.0/mlflow/runs/delete-tag write
    POST /api/2.0/mlflow/runs/log-batch write
    POST /api/2.0/mlflow/runs/log-inputs write
    POST /api/2.0/mlflow/runs/log-metric write
    POST /api/2.0/mlflow/runs/log-model write
    POST /api/2.0/mlflow/runs/log-parameter write
    POST /api/2.0/mlflow/runs/outputs write
    POST /api/2.0/mlflow/runs/restore write
    POST /api/2.0/mlflow/runs/search read
    POST /api/2.0/mlflow/runs/set-tag write
    POST /api/2.0/mlflow/runs/update write
    POST /api/2.0/mlflow/traces/delete-traces write
    POST /api/3.0/mlflow/traces write
    POST /api/3.0/mlflow/traces/delete-traces write
    POST /api/3.0/mlflow/traces/search read
    POST /v1/traces write
    PUT /api/2.0/mlflow-artifacts/artifacts/{path*} write
    """.split(separator: "\n").map(String.init)

  @Test func `every route is in the list, with its access`() async throws {
    let routes = try await withStore { store, _ in
      TrackingEndpoints(store).routes.map { "\($0.method.rawValue) \($0.pattern) \($0.access.rawValue)" }
    }
    let missing = Set(routes).subtracting(Self.agreed), gone = Set(Self.agreed).subtracting(routes)
    #expect(missing.isEmpty, "add to the list, after thinking about who may call it: \(missing.sorted())")
    #expect(gone.isEmpty, "there is no such route any more: \(gone.sorted())")
    #expect(Set(routes).count == routes.count, "a route is there twice")
  }
}
