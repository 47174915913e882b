package import Access
import Synchronization

/// What models did for whom, since the server began.
package final class CostLedger: Sendable {
  package struct Account: Sendable, Hashable {
    package let model: String
    package let version: String
    /// The caller's name and credential.
    package let name: String
    package let credential: String
  }

  package struct Figures: Sendable, Hashable {
    package fileprivate(set) var pieces = 0
    package fileprivate(set) var items = 0
    /// The accounts' shares of the calls' time.
    package fileprivate(set) var seconds = 0.0

    package init() {}

    package mutating func add(_ other: Figures) {
      pieces += other.pieces
      items += other.items
      seconds += other.seconds
    }
  }

  /// More accounts than that are one: names of models and callers must not fill the memory.
  package static let maxAccounts = 10_000
  private let state = Mutex<[Account: Figures]>([:])

  package init() {}

  package var accounts: [Account: Figures] { state.withLock { $0 } }

  package func add(_ piece: RequestWork.Piece, by principal: Principal) {
    state.withLock { state in
      var account = Account(model: piece.model, version: piece.version, name: principal.name, credential: principal.credential)
      if state[account] == nil, state.count >= Self.maxAccounts {
        account = Account(model: "other", version: "", name: "other", credential: "")
      }
      state[account, default: Figures()].pieces += 1
      state[account, default: Figures()].items += piece.items
      state[account, default: Figures()].seconds += piece.seconds
    }
  }
}
