/// Where a version stands, in the words of the Open Inference Protocol's repository extension.
package enum ModelState: String, Sendable, Hashable, CaseIterable {
  /// Known, and not loaded: it was unloaded, or loading failed.
  case unavailable = "UNAVAILABLE"
  case loading = "LOADING"
  case ready = "READY"
  /// Takes no new requests and finishes those that it has.
  case unloading = "UNLOADING"
}

/// One line of a repository's index.
package struct ModelIndexEntry: Sendable, Hashable {
  package let name: String
  package let version: String
  package let state: ModelState
  /// Why it is not ready; empty where there is nothing to say.
  package let reason: String

  package init(name: String, version: String, state: ModelState, reason: String = "") {
    self.name = name
    self.version = version
    self.state = state
    self.reason = reason
  }
}

/// What a change of the model table did.
package struct ModelChange: Sendable, Hashable {
  package let name: String
  /// The version that answers now; `nil` after the last one was unloaded.
  package let version: String?
  /// The version that was taken away, if any.
  package let retired: String?
  /// Requests that were answered with 503 because they did not finish while the retired version drained.
  package let abandoned: Int
  /// How long the retired version took to finish its requests.
  package let drained: Duration
}
