import Logging
import MartletCore
import Web

/// Asks the members of an ensemble, and goes on without those that fail where the ensemble may.
struct EnsembleMembers: Sendable {
  let spec: EnsembleSpec
  let ask: @Sendable (_ member: String, _ inputs: [String: HostArray]) async throws -> [String: HostArray]
  let logger: Logger

  typealias Answer = (member: Int, outputs: [String: HostArray])

  /// The answers of all members, in their order.
  /// - Throws: the first error, unless others may answer without that member.
  func all(_ inputs: [String: HostArray]) async throws -> [Answer] {
    let results = await withTaskGroup(of: (Int, Result<[String: HostArray], any Error>).self) { group in
      for index in spec.members.indices { group.addTask { (index, await result(index, inputs)) } }
      var results = [Result<[String: HostArray], any Error>?](repeating: nil, count: spec.members.count)
      for await (index, result) in group { results[index] = result }
      return results
    }
    var answers: [Answer] = []
    var failure: (any Error)?
    for (index, result) in results.enumerated() {
      switch result {
      case .success(let outputs): answers.append((index, outputs))
      case .failure(let error): failure = try failure ?? forgive(error, index)
      case nil: break
      }
    }
    if answers.isEmpty, let failure { throw failure }
    return answers
  }

  /// The answer of one member; `nil` if it failed and may.
  func one(_ index: Int, _ inputs: [String: HostArray]) async throws -> (outputs: [String: HostArray]?, failure: (any Error)?) {
    switch await result(index, inputs) {
    case .success(let outputs): return (outputs, nil)
    case .failure(let error): return (nil, try forgive(error, index))
    }
  }

  private func result(_ index: Int, _ inputs: [String: HostArray]) async -> Result<[String: HostArray], any Error> {
    do { return .success(try await ask(spec.members[index], inputs)) } catch { return .failure(error) }
  }

  /// - Returns: the error of a member that the ensemble can do without.
  private func forgive(_ error: any Error, _ index: Int) throws -> any Error {
    // What is wrong with the request is wrong for all members.
    guard spec.memberFailure == .skip, !(error is ArgumentError), !ClientGone.explains(error) else { throw error }
    logger.warning(
      "a member of an ensemble failed; the others answer",
      metadata: ["model": .string(spec.name), "member": .string(spec.members[index]), "detail": .string("\(error)")])
    return error
  }
}
