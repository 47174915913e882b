package import NIOCore
import Synchronization

/// What models did for one request: collected while it runs, read when it is over, for its trace and its bill.
package final class RequestWork: Sendable {
  /// One model's part.
  package struct Piece: Sendable {
    package let model: String
    package let version: String
    /// When the request was given to the model, when the call with it began, and when that ended.
    package let arrival: NIODeadline
    package let start: NIODeadline
    package let end: NIODeadline
    /// Rows, or tokens, of this request.
    package let items: Int
    /// Of all requests that shared the call.
    package let batchItems: Int

    package init(
      model: String, version: String, arrival: NIODeadline, start: NIODeadline, end: NIODeadline, items: Int, batchItems: Int
    ) {
      self.model = model
      self.version = version
      self.arrival = arrival
      self.start = start
      self.end = end
      self.items = items
      self.batchItems = batchItems
    }

    /// The request's share of the call's time.
    package var seconds: Double {
      Double((end - start).nanoseconds) / 1e9 * Double(max(items, 1)) / Double(max(batchItems, items, 1))
    }
  }

  private let state = Mutex<[Piece]>([])
  private let onPiece: @Sendable (Piece) -> Void

  /// - Parameter onPiece: gets every piece as it comes, also those of answers that are streamed after their request.
  package init(onPiece: @escaping @Sendable (Piece) -> Void = { _ in }) { self.onPiece = onPiece }

  package var pieces: [Piece] { state.withLock { $0 } }

  package func add(_ piece: Piece) {
    // A trace of thousands of pieces helps nobody; the bill has them all.
    state.withLock { if $0.count < 64 { $0.append(piece) } }
    onPiece(piece)
  }
}
