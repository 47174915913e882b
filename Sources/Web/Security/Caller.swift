package import Access
import HTTPTypes
import MartletCore

/// Who makes the request that is being answered. What finds models asks it, so that no endpoint can forget to.
package struct Caller: Sendable {
  package let principal: Principal
  /// Where items are counted against the principal's limits.
  private let gate: UsageGate?
  /// What models do for the request; `nil` where nobody asks.
  package let work: RequestWork?

  package init(_ principal: Principal, gate: UsageGate? = nil, work: RequestWork? = nil) {
    self.principal = principal
    self.gate = gate
    self.work = work
  }

  /// The program itself, which may do everything.
  package static let program = Caller(.local)

  /// The caller of the request that this task answers; outside of a request the program.
  @TaskLocal package static var current = program

  /// - Throws: `HTTPProblem` 403, whether the model exists or not.
  package func require(model: String) throws(HTTPProblem) {
    guard !principal.mayUse(model: model) else { return }
    throw HTTPProblem(
      .forbidden, "model '\(excerpt(model))' is not among those of '\(excerpt(principal.name))'",
      expected: principal.models.isEmpty ? nil : principal.models.map(\.text).joined(separator: ", "))
  }

  /// Whether a list may show the model.
  package func maySee(model: String) -> Bool { principal.mayUse(model: model) }

  /// Counts items, rows or tokens against the caller's limits.
  package func charge(_ items: Int) { gate?.charge(Double(items), to: principal) }
}
