/// How much of anything is taken; MLflow's numbers, since its clients split what they send by them.
package enum TrackingLimits {
  package static let metricsPerBatch = 1000
  package static let entitiesPerBatch = 1000
  /// Parameters, and tags.
  package static let textsPerBatch = 100
  package static let batchBytes = 1_000_000
  package static let keyLength = 250
  package static let paramLength = 6000
  package static let tagLength = 8000
  package static let experimentNameLength = 500
  package static let experimentTagLength = 20_000
  package static let modelTagLength = 100_000
  package static let aliasLength = 255
  package static let datasetsPerRequest = 1000
  package static let datasetNameLength = 500
  package static let datasetDigestLength = 36
  package static let datasetSourceLength = 65_535
  package static let datasetSchemaLength = 1_048_575
  package static let datasetProfileLength = 16_777_215
  package static let inputTagKeyLength = 255
  package static let inputTagValueLength = 500
  /// Elements of one page of a search.
  package static let pageSize = 50_000
  package static let registeredModelsPerPage = 1000
  package static let modelVersionsPerPage = 200_000
}

/// Checks names and texts before they are kept.
package enum TrackingNames {
  /// The name of a metric, parameter or tag: letters, digits and `_ - . / :` and spaces; not a path that means another one.
  package static func check(key: String, _ what: String) throws(TrackingError) {
    let isPlain = key.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic || scalar.properties.numericType != nil || ["_", "/", ".", "-", " ", ":"].contains(scalar)
    }
    guard isPlain, !key.isEmpty else {
      throw TrackingError(
        .invalid, "'\(excerpt(key))' cannot be the name of a \(what)",
        expected: "letters, digits, underscores, dashes, dots, spaces, colons and slashes")
    }
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
      throw TrackingError(
        .invalid, "'\(excerpt(key))' cannot be the name of a \(what), since as a path it would mean another one",
        expected: "a/b, without . and ..")
    }
    try check(length: key, TrackingLimits.keyLength, "the name of a \(what)")
  }

  package static func check(length text: String, _ limit: Int, _ what: String) throws(TrackingError) {
    let length = text.unicodeScalars.count
    guard length <= limit else { throw TrackingError(.invalid, "\(what) has \(length) characters", expected: "at most \(limit)") }
    guard !text.utf8.contains(0) else { throw TrackingError(.invalid, "\(what) holds a NUL character") }
  }

  /// A text that is cut at the limit, as MLflow's servers do by default.
  package static func cut(_ text: String, _ limit: Int) -> String {
    let kept = text.utf8.count <= limit ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    // PostgreSQL has no NUL.
    return kept.utf8.contains(0) ? kept.replacing("\0", with: "\u{FFFD}") : kept
  }

  package static func check(experiment name: String) throws(TrackingError) {
    guard !name.isEmpty else { throw TrackingError(.invalid, "the experiment's name is empty", expected: "a name") }
    try check(length: name, TrackingLimits.experimentNameLength, "the experiment's name")
  }

  /// The name of a registered model.
  package static func check(model name: String) throws(TrackingError) {
    guard name.contains(where: { !$0.isWhitespace }) else {
      throw TrackingError(.invalid, "the model's name is missing", expected: "a name")
    }
    guard !name.contains(where: { "/:".contains($0) }) else {
      throw TrackingError(.invalid, "'\(excerpt(name))' cannot be a model's name", expected: "a name without '/' and ':'")
    }
    try check(length: name, 256, "the model's name")
  }

  /// The name of a logged model.
  package static func check(loggedModel name: String) throws(TrackingError) {
    guard !name.isEmpty, !name.contains(where: { "/:.%\"'".contains($0) }) else {
      throw TrackingError(.invalid, "'\(excerpt(name))' cannot be a logged model's name", expected: "a name without / : . % and quotes")
    }
    try check(length: name, 500, "the logged model's name")
  }

  /// The identifier of a run that a client sends.
  package static func check(run id: String) throws(TrackingError) {
    let isPlain =
      (1...256).contains(id.utf8.count)
      && id.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
    guard isPlain, id.first != "-", id.first != "_" else { throw TrackingError(.invalid, "'\(excerpt(id))' cannot be a run's id") }
  }

  /// An experiment's number.
  package static func experiment(_ id: String) throws(TrackingError) -> Int {
    guard let number = Int(id), number >= 0 else {
      throw TrackingError(.invalid, "'\(excerpt(id))' cannot be an experiment's id", expected: "a whole number")
    }
    return number
  }
}
