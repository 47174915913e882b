import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What the process does with memory that it has freed.
///
/// Trainings keep it, since the next step needs as much (`allocation.cpp`). A server would then stay as large as its worst minute, and grow with
/// what its arenas do not share; so it gives back what nobody has used for a while, as jemalloc does where it is told nothing.
package enum FreedMemory {
  /// Gives free memory back to the system after so long, from now on. Somebody's own `MALLOC_CONF` is left alone.
  /// - Returns: whether it will: not where another allocator is in use.
  @discardableResult
  package static func returns(after time: Duration) -> Bool {
    typealias Control =
      @convention(c) (
        UnsafePointer<CChar>, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?, UnsafeMutableRawPointer?, Int
      ) -> Int32
    guard ProcessInfo.processInfo.environment["MALLOC_CONF"] == nil, let symbol = dlsym(nil, "mallctl") else { return false }
    let control = unsafeBitCast(symbol, to: Control.self)
    var count: UInt32 = 0, size = MemoryLayout<UInt32>.size
    guard control("arenas.narenas", &count, &size, nil, 0) == 0 else { return false }
    func set<Value: BitwiseCopyable>(_ name: String, _ value: Value) -> Bool {
      var value = value
      return control(name, nil, nil, &value, MemoryLayout<Value>.size) == 0
    }
    // Without a thread of its own jemalloc looks only while somebody asks for memory.
    var isSet = set("background_thread", true)
    let milliseconds = Int(time / .milliseconds(1))
    for kind in ["dirty", "muzzy"] {
      isSet = set("arenas.\(kind)_decay_ms", milliseconds) && isSet
      // Arenas that nobody has used yet are not there and take the setting above when they come.
      for arena in 0..<count { _ = set("arena.\(arena).\(kind)_decay_ms", milliseconds) }
    }
    return isSet
  }
}
