import HTTPTypes
import MartletCore
import Tracking
import Web

extension TrackingEndpoints {
  var experimentRoutes: [Route] {
    [
      call(.post, "experiments/create", .write, "makes an experiment") { store, fields in
        let location = try fields.text("artifact_location").flatMap { $0.isEmpty ? nil : $0 }
        return [
          "experiment_id": .string(
            try store.createExperiment(try fields.required("name"), artifactLocation: location, tags: try fields.tags("tags")))
        ]
      },
      call(.get, "experiments/get", .read, "an experiment") { store, fields in
        ["experiment": Documents.experiment(try store.experiment(try fields.required("experiment_id")))]
      },
      call(.get, "experiments/get-by-name", .read, "an experiment by its name") { store, fields in
        let name = try fields.required("experiment_name")
        guard let found = try store.findExperiment(named: name) else {
          throw TrackingError(.notFound, "there is no experiment of that name")
        }
        return ["experiment": Documents.experiment(found)]
      },
      call(.post, "experiments/search", .read, "experiments that meet a filter") { store, fields in
        try Self.searchExperiments(store, fields)
      },
      call(.get, "experiments/search", .read, "experiments that meet a filter") { store, fields in try Self.searchExperiments(store, fields)
      },
      call(.post, "experiments/update", .write, "renames an experiment") { store, fields in
        let id = try fields.required("experiment_id")
        if let name = try fields.text("new_name"), !name.isEmpty { try store.renameExperiment(id, to: name) }
        return [:]
      },
      call(.post, "experiments/delete", .write, "hides an experiment") { store, fields in
        try store.deleteExperiment(try fields.required("experiment_id"))
        return [:]
      },
      call(.post, "experiments/restore", .write, "brings an experiment back") { store, fields in
        try store.restoreExperiment(try fields.required("experiment_id"))
        return [:]
      },
      call(.post, "experiments/set-experiment-tag", .write, "sets a tag of an experiment") { store, fields in
        try store.setExperimentTag(
          try fields.required("experiment_id"), TrackingTag(try fields.required("key"), try fields.text("value") ?? ""))
        return [:]
      },
      call(.post, "experiments/delete-experiment-tag", .write, "takes a tag from an experiment") { store, fields in
        try store.deleteExperimentTag(try fields.required("experiment_id"), key: try fields.required("key"))
        return [:]
      },
    ]
  }

  private static func searchExperiments(_ store: TrackingStore, _ fields: RequestFields) throws -> JSONValue {
    guard fields.value("max_results") != nil else {
      throw TrackingError(.invalid, "the parameter 'max_results' is missing", expected: "1 to \(TrackingLimits.pageSize)")
    }
    let page = try store.searchExperiments(
      filter: try fields.text("filter") ?? "", stage: try fields.stage("view_type"), orderBy: try fields.texts("order_by"),
      limit: try fields.limit(1000, most: TrackingLimits.pageSize), offset: try fields.offset())
    return Documents.page("experiments", page.elements.map(Documents.experiment), next: page.next)
  }
}
