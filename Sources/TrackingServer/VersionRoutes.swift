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
      call(.get, "model-versions/get", .read, "a version") { store, fields in
        ["model_version": Documents.version(try store.registeredVersion(try fields.required("name"), try Self.version(fields)))]
      },
      call(.get, "model-versions/search", .read, "versions that meet a filter") { store, fields in
        let page = try store.searchVersions(
          filter: try fields.text("filter") ?? "", orderBy: try fields.texts("order_by"),
          limit: try fields.limit(10_000, most: TrackingLimits.modelVersionsPerPage), offset: try fields.offset())
        return Documents.page("model_versions", page.elements.map { Documents.version($0) }, next: page.next)
      },
      call(.get, "model-versions/get-download-uri", .read, "where the files of a version are") { store, fields in
        ["artifact_uri": .string(try store.registeredVersion(try fields.required("name"), try Self.version(fields)).storage)]
      },
      call(.patch, "model-versions/update", .write, "describes a version") { store, fields in
        let version = try store.describeVersion(
          try fields.required("name"), try Self.version(fields), try fields.text("description") ?? "")
        return ["model_version": Documents.version(version)]
      },
      call(.post, "model-versions/transition-stage", .write, "moves a version to a stage") { store, fields in
        let version = try store.moveVersion(
          try fields.required("name"), try Self.version(fields), to: try VersionStage(text: try fields.required("stage")),
          archiving: try fields.flag("archive_existing_versions") ?? false)
        return ["model_version": Documents.version(version)]
      },
      call(.delete, "model-versions/delete", .admin, "deletes a version and its aliases") { store, fields in
        try store.deleteVersion(try fields.required("name"), try Self.version(fields))
        return [:]
      },
      call(.post, "model-versions/set-tag", .write, "sets a tag of a version") { store, fields in
        try store.setVersionTag(
          try fields.required("name"), try Self.version(fields), TrackingTag(try fields.required("key"), try fields.text("value") ?? ""))
        return [:]
      },
      call(.delete, "model-versions/delete-tag", .write, "takes a tag from a version") { store, fields in
        try store.deleteVersionTag(try fields.required("name"), try Self.version(fields), key: try fields.required("key"))
        return [:]
      },
    ]
  }

  private static func version(_ fields: RequestFields) throws(TrackingError) -> Int { try number(try fields.required("version")) }
}
