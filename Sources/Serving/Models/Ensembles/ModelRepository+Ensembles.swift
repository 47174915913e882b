import MartletCore
import Web

extension ModelRepository {
  /// Serves an ensemble of models that are in the table.
  /// - Throws: `ServerError` naming what does not fit.
  func add(_ spec: EnsembleSpec) throws(ServerError) {
    func broken(_ problem: String) -> ServerError { ServerError(.brokenEnsemble(name: spec.name, problem: problem)) }
    guard spec.members.count > 1 else { throw broken("it has \(spec.members.count) members; expected at least 2") }
    if case .weighted(let weights) = spec.rule {
      guard weights.count == spec.members.count, weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.contains(where: { $0 > 0 }) else {
        throw broken("its weights are \(weights); expected \(spec.members.count) numbers of 0 or more, not all 0")
      }
    }
    if case .cascade(let confidence) = spec.rule, !(confidence > 0 && confidence <= 1) {
      throw broken("its confidence is \(confidence); expected more than 0 and at most 1")
    }
    var members: [ServedModel] = []
    for reference in spec.members {
      let (name, version) = Self.split(reference)
      let runner = version.map { version in versions(of: name).first { $0.model.version == version } } ?? versions(of: name).last
      guard let runner else { throw broken("its member '\(reference)' is not served; expected one of: \(names.joined(separator: ", "))") }
      members.append(runner.model)
    }
    let first = members[0], signature = first.predictor.signature
    for (reference, member) in zip(spec.members, members) {
      let own = member.predictor.signature
      guard own.inputs == signature.inputs, own.isBatched == signature.isBatched else {
        throw broken("its member '\(reference)' takes other inputs than '\(spec.members[0])'")
      }
      guard member.labels == first.labels else { throw broken("its member '\(reference)' knows other classes than '\(spec.members[0])'") }
      guard (member.columns == nil) == (first.columns == nil) else { throw broken("'\(reference)' reads tables, and not all members do") }
    }
    let asking = EnsembleMembers(
      spec: spec,
      ask: { [weak self] reference, inputs in
        guard let self else { throw HTTPProblem.stopping }
        let (name, version) = Self.split(reference)
        // Who may use the ensemble may use what it is made of, and has paid for it.
        return try await Caller.$current.withValue(.program) { try await self.find(name, version: version).predict(inputs) }
      }, logger: logger)
    let predictor = try predictor(spec, members, asking, broken)
    // Members batch and cache by themselves; an ensemble's own cache would not see that a member was replaced.
    let model = ServedModel(
      name: spec.name, version: spec.version, predictor: predictor, labels: first.labels, platform: "martlet_ensemble",
      adapter: first.adapter, columns: first.columns, batching: Batching.off, maxConcurrentCalls: 256, isCacheable: false)
    try insert(model)
  }

  private func predictor(
    _ spec: EnsembleSpec, _ members: [ServedModel], _ asking: EnsembleMembers, _ broken: (String) -> ServerError
  ) throws(ServerError) -> any Predictor {
    if members[0].columns != nil { return DocumentEnsemble(members: asking, version: spec.version) }
    let signatures = members.map(\.predictor.signature)
    // What all members give, and what can be averaged.
    let shared = signatures[0].outputs.filter { output in
      output.dtype.isFloatingPoint && signatures.allSatisfy { $0.outputs.contains { $0.name == output.name && $0.dtype == output.dtype } }
    }
    guard !shared.isEmpty else { throw broken("its members share no output of real numbers") }
    let classes = members[0].labels == nil ? nil : shared.first { $0.name == "probabilities" } ?? (shared.count == 1 ? shared[0] : nil)
    switch spec.rule {
    case .vote where classes == nil: throw broken("its members do not classify, so they cannot vote")
    case .cascade where classes == nil: throw broken("its members do not classify, so nobody knows how sure they are")
    case .cascade where !signatures[0].isBatched: throw broken("its members know no items, so none can go on alone")
    default: break
    }
    return TensorEnsemble(
      signature: Signature(inputs: signatures[0].inputs, outputs: shared, isBatched: signatures[0].isBatched), members: asking,
      probabilities: classes?.name)
  }

  private static func split(_ reference: String) -> (name: String, version: String?) {
    guard let mark = reference.lastIndex(of: "@") else { return (reference, nil) }
    return (String(reference[..<mark]), String(reference[reference.index(after: mark)...]))
  }
}
