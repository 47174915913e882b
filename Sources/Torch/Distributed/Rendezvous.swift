import CTorch

/// Where processes meet before they form a group.
public enum Rendezvous: Sendable, Hashable {
  /// A small key-value server at rank 0 (`isServed` false: somebody else runs it there).
  case tcp(host: String, port: Int, isServed: Bool = true)
  /// A file that all processes can write. It is new for every group.
  case file(String)
}

/// libtorch's key-value store for a group in the making.
final class RendezvousStore: @unchecked Sendable {
  // `@unchecked Sendable`: libtorch locks its stores.
  let raw: CTStore

  private init(owning raw: CTStore) { self.raw = raw }
  deinit { ct_store_release(raw) }

  /// Opens the store and waits for all processes if rank 0 serves it.
  static func open(
    _ rendezvous: Rendezvous, rank: Int, size: Int, prefix: String, timeout: Duration
  ) throws(DistributedError) -> RendezvousStore {
    var error: CTError?
    let raw: CTStore?
    switch rendezvous {
    case .tcp(let host, let port, let isServed):
      guard (1...65_535).contains(port) else {
        throw DistributedError(.rendezvous, "the port is \(port)", rank: rank, size: size, expected: "1…65535")
      }
      raw = ct_store_tcp(host, Int32(port), isServed && rank == 0, isServed ? Int64(size) : 0, timeout.milliseconds, &error)
    case .file(let path): raw = ct_store_file(path, Int64(size), timeout.milliseconds, &error)
    }
    guard let raw else { throw failure(error, rendezvous, rank: rank, size: size, timeout: timeout) }
    let store = RendezvousStore(owning: raw)
    guard let prefixed = ct_store_prefixed(store.raw, prefix, &error) else {
      throw failure(error, rendezvous, rank: rank, size: size, timeout: timeout)
    }
    return RendezvousStore(owning: prefixed)
  }

  func set(_ key: String, _ value: String) throws(TorchError) {
    var error: CTError?
    guard ct_store_set(raw, key, value, &error) == 0 else { throw TorchError(error, "Rendezvous.set") }
  }

  /// Waits for a value.
  func get(_ key: String, timeout: Duration) throws(TorchError) -> String {
    var error: CTError?
    guard let value = takeString(ct_store_get(raw, key, timeout.milliseconds, &error)) else { throw TorchError(error, "Rendezvous.get") }
    return value
  }

  private static func failure(
    _ error: CTError?, _ rendezvous: Rendezvous, rank: Int, size: Int, timeout: Duration
  ) -> DistributedError {
    let message = TorchError(error, "rendezvous").message
    let place: String
    let remedy: String
    switch rendezvous {
    case .tcp(let host, let port, _):
      place = "rendezvous at \(host):\(port)"
      remedy =
        rank == 0
        ? "a port that is free, and all \(size) processes started with the same MASTER_ADDR and MASTER_PORT"
        : "rank 0 running there, and a network that lets this process through"
    case .file(let path):
      place = "rendezvous in \(path)"
      remedy = "a file of its own for every group, in a folder that all processes can write"
    }
    return DistributedError(
      .rendezvous, message, operation: place, rank: rank, size: size, timeout: timeout,
      expected: "all \(size) processes within \(timeout.inWords)", remedy: remedy)
  }
}
