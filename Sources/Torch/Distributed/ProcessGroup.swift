import CTorch
public import Foundation
import Synchronization

/// What carries the data between processes.
public enum DistributedBackend: String, Sendable, Hashable, CaseIterable {
  /// TCP between CPUs.
  case gloo
  /// NVIDIA's library between GPUs.
  case nccl
}

/// How the values of all processes become one.
public enum ReduceOperation: String, Sendable, Hashable, CaseIterable {
  case sum, mean, minimum, maximum, product

  var c: CTReduce {
    switch self {
    case .sum, .mean: CT_REDUCE_SUM
    case .minimum: CT_REDUCE_MIN
    case .maximum: CT_REDUCE_MAX
    case .product: CT_REDUCE_PRODUCT
    }
  }
}

/// Processes that compute together (libtorch's c10d). Each has a rank from 0 to `size - 1`.
///
/// ```swift
/// if let group = try ProcessGroup.fromEnvironment() {          // started by martlet launch or torchrun
///   let sum = try group.allReduce(Tensor([1.0])).result()      // the number of processes, everywhere
/// }
/// ```
/// Every process calls the same operations in the same order, with tensors of the same shape and type; the processes wait for one another.
/// Operations start at once and run on threads of the group; `wait()` blocks its thread, so asynchronous code calls it on a `TorchThread`.
///
/// `@unchecked Sendable`: libtorch's group takes operations from any thread; everything else here never changes.
public final class ProcessGroup: @unchecked Sendable {
  /// This process's number, from 0.
  public let rank: Int
  /// The number of processes.
  public let size: Int
  /// This process's number on its machine.
  public let localRank: Int
  /// What carries the data.
  public let backend: DistributedBackend
  /// How long an operation may take unless it is told otherwise.
  public let timeout: Duration

  private let store: RendezvousStore
  private let raw: CTGroup
  private let members: GroupMembers
  private let idle = Mutex(false)

  /// Forms a group with the other processes and waits for them.
  /// - Parameters:
  ///   - rendezvous: where all meet.
  ///   - rank: this process's number.
  ///   - size: the number of processes.
  ///   - timeout: how long to wait for the others, now and in every operation.
  ///   - prefix: keeps several groups at one rendezvous apart.
  ///   - interface: the network interface (`eth0`) to be reached at; the one that leads to the rendezvous's host if `nil`.
  /// - Throws: `DistributedError` if the others do not come in time or count differently.
  public init(
    _ backend: DistributedBackend = .gloo, _ rendezvous: Rendezvous, rank: Int, size: Int, localRank: Int? = nil,
    timeout: Duration = .seconds(60), prefix: String = "martlet", interface: String? = nil
  ) throws(DistributedError) {
    guard size >= 1, (0..<size).contains(rank) else {
      throw DistributedError(
        .environment, "rank \(rank) of \(size) processes", expected: "a rank from 0 to the number of processes less one")
    }
    guard timeout > .zero else {
      throw DistributedError(.environment, "a timeout of \(timeout.inWords)", rank: rank, size: size, expected: "more than 0 s")
    }
    guard backend == .gloo else {
      throw DistributedError(
        .unavailable, "\(backend.rawValue) is not built in: this libtorch \(TorchLibrary.hasCUDA ? "lacks its headers" : "has no CUDA")",
        rank: rank, size: size, expected: "gloo", remedy: "the gloo backend, which works everywhere")
    }
    let store = try RendezvousStore.open(rendezvous, rank: rank, size: size, prefix: prefix, timeout: timeout)
    self.store = store
    members = try GroupMembers(store: store, rank: rank, size: size, timeout: timeout)
    self.rank = rank
    self.size = size
    self.localRank = localRank ?? rank
    self.backend = backend
    self.timeout = timeout
    var error: CTError?
    var address: String? = "127.0.0.1"
    if case .tcp(let host, let port, _) = rendezvous { address = takeString(ct_address_towards(host, Int32(port), &error)) }
    if let error { ct_error_free(error) }
    error = nil
    let raw = address.withCString { address in
      interface.withCString { interface in
        ct_group_gloo(store.raw, Int32(rank), Int32(size), timeout.milliseconds, address, interface, &error)
      }
    }
    guard let raw else {
      throw DistributedError(
        .rendezvous, TorchError(error, "connect").message, operation: "connecting \(size) processes", rank: rank, size: size,
        timeout: timeout, remedy: "GLOO_SOCKET_IFNAME set to the network interface that leads to the other machines")
    }
    self.raw = raw
  }

  /// The group that the environment describes.
  /// - Returns: `nil` for a process that was started alone.
  /// - Throws: `DistributedError` naming the variable that is missing or wrong, or if the others do not come.
  public static func fromEnvironment(
    _ backend: DistributedBackend = .gloo, variables: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DistributedError) -> ProcessGroup? {
    guard let place = try DistributedEnvironment.current(variables) else { return nil }
    return try ProcessGroup(
      backend, .tcp(host: place.masterAddress, port: place.masterPort, isServed: !place.hasAgentStore), rank: place.rank,
      size: place.size, localRank: place.localRank, timeout: place.timeout, prefix: "martlet/\(place.attempt)",
      interface: variables["GLOO_SOCKET_IFNAME"])
  }

  deinit { ct_group_release(raw) }

  /// This process's batch stands in for one without items: layers that look at the items of all processes leave it out.
  package var standsIn: Bool {
    get { idle.withLock { $0 } }
    set { idle.withLock { $0 = newValue } }
  }

  /// This is rank 0, which writes files and talks to people.
  public var isFirst: Bool { rank == 0 }

  // Operations --------------------------------------------------------------------------------------------------------------------------

  /// The values of all processes made one, element by element, for each process.
  /// - Parameter op: a mean of integers is cut off.
  public func allReduce(
    _ tensor: Tensor, _ op: ReduceOperation = .sum, timeout: Duration? = nil
  ) throws(DistributedError) -> Collective {
    try allReduceInPlace(copy(tensor, "all-reduce"), op, timeout: timeout)
  }

  /// The same in place: `tensor` is contiguous and nobody else's until the operation is done.
  package func allReduceInPlace(
    _ tensor: Tensor, _ op: ReduceOperation = .sum, timeout: Duration? = nil
  ) throws(DistributedError) -> Collective {
    let size = self.size
    return try start("all-reduce of \(Self.words(tensor))", timeout, result: tensor) { limit, error in
      ct_all_reduce(raw, tensor.raw, op.c, limit, &error)
    } then: { (sum) throws(TorchError) in
      guard op == .mean else { return sum }
      guard sum.dtype.isFloatingPoint else { return try sum.div(.int(size), roundingMode: "trunc") }
      try withoutGrad { () throws(TorchError) in try sum.mul_(.double(1 / Double(size))) }
      return sum
    }
  }

  /// The values of one process, for each.
  /// - Parameters:
  ///   - tensor: what the root sends; the others give one of the same shape and type.
  ///   - root: the rank that sends.
  public func broadcast(_ tensor: Tensor, from root: Int = 0, timeout: Duration? = nil) throws(DistributedError) -> Collective {
    guard (0..<size).contains(root) else { throw failure(.engine, "there is no rank \(root)", "broadcast", expected: "0…\(size - 1)") }
    let copy = try copy(tensor, "broadcast")
    return try start("broadcast of \(Self.words(tensor)) from rank \(root)", timeout, result: copy) { limit, error in
      ct_broadcast(raw, copy.raw, Int32(root), limit, &error)
    }
  }

  /// The tensors of all processes in order of rank: `[…]` becomes `[size, …]`.
  public func allGather(_ tensor: Tensor, timeout: Duration? = nil) throws(DistributedError) -> Collective {
    let input = try copy(tensor, "all-gather")
    let shape = [size] + tensor.shape
    let flat: (input: Tensor, output: Tensor)
    do throws(TorchError) {
      flat = (try input.view([-1]), try Tensor.empty([size * input.count], dtype: input.dtype, device: input.device))
    } catch { throw failure(.engine, error.message, "all-gather") }
    return try start("all-gather of \(Self.words(tensor))", timeout, result: flat.output) { limit, error in
      ct_all_gather(raw, flat.output.raw, flat.input.raw, limit, &error)
    } then: { (gathered) throws(TorchError) in
      try gathered.view(shape)
    }
  }

  /// The values of all processes made one, each process getting its part: `[size × n, …]` becomes `[n, …]`.
  /// - Throws: `DistributedError` if the first dimension cannot be shared out evenly.
  public func reduceScatter(
    _ tensor: Tensor, _ op: ReduceOperation = .sum, timeout: Duration? = nil
  ) throws(DistributedError) -> Collective {
    guard let first = tensor.shape.first, first % size == 0 else {
      throw failure(
        .mismatch, "shape \(tensor.shape) cannot be shared out", "reduce-scatter", expected: "a first dimension divisible by \(size)")
    }
    let input = try copy(tensor, "reduce-scatter")
    let count = size
    let output: Tensor
    do throws(TorchError) {
      output = try Tensor.empty([first / size] + tensor.shape.dropFirst(), dtype: tensor.dtype, device: tensor.device)
    } catch { throw failure(.engine, error.message, "reduce-scatter") }
    return try start("reduce-scatter of \(Self.words(tensor))", timeout, result: output) { limit, error in
      ct_reduce_scatter(raw, output.raw, input.raw, op.c, limit, &error)
    } then: { (sum) throws(TorchError) in
      guard op == .mean else { return sum }
      return try sum.dtype.isFloatingPoint ? sum * (1 / Double(count)) : sum.div(.int(count), roundingMode: "trunc")
    }
  }

  /// Is done when all processes have come this far.
  public func barrier(timeout: Duration? = nil) throws(DistributedError) -> Collective {
    try start("barrier", timeout, result: nil) { limit, error in ct_barrier(raw, limit, &error) }
  }

  // Errors ------------------------------------------------------------------------------------------------------------------------------

  /// An error of this process about an operation.
  package func failure(
    _ kind: DistributedError.Kind, _ message: String, _ operation: String, peers: [Int] = [], expected: String? = nil,
    remedy: String? = nil
  ) -> DistributedError {
    DistributedError(
      kind, message, operation: operation, rank: rank, size: size, peers: peers, expected: expected, remedy: remedy)
  }

  /// What Gloo's words mean.
  func explained(_ error: TorchError, _ operation: String, timeout: Duration) -> DistributedError {
    let text = error.message.lowercased()
    let isClosed = ["connection closed", "connection reset", "broken pipe", "socket closed", "connection refused"].contains {
      text.contains($0)
    }
    let isLate = ["timed out", "timeout"].contains { text.contains($0) }
    let kind: DistributedError.Kind = isClosed ? .peerLost : isLate ? .timeout : .engine
    return DistributedError(
      kind, Self.plain(error.message), operation: operation, rank: rank, size: size,
      peers: isClosed ? members.gone() : isLate && size == 2 ? [1 - rank] : [], timeout: timeout)
  }

  private func start(
    _ name: String, _ timeout: Duration?, result: Tensor?, _ body: (Int64, inout CTError?) -> CTWork?,
    then: (@Sendable (Tensor) throws(TorchError) -> Tensor)? = nil
  ) throws(DistributedError) -> Collective {
    let limit = timeout ?? self.timeout
    var error: CTError?
    guard let work = body(limit.milliseconds, &error) else { throw explained(TorchError(error, named: name, []), name, timeout: limit) }
    return Collective(owning: work, name: name, group: self, timeout: limit, result: result, then: then)
  }

  private func copy(_ tensor: Tensor, _ operation: String) throws(DistributedError) -> Tensor {
    do throws(TorchError) {
      return try tensor.detach().clone(memoryFormat: .contiguous)
    } catch {
      throw failure(.engine, error.message, operation)
    }
  }

  /// Gloo's words without the place in its source and its advice.
  private static func plain(_ message: String) -> String {
    var text = message[...]
    if text.hasPrefix("["), text.prefix(while: { $0 != "]" }).contains("/"), let end = text.firstIndex(of: "]") {
      text = text[text.index(after: end)...].drop { $0 == " " }
    }
    if let advice = text.range(of: ". This is typically") { text = text[..<advice.lowerBound] }
    return String(text)
  }

  private static func words(_ tensor: Tensor) -> String { "\(tensor.dtype)\(tensor.shape)" }
}
