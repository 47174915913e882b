import Databases
import Registry

extension TrackingStore {
  /// Registered models that meet a filter, by name unless `orderBy` says otherwise. Prompts, which MLflow keeps among them, are left out
  /// unless the filter asks for them.
  /// - Throws: `TrackingError` `.invalid` that says what is wrong with the filter or the order.
  package func searchRegisteredModels(
    filter: String = "", orderBy: [String] = [], limit: Int = 100, offset: Int = 0
  ) throws(TrackingError) -> Page<RegisteredModel> {
    try Self.check(limit: limit, most: TrackingLimits.registeredModelsPerPage)
    let conditions = try FilterGrammar.registeredModels.conditions(filter)
    let order = try FilterGrammar.registeredModels.order(orderBy)
    let tags = try read { connection in
      let models = try connection.values("SELECT DISTINCT model FROM tracking_registered_tags", as: String.self)
      return try texts("tracking_registered_tags", owner: "model", of: models, connection)
    }
    let rows = try modelRows().filter { row in
      let own = tags[row.model] ?? []
      return Self.isWanted(own, conditions)
        && conditions.allSatisfy { condition in
          condition.subject.kind == .tag ? Self.holds(condition, own) : condition.holds(row.name)
        }
    }
    let sorted = rows.sorted { first, second in
      for key in order {
        let isLess: Bool?
        switch key.subject.key {
        case "name": isLess = Self.compare(first.name, second.name)
        case "creation_timestamp": isLess = Self.compare(first.created, second.created)
        default: isLess = Self.compare(first.updated, second.updated)
        }
        if let isLess { return isLess == key.ascending }
      }
      return first.name < second.name
    }
    let page = Page(Array(sorted.dropFirst(offset).prefix(limit + 1)), offset: offset, limit: limit)
    var found: [RegisteredModel] = []
    for row in page.elements { found.append(try describe(row)) }
    return Page(found, next: page.next)
  }

  /// Versions that meet a filter, those that changed last first unless `orderBy` says otherwise.
  /// - Throws: `TrackingError` `.invalid` that says what is wrong with the filter or the order.
  package func searchVersions(
    filter: String = "", orderBy: [String] = [], limit: Int = 10_000, offset: Int = 0
  ) throws(TrackingError) -> Page<RegisteredVersion> {
    try Self.check(limit: limit, most: TrackingLimits.modelVersionsPerPage)
    let conditions = try FilterGrammar.modelVersions.conditions(filter)
    let order = try FilterGrammar.modelVersions.order(orderBy.isEmpty ? ["last_updated_timestamp DESC"] : orderBy)
    let onName = conditions.filter { $0.subject.kind == .attribute && $0.subject.key == "name" }
    var found: [RegisteredVersion] = []
    for row in try modelRows() where onName.allSatisfy({ $0.holds(row.name) }) {
      found += try versions(of: row).filter { version in
        Self.isWanted(version.tags, conditions) && conditions.allSatisfy { Self.holds($0, version) }
      }
    }
    let sorted = found.sorted { first, second in
      for key in order {
        let isLess: Bool?
        switch key.subject.key {
        case "name": isLess = Self.compare(first.name, second.name)
        case "version_number": isLess = Self.compare(first.number, second.number)
        case "creation_timestamp": isLess = Self.compare(first.created, second.created)
        default: isLess = Self.compare(first.updated, second.updated)
        }
        if let isLess { return isLess == key.ascending }
      }
      return (first.name, -first.number) < (second.name, -second.number)
    }
    return Page(Array(sorted.dropFirst(offset).prefix(limit + 1)), offset: offset, limit: limit)
  }

  /// The rows of all models, those that only Martlet knows included.
  private func modelRows() throws(TrackingError) -> [ModelRow] {
    let known = try read { connection in
      try connection.rows("SELECT \(Self.modelRowColumns) FROM tracking_registered_models").map { try ModelRow($0) }
    }
    let names = Set(known.map(\.model))
    let others = try guarded { try registry.models().filter { !names.contains($0.name) } }
    return known
      + others.map { summary in
        ModelRow(
          name: summary.name, model: summary.name, created: summary.newest.registered.milliseconds,
          updated: summary.newest.registered.milliseconds, description: nil)
      }
  }

  private static func holds(_ condition: Condition, _ version: RegisteredVersion) -> Bool {
    if condition.subject.kind == .tag { return holds(condition, version.tags) }
    return switch condition.subject.key {
    case "name": condition.holds(version.name)
    case "run_id": condition.holds(version.run)
    case "source_path": condition.holds(version.source)
    default: condition.holds(Double(version.number))
    }
  }

  private static func holds(_ condition: Condition, _ tags: [TrackingTag]) -> Bool {
    let value = tags.first { $0.key == condition.subject.key }?.value
    // What says nothing is no prompt.
    if condition.subject.key == WellKnownTag.isPrompt, value == nil { return condition.holds("false") }
    return condition.holds(value)
  }

  /// Not a prompt, or prompts are what the filter speaks of.
  private static func isWanted(_ tags: [TrackingTag], _ conditions: [Condition]) -> Bool {
    conditions.contains { $0.subject.key == WellKnownTag.isPrompt }
      || !tags.contains { $0.key == WellKnownTag.isPrompt && $0.value.lowercased() == "true" }
  }

  private static func compare<Value: Comparable>(_ first: Value, _ second: Value) -> Bool? { first == second ? nil : first < second }
}
