import HTTPTypes
import MartletCore
import Tracking
import Web

extension TrackingEndpoints {
  var registeredModelRoutes: [Route] {
    [
      call(.post, "registered-models/create", .write, "makes a registered model") { store, fields in
        let model = try store.createRegisteredModel(
          try fields.text("name") ?? "", description: try fields.text("description"), tags: try fields.tags("tags"))
        return ["registered_model": Documents.registeredModel(model)]
      },
      call(.get, "registered-models/search", .read, "registered models that meet a filter") { store, fields in
        let page = try store.searchRegisteredModels(
          filter: try fields.text("filter") ?? "", orderBy: try fields.texts("order_by"),
          limit: try fields.limit(100, most: TrackingLimits.registeredModelsPerPage), offset: try fields.offset())
        return Documents.page("registered_models", page.elements.map(Documents.registeredModel), next: page.next)
      },
      call(.post, "registered-models/rename", .write, "gives a registered model another name") { store, fields in
        let name = try fields.required("name")
        return ["registered_model": Documents.registeredModel(try store.renameRegisteredModel(name, to: try fields.required("new_name")))]
      },
    ]
  }

  /// Those about one registered model.
  var namedModelRoutes: [Route] {
    [
      named(.get, "registered-models/get", .read, "a registered model") { store, name, fields in
        ["registered_model": Documents.registeredModel(try store.registeredModel(name))]
      },
      named(.patch, "registered-models/update", .write, "describes a registered model") { store, name, fields in
        ["registered_model": Documents.registeredModel(try store.describeRegisteredModel(name, try fields.text("description") ?? ""))]
      },
      named(.delete, "registered-models/delete", .admin, "deletes a registered model with all its versions") { store, name, fields in
        try store.deleteRegisteredModel(name)
        return [:]
      },
      named(.post, "registered-models/set-tag", .write, "sets a tag of a registered model") { store, name, fields in
        try store.setRegisteredModelTag(name, TrackingTag(try fields.required("key"), try fields.text("value") ?? ""))
        return [:]
      },
      named(.delete, "registered-models/delete-tag", .write, "takes a tag from a registered model") { store, name, fields in
        try store.deleteRegisteredModelTag(name, key: try fields.required("key"))
        return [:]
      },
      named(.post, "registered-models/get-latest-versions", .read, "the newest version of each stage") { store, name, fields in
        try Self.latest(store, fields)
      },
      named(.get, "registered-models/get-latest-versions", .read, "the newest version of each stage") { store, name, fields in
        try Self.latest(store, fields)
      },
      named(.post, "registered-models/alias", .admin, "lets an alias point to a version") { store, name, fields in
        try store.setRegisteredAlias(name, try fields.text("alias") ?? "", to: try Self.number(try fields.required("version")))
        return [:]
      },
      named(.delete, "registered-models/alias", .admin, "takes an alias away") { store, name, fields in
        try store.deleteRegisteredAlias(name, try fields.required("alias"))
        return [:]
      },
      named(.get, "registered-models/alias", .read, "the version that an alias points to") { store, name, fields in
        let version = try store.registeredVersion(name, alias: try fields.required("alias"))
        return ["model_version": Documents.version(version)]
      },
    ]
  }

  private static func latest(_ store: TrackingStore, _ fields: RequestFields) throws -> JSONValue {
    let stages = try fields.texts("stages").map { try VersionStage(text: $0) }
    let versions = try store.registeredModel(try fields.required("name")).latest
    let wanted = versions.filter { stages.isEmpty || stages.contains($0.stage) }
    return Documents.page("model_versions", wanted.map { Documents.version($0) }, next: nil)
  }

  /// A version's number, which MLflow's clients write as text.
  static func number(_ text: String) throws(TrackingError) -> Int {
    guard let number = Int(text), number >= 0 else {
      throw TrackingError(.invalid, "the version is not a number", expected: "1, 2, 3 …")
    }
    return number
  }
}
