import MartletCore
import NN
import Torch

/// Gradients that travel together, and the moment in the backward pass at which they do.
///
/// A bucket is sent as soon as its last gradient is complete, while the backward pass goes on with earlier layers. Buckets are sent in their
/// order on every process, whatever order the gradients come in. Behind the gradients each bucket carries, per parameter, whether this
/// process had a gradient (so that one that is used nowhere gets none) and, per process, zero or NaN (so that it is known whose gradients
/// were not finite).
///
/// `@unchecked Sendable`: hooks run on the thread that runs the backward pass, which is the one that calls everything else.
final class GradientBuckets: @unchecked Sendable {
  private struct Bucket {
    let members: [Int]
    var waiting: Set<Int>
    var flat: Tensor?
    var sending: Collective?

    init(_ members: [Int]) {
      self.members = members
      waiting = Set(members)
    }
  }

  let parameters: [Parameter]
  private let group: ProcessGroup
  private let tensors: [Tensor]
  private let place: [Int]
  private var buckets: [Bucket]
  private var next = 0
  private var isActive = false
  /// The order in which gradients became complete.
  private(set) var order: [Int] = []
  /// What went wrong in a hook, with its type.
  private(set) var failure: (any Error)?
  /// Buckets that were on their way before the backward pass was over, in the last pass.
  private(set) var sentEarly = 0
  /// Processes whose gradients were not finite in the last pass.
  private(set) var nonFinite: [Int] = []

  /// - Parameter order: the parameters' positions in the order in which their gradients are expected.
  init(_ parameters: [Parameter], order: [Int], over group: ProcessGroup, bytes: Int, firstBytes: Int) throws {
    self.parameters = parameters
    self.group = group
    tensors = try parameters.map { try $0.value }
    buckets = Self.plan(tensors, order, bytes: bytes, firstBytes: firstBytes).map(Bucket.init)
    var place = [Int](repeating: 0, count: parameters.count)
    for (number, bucket) in buckets.enumerated() { for member in bucket.members { place[member] = number } }
    self.place = place
    for (index, tensor) in tensors.enumerated() {
      try tensor.onGradientReady { [weak self] in try self?.ready(index) }
    }
  }

  /// Lets go of the parameters.
  func detach() { for tensor in tensors { try? tensor.removeGradientReady() } }

  /// The parameters of each bucket, in the order of sending.
  var members: [[Int]] { buckets.map(\.members) }

  /// Still the model's trainable parameters.
  func fits(_ current: [Parameter]) -> Bool {
    current.count == parameters.count && zip(current, parameters).allSatisfy { $0 === $1 }
      && zip(current, tensors).allSatisfy { parameter, tensor in (try? parameter.value.isIdentical(to: tensor)) ?? false }
  }

  func begin() {
    buckets = buckets.map { Bucket($0.members) }
    (next, isActive, order, failure, sentEarly, nonFinite) = (0, true, [], nil, 0, [])
  }

  /// What is known of the last pass, after the buckets were planned anew.
  func keep(sentEarly: Int, nonFinite: [Int]) {
    self.sentEarly = sentEarly
    self.nonFinite = nonFinite
  }

  /// Ends a pass that failed.
  func abandon() {
    isActive = false
    // What is under way may not be let go of while it writes.
    for bucket in buckets { _ = try? bucket.sending?.wait() }
    buckets = buckets.map { Bucket($0.members) }
  }

  /// Sends what is left, waits for all, and puts the means in the gradients' place.
  func finish() throws {
    isActive = false
    sentEarly = next
    while next < buckets.count { try send() }
    for bucket in buckets { try take(bucket) }
    buckets = buckets.map { Bucket($0.members) }
  }

  private func ready(_ index: Int) throws {
    guard isActive, failure == nil else { return }
    order.append(index)
    buckets[place[index]].waiting.remove(index)
    do {
      while next < buckets.count, buckets[next].waiting.isEmpty { try send() }
    } catch {
      failure = error
      throw error
    }
  }

  private func send() throws {
    let members = buckets[next].members
    let first = tensors[members[0]]
    let flat = try withoutGrad {
      let gradients = members.map { tensors[$0].grad }
      var pieces = try zip(members, gradients).map { member, gradient in
        try gradient.map { try $0.detach().reshape([-1]) }
          ?? Tensor.zeros([tensors[member].count], dtype: first.dtype, device: first.device)
      }
      pieces.append(try Tensor(gradients.map { $0 == nil ? Float(0) : 1 }).to(first.dtype, device: first.device))
      let finite = try Tensor.cat(pieces, dim: 0)
      // Zero times a sum is NaN exactly if something in it is not finite, or if huge values overflow, which is looked at again later.
      var marks = [Tensor](repeating: try Tensor.zeros([1], dtype: first.dtype, device: first.device), count: group.size)
      marks[group.rank] = try (finite.sum() * 0).reshape([1])
      let whole = try Tensor.cat([finite] + marks, dim: 0)
      // Divided before and not after, so that halves do not overflow.
      try whole.mul_(.double(1 / Double(group.size)))
      return whole
    }
    buckets[next].flat = flat
    buckets[next].sending = try group.allReduceInPlace(flat)
    next += 1
  }

  private func take(_ bucket: Bucket) throws {
    guard let flat = bucket.flat else { return }
    try bucket.sending?.wait()
    try withoutGrad {
      let count = bucket.members.reduce(0) { $0 + tensors[$1].count }
      let tail = try flat.narrow(dim: 0, start: count, length: bucket.members.count + group.size).array(of: Double.self)
      for rank in 0..<group.size where tail[bucket.members.count + rank].isNaN && !nonFinite.contains(rank) { nonFinite.append(rank) }
      var start = 0
      for (position, member) in bucket.members.enumerated() {
        let tensor = tensors[member]
        if tail[position] > 0 { try tensor.setGrad(flat.narrow(dim: 0, start: start, length: tensor.count).view(tensor.shape)) }
        start += tensor.count
      }
    }
  }

  /// Buckets of one type each, filled in order up to a size. The first one is small, so that sending starts early.
  static func plan(_ tensors: [Tensor], _ order: [Int], bytes: Int, firstBytes: Int) -> [[Int]] {
    var closed: [[Int]] = []
    var open: [String: (members: [Int], size: Int)] = [:]
    var kinds: [String] = []
    for index in order {
      let key = "\(tensors[index].dtype) \(tensors[index].device)"
      if open[key] == nil { kinds.append(key) }
      var bucket = open[key] ?? ([], 0)
      bucket.members.append(index)
      bucket.size += tensors[index].count * tensors[index].dtype.size
      if bucket.size >= (closed.isEmpty ? firstBytes : bytes) {
        closed.append(bucket.members)
        bucket = ([], 0)
      }
      open[key] = bucket
    }
    return closed + kinds.compactMap { open[$0]?.members }.filter { !$0.isEmpty }
  }
}
