import MartletCore
import Synchronization
import Web

/// Answers that were given before, within a number of bytes; what was not asked for longest goes first.
final class ResponseCache: Sendable {
  /// One version and the digest of its inputs.
  struct Key: Sendable, Hashable {
    let model: String
    let version: String
    /// One loaded copy: a version that was loaded again may answer otherwise.
    let instance: ObjectIdentifier
    let digest: String
    fileprivate var size: Int { 256 }

    init(model: ServedModel, _ inputs: [String: HostArray]) {
      self.model = model.name
      version = model.version
      instance = ObjectIdentifier(model.identity)
      var hash = RunningDigest()
      for (name, array) in inputs.sorted(by: { $0.key < $1.key }) {
        // Lengths in front of what follows, so that no two inputs are written alike.
        hash.add([UInt8]("\(name.utf8.count) \(name) \(array.dtype) \(array.shape) \(array.bytes.count) ".utf8))
        hash.add(array.bytes)
      }
      digest = hash.finish()
    }
  }

  fileprivate struct Entry {
    let outputs: [String: HostArray]
    let size: Int
    var previous: Key?
    var next: Key?
  }

  fileprivate struct State {
    var entries: [Key: Entry] = [:]
    /// Asked for last.
    var newest: Key?
    var oldest: Key?
    var bytes = 0
    var evictions: UInt64 = 0
  }

  let maxBytes: Int
  private let state = Mutex(State())

  init(maxBytes: Int) { self.maxBytes = max(0, maxBytes) }

  /// Entries, their bytes, and how many were let go for others.
  var figures: (entries: Int, bytes: Int, evictions: UInt64) { state.withLock { ($0.entries.count, $0.bytes, $0.evictions) } }

  func find(_ key: Key) -> [String: HostArray]? {
    state.withLock { state in
      guard let entry = state.entries[key] else { return nil }
      state.unlink(key)
      state.push(key, entry.outputs, entry.size)
      return entry.outputs
    }
  }

  /// Keeps an answer, unless it alone is larger than the cache.
  func store(_ outputs: [String: HostArray], for key: Key) {
    let size = key.size + outputs.reduce(0) { $0 + $1.value.bytes.count + $1.key.utf8.count + 64 }
    guard size <= maxBytes else { return }
    state.withLock { state in
      state.unlink(key)
      state.push(key, outputs, size)
      while state.bytes > maxBytes, let oldest = state.oldest {
        state.unlink(oldest)
        state.evictions += 1
      }
    }
  }

  /// Lets go of all answers of a loaded copy.
  func forget(_ model: ServedModel) {
    let instance = ObjectIdentifier(model.identity)
    state.withLock { state in for key in Array(state.entries.keys) where key.instance == instance { state.unlink(key) } }
  }
}

extension ResponseCache.State {
  fileprivate mutating func unlink(_ key: ResponseCache.Key) {
    guard let entry = entries.removeValue(forKey: key) else { return }
    if let previous = entry.previous { entries[previous]?.next = entry.next } else { newest = entry.next }
    if let next = entry.next { entries[next]?.previous = entry.previous } else { oldest = entry.previous }
    bytes -= entry.size
  }

  fileprivate mutating func push(_ key: ResponseCache.Key, _ outputs: [String: HostArray], _ size: Int) {
    entries[key] = ResponseCache.Entry(outputs: outputs, size: size, previous: nil, next: newest)
    if let newest { entries[newest]?.previous = key }
    newest = key
    if oldest == nil { oldest = key }
    bytes += size
  }
}
