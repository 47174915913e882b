import HTTPTypes
import MartletCore
import Web

/// The models of a server, by name and version.
struct ModelTable: Sendable {
  /// In the order in which they were given.
  let runners: [ModelRunner]
  private let byName: [String: [ModelRunner]]

  /// - Parameter isAlone: there are no other models that are no predictors.
  /// - Throws: `ServerError` where there is no model, or two with one name and version.
  init(_ runners: [ModelRunner], isAlone: Bool = true) throws(ServerError) {
    guard !runners.isEmpty || !isAlone else { throw ServerError(.noModels) }
    self.runners = runners
    byName = Dictionary(grouping: runners) { $0.model.name }
    for (name, versions) in byName {
      var seen: Set<String> = []
      for runner in versions where !seen.insert(runner.model.version).inserted {
        throw ServerError(.duplicateModel(name: name, version: runner.model.version))
      }
    }
  }

  var names: [String] { byName.keys.sorted() }

  /// The versions of one name, the newest last.
  func versions(of name: String) -> [ModelRunner] { byName[name] ?? [] }

  /// - Parameter version: the newest (the one given last) if `nil`.
  /// - Throws: `HTTPProblem` 404 naming what there is.
  func find(_ name: String, version: String? = nil) throws -> ModelRunner {
    let versions = versions(of: name)
    guard let newest = versions.last else {
      let near = NearestName.of(String(name.prefix(64)), among: names)
      throw HTTPProblem(
        .notFound, "unknown model '\(excerpt(name))'", expected: names.joined(separator: ", "), remedy: near.map { "'\($0)'" })
    }
    guard let version else { return newest }
    guard let runner = versions.first(where: { $0.model.version == version }) else {
      throw HTTPProblem(
        .notFound, "model '\(name)' has no version '\(excerpt(version))'",
        expected: versions.map(\.model.version).joined(separator: ", "))
    }
    return runner
  }

  /// The model of `POST /predict`, which names none.
  func only() throws -> ModelRunner {
    guard byName.count == 1, let newest = runners.last else {
      throw HTTPProblem(
        .badRequest, "this server has \(byName.count) models, so the request must name one",
        remedy: names.map { "/models/\($0)/predict" }.joined(separator: " or "))
    }
    return newest
  }
}
