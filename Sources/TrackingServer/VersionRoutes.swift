import HTTPTypes
import MartletCore
import Tracking
import Web

extension TrackingEndpoints {
  var versionRoutes: [Route] {
    [
      call(.post, "model-versions/create", .write, "registers a version of a model") { store, fields in
        let version = try store.registerVersion(
          of: try fields.required("name"), source: try fields.required("source"), run: try fields.text("run_id"),
          loggedModel: try fields.text("model_id"), runLink: try fields.text("run_link") ?? "",
          description: try fields.text("description") ?? "", tags: try fields.tags("tags"))
        return ["model_version": Documents.version(version)]
      },
      call(.get, "model-versions/search", .read, "versions that meet a filter") { store, fields in
        let page = try store.searchVersions(
          filter: try fields.text("filter") ?? "", orderBy: try fields.texts("order_by"),
          limit: try fields.limit(10_000, most: TrackingLimits.modelVersionsPerPage), offset: try fields.offset())
        return Documents.page("model_versions", page.elements.map { Documents.version($0, withAliases: false) }, next: page.next)
      },
    ]
  }

  /// Those about versions of one registered model.
  var namedVersionRoutes: [Route] {
    [
      named(.get, "model-versions/get", .read, "a version") { store, name, fields in
        ["model_version": Documents.version(try store.registeredVersion(name, try Self.version(fields)))]
      },
      named(.get, "model-versions/get-download-uri", .read, "where the files of a version are") { store, name, fields in
        ["artifact_uri": .string(try store.registeredVersion(name, try Self.version(fields)).storage)]
      },
      named(.patch, "model-versions/update", .write, "describes a version") { store, name, fields in
        let version = try store.describeVersion(name, try Self.version(fields), try fields.text("description") ?? "")
        return ["model_version": Documents.version(version)]
      },
      named(.post, "model-versions/transition-stage", .write, "moves a version to a stage") { store, name, fields in
        let version = try store.moveVersion(
          name, try Self.version(fields), to: try VersionStage(text: try fields.required("stage")),
          archiving: try fields.flag("archive_existing_versions") ?? false)
        return ["model_version": Documents.version(version)]
      },
      named(.delete, "model-versions/delete", .admin, "deletes a version and its aliases") { store, name, fields in
        try store.deleteVersion(name, try Self.version(fields))
        return [:]
      },
      named(.post, "model-versions/set-tag", .write, "sets a tag of a version") { store, name, fields in
        try store.setVersionTag(name, try Self.version(fields), TrackingTag(try fields.required("key"), try fields.text("value") ?? ""))
        return [:]
      },
      named(.delete, "model-versions/delete-tag", .write, "takes a tag from a version") { store, name, fields in
        try store.deleteVersionTag(name, try Self.version(fields), key: try fields.required("key"))
        return [:]
      },
    ]
  }

  private static func version(_ fields: RequestFields) throws(TrackingError) -> Int { try number(try fields.required("version")) }
}
