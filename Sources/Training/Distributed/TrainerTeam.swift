public import MartletCore
import NN
import Synchronization
import Torch

/// A trainer's part in a run of several processes: what they tell one another at every step so that all do the same.
///
/// Beside the gradients one small sum travels per step, on its way while the backward pass runs: losses and metrics, whether somebody's loss
/// is not finite, whether somebody was asked to stop. What is known of all after a step is the same everywhere, down to the last bit.
final class TrainerTeam {
  let group: ProcessGroup
  /// Somebody wants this process to stop: a task was cancelled. Asked at the end of a step.
  let cancellation = CancellationFlag()
  private(set) var replica: DataParallel?
  /// What this process's handlers asked for and the others do not know yet.
  private var answer = HandlerAnswer.continue
  private var hasComparedBatches = false

  init(_ group: ProcessGroup) { self.group = group }

  /// Makes all models rank 0's.
  func start(_ model: Module) throws { replica = try DataParallel(model, over: group) }

  /// Running statistics that are not synchronised become rank 0's.
  func synchronizeBuffers() throws { try replica?.synchronizeBuffers() }

  /// Handlers of this process: files and progress are rank 0's.
  func own(_ handlers: [any Handler]) -> [any Handler] { group.isFirst ? handlers : handlers.filter { !$0.isForFirstRankOnly } }

  // Steps -------------------------------------------------------------------------------------------------------------------------------

  /// What all processes together found in a step.
  struct Shared {
    var sums: EpochSums
    /// The mean loss over all items.
    var loss: Double
    /// Processes whose loss was not finite.
    var nonFinite: Int
    /// Processes that were asked to stop.
    var cancelled: Int
    /// The strongest answer of all handlers to the step before.
    var answer: HandlerAnswer
  }

  /// A sum under way.
  struct Exchange {
    fileprivate let pending: Collective
    fileprivate let names: [String]
  }

  /// Starts to tell the others.
  /// - Parameter isFinite: whether all losses of this process are.
  func begin(_ batches: [Batch], isFinite: Bool, sums: EpochSums) throws -> Exchange {
    if !hasComparedBatches { try compare(batches[0]) }
    let names = sums.sums.keys.sorted()
    var values = [
      isFinite ? 0.0 : 1, cancellation.isSet ? 1 : 0, answer == .stopEpoch ? 1 : 0, answer == .stop ? 1 : 0,
    ]
    answer = .continue
    for name in names {
      let sum = sums.sums[name] ?? EpochSums.Sum()
      values += [sum.total, Double(sum.count)]
    }
    return Exchange(pending: try group.allReduceInPlace(Tensor(values)), names: names)
  }

  /// What all said.
  func end(_ exchange: Exchange) throws -> Shared {
    let values = try exchange.pending.result().array(of: Double.self)
    var sums = EpochSums()
    for (position, name) in exchange.names.enumerated() { sums.add(name, values[4 + 2 * position], Int(values[5 + 2 * position])) }
    let loss = sums.sums["loss"] ?? EpochSums.Sum()
    return Shared(
      sums: sums, loss: loss.total / Double(max(1, loss.count)), nonFinite: Int(values[0]), cancelled: Int(values[1]),
      answer: values[3] > 0 ? .stop : values[2] > 0 ? .stopEpoch : .continue)
  }

  /// By how many items a step's batches count here: the mean over the processes of their sums is then the mean over all items.
  func items(of batches: [Batch]) -> Double {
    batches.reduce(0) { $0 + ($1.wholeCount.map { Double($0) / Double(group.size) } ?? Double($1.count)) }
  }

  /// Tells the others with the next step what this process's handlers want.
  func remember(_ own: HandlerAnswer) { answer = max(answer, own) }

  /// What all handlers want, told at once: for the ends of epochs.
  func agree(_ own: HandlerAnswer) throws -> HandlerAnswer {
    defer { answer = .continue }
    let both = max(own, answer)
    let cancelled = cancellation.isSet ? 1 : 0
    let all = try group.allReduce(Tensor([Int64(both.rawValue), Int64(cancelled)]), .maximum).result().array(of: Int64.self)
    if all[1] > 0 { throw CancellationError() }
    return HandlerAnswer(rawValue: Int(all[0])) ?? .stop
  }

  /// Sums over the batches of all processes.
  func total(_ own: EpochSums) throws -> EpochSums {
    let names = own.sums.keys.sorted()
    let values = names.flatMap { name -> [Double] in
      let sum = own.sums[name] ?? EpochSums.Sum()
      return [sum.total, Double(sum.count)]
    }
    guard !values.isEmpty else { return own }
    let all = try group.allReduce(Tensor(values)).result().array(of: Double.self)
    var sums = EpochSums()
    for (position, name) in names.enumerated() { sums.add(name, all[2 * position], Int(all[2 * position + 1])) }
    return sums
  }

  // Failures ----------------------------------------------------------------------------------------------------------------------------

  /// Ends the run everywhere with the words of the first process whose loss is not finite.
  /// - Parameter explain: finds out where it started, called in the processes where it did.
  func nonFinite(_ isOwn: Bool, _ explain: () throws -> NonFiniteTraining) throws -> any Error {
    let flags = try group.allGather(Tensor([isOwn ? Int64(1) : 0])).result().array(of: Int64.self)
    let ranks = flags.indices.filter { flags[$0] > 0 }
    var failure: NonFiniteTraining?
    if isOwn {
      replica?.model.synchronizeBatchNorm(over: nil)
      failure = try explain()
      failure?.rank = group.rank
    }
    let first = ranks.first ?? 0
    let words = try group.share(failure?.problem ?? "", from: first)
    if let failure { return failure }
    return RemoteFailure(rank: first, words: words, remedy: "the same as if that process had trained alone: see its own message")
  }

  /// The processes in whose gradients a mean that is not finite started.
  var nonFiniteGradients: [Int] { replica?.nonFiniteRanks ?? [] }

  /// Two processes on the same items would learn nothing from each other.
  private func compare(_ batch: Batch) throws {
    hasComparedBatches = true
    guard group.size > 1 else { return }
    var random = KeyedRandom(seed: UInt64(batch.indices.count), purpose: "batch", index: 0)
    let code = batch.indices.reduce(Int64(truncatingIfNeeded: random.next())) { ($0 &* 1_099_511_628_211) ^ Int64($1) }
    let codes = try group.allGather(Tensor([code, batch.wholeCount == nil ? 0 : 1])).result().array(of: Int64.self)
    let isWhole = stride(from: 1, to: codes.count, by: 2).allSatisfy { codes[$0] == 0 }
    if isWhole, stride(from: 0, to: codes.count, by: 2).allSatisfy({ codes[$0] == codes[0] }) {
      throw ArgumentError(
        "all \(group.size) processes train on the same items", expected: "each process on its own part",
        remedy: "DataLoader(ShardedBatches(source, over: group), …) or a ShardedSampler")
    }
  }
}

/// What ended the run in another process.
public struct RemoteFailure: MartletError, Hashable {
  /// The process where it happened.
  public let rank: Int
  /// That process's own words.
  public let words: String
  public let remedy: String?

  public var problem: String { words.hasPrefix("rank \(rank)") ? words : "rank \(rank): \(words)" }
}

/// A request that may come from any thread.
final class CancellationFlag: Sendable {
  private let flag = Mutex(false)
  var isSet: Bool { flag.withLock { $0 } }
  func set() { flag.withLock { $0 = true } }
}

extension Checkpoints { public var isForFirstRankOnly: Bool { true } }
extension MetricStore { public var isForFirstRankOnly: Bool { true } }
extension ProgressBar { public var isForFirstRankOnly: Bool { true } }
extension TensorBoard { public var isForFirstRankOnly: Bool { true } }
