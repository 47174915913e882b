import HTTPTypes
import MartletCore
import Tracking
import Web

extension TrackingEndpoints {
  var loggedModelRoutes: [Route] {
    [
      call(.post, "logged-models", .write, "makes a logged model") { store, fields in
        let model = try store.createLoggedModel(
          in: try fields.required("experiment_id"), name: try fields.text("name"), type: try fields.text("model_type") ?? "",
          sourceRun: try fields.text("source_run_id"), params: try fields.tags("params"), tags: try fields.tags("tags"))
        return ["model": Documents.loggedModel(model)]
      },
      call(.post, "logged-models/search", .read, "logged models that meet a filter") { store, fields in
        var orders: [LoggedModelOrder] = []
        for order in try fields.objects("order_by") {
          orders.append(
            LoggedModelOrder(
              field: try order.required("field_name"), ascending: try order.flag("ascending") ?? true,
              datasetName: try order.text("dataset_name"), datasetDigest: try order.text("dataset_digest")))
        }
        let datasets = try fields.objects("datasets").map {
          DatasetFilter(name: try $0.required("dataset_name"), digest: try $0.text("dataset_digest"))
        }
        let page = try store.searchLoggedModels(
          in: try fields.texts("experiment_ids"), filter: try fields.text("filter") ?? "", datasets: datasets, orderBy: orders,
          limit: try fields.limit(50, most: TrackingLimits.pageSize), offset: try fields.offset())
        return Documents.page("models", page.elements.map(Documents.loggedModel), next: page.next)
      },
      call(.get, "logged-models/{model_id}", .read, "a logged model") { store, fields in
        ["model": Documents.loggedModel(try store.loggedModel(try fields.required("model_id")))]
      },
      call(.patch, "logged-models/{model_id}", .write, "says what became of a logged model's files") { store, fields in
        guard let status = LoggedModelStatus(rawValue: try fields.required("status")) else {
          throw TrackingError(.invalid, "'status' is none", expected: LoggedModelStatus.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return ["model": Documents.loggedModel(try store.finishLoggedModel(try fields.required("model_id"), status))]
      },
      call(.delete, "logged-models/{model_id}", .write, "hides a logged model") { store, fields in
        try store.deleteLoggedModel(try fields.required("model_id"))
        return [:]
      },
      call(.patch, "logged-models/{model_id}/tags", .write, "sets tags of a logged model") { store, fields in
        try store.setLoggedModelTags(try fields.required("model_id"), try fields.tags("tags"))
        return [:]
      },
      call(.delete, "logged-models/{model_id}/tags/{tag_key}", .write, "takes a tag from a logged model") { store, fields in
        try store.deleteLoggedModelTag(try fields.required("model_id"), key: try fields.required("tag_key"))
        return [:]
      },
      call(.post, "logged-models/{model_id}/params", .write, "adds parameters to a logged model") { store, fields in
        try store.logLoggedModelParams(try fields.required("model_id"), try fields.tags("params"))
        return [:]
      },
      call(.get, "logged-models/{model_id}/artifacts/directories", .read, "the files of a logged model") { store, fields in
        let model = try store.loggedModel(try fields.required("model_id"))
        return try Self.files(of: model.artifacts, folder: try fields.text("artifact_directory_path") ?? "", store)
      },
    ]
  }

  /// The files of a run or a logged model, by a folder within its own.
  static func files(of uri: String, folder: String, _ store: TrackingStore) throws -> JSONValue {
    _ = try ArtifactPath.parts(folder)
    var members: [String: JSONValue] = ["root_uri": .string(uri)]
    if let root = try ArtifactPath.path(ofURI: uri) {
      let inner = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
      let entries = try store.listArtifacts(inner.isEmpty ? root : root + "/" + inner)
      if !entries.isEmpty { members["files"] = .array(entries.map { Documents.file($0, below: inner) }) }
    }
    return .object(members)
  }
}
