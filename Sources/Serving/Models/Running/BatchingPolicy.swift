import MartletCore
import NIOCore
import Web

/// One request that waits for a model.
public struct WaitingRequest: Sendable {
  let job: PredictionJob
  private let now: NIODeadline

  init(_ job: PredictionJob, now: NIODeadline) {
    self.job = job
    self.now = now
  }

  /// How many items it brings; 1 where the model knows no items.
  public var items: Int { job.items ?? 1 }
  /// For how long it has waited.
  public var waited: Duration { .nanoseconds((now - job.arrival).nanoseconds) }
  /// How long until its deadline; negative once that has passed.
  public var remaining: Duration { .nanoseconds((job.deadline - now).nanoseconds) }
  /// From -8 to 8; 0 for most.
  public var priority: Int { job.priority }
  /// The shape of one of its inputs, the number of items first; `nil` for an unknown name.
  public func shape(of input: String) -> [Int]? { job.inputs[input]?.shape }
  /// Whether both can stand in one call: the same inputs, and the same shapes behind the number of items, or, where the model says how to
  /// pad them, lengths of one bucket.
  public func joins(_ other: WaitingRequest) -> Bool { PredictionJob.canJoin(job, other.job) }
}

/// What a model does next.
public enum BatchDecision: Sendable, Hashable {
  /// Call the model with these requests, given by their positions among those that wait.
  case start([Int])
  /// Ask again after so long, or when another request comes.
  case wait(Duration)
}

/// Decides which of the requests that wait for a model go into its next call.
///
/// ``Batching`` is the one that comes with the server. Requests that do not join each other are called one by one, whatever a policy says.
public protocol BatchingPolicy: Sendable {
  /// - Parameter waiting: at least one, what should go first in front. It is called while the queue is locked, so it must be quick.
  func next(_ waiting: [WaitingRequest]) -> BatchDecision
}

/// How inputs of different lengths are padded so that they fit into one call.
///
/// Only for models whose answer for an item does not change when the item is padded (those that take a mask, say).
public struct RaggedInputs: Sendable, Hashable {
  /// What fills the second dimension of an input, by the input's name. The signature must leave that dimension open.
  public let fill: [String: Double]
  /// The outputs whose second dimension is as long as the inputs', and is cut back to the item's own length.
  public let outputs: Set<String>
  /// Lengths up to which items may share a call: with `[16, 64]`, items of 3 and 12 may, and of 12 and 20 may not. Longer ones than the
  /// last bucket share a call with others of exactly their length.
  public let buckets: [Int]

  public init(fill: [String: Double], outputs: Set<String> = [], buckets: [Int]) {
    self.fill = fill
    self.outputs = outputs
    self.buckets = buckets.sorted()
  }

  func bucket(of length: Int) -> Int { buckets.first { length <= $0 } ?? length }

  /// - Throws: `ArgumentError` if the signature does not let these inputs and outputs have different lengths.
  func check(_ signature: Signature) throws(ArgumentError) {
    for name in fill.keys.sorted() + outputs.sorted() {
      guard let spec = (fill[name] == nil ? signature.outputs : signature.inputs).first(where: { $0.name == name }) else {
        throw ArgumentError("batching pads '\(name)', which the model does not have", expected: "names of its signature")
      }
      guard signature.isBatched, spec.shape.count > 1, spec.shape[1] == nil else {
        throw ArgumentError(
          "batching pads '\(name)', whose shape is \(spec.shapeDescription)", expected: "a second dimension that the signature leaves open")
      }
    }
  }
}
