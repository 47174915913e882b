import CTorch
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A thread of its own that runs libtorch for asynchronous code.
///
/// libtorch's operators block, start OpenMP teams and keep settings per thread; on Swift's cooperative pool they would starve everything
/// else. Use one as a task executor (`withTaskExecutorPreference(thread)`), as an actor's serial executor, or through `run`.
///
/// Concurrency: `@unchecked Sendable` holds because the queue is only touched under its mutex.
public final class TorchThread: TaskExecutor, SerialExecutor, @unchecked Sendable {
  /// The thread that trains: one for the process.
  public static let main = TorchThread(name: "martlet.torch")

  private struct State {
    var jobs: [UnownedJob] = []
    var isStopped = false
  }

  private let name: String
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var state = State()

  /// - Parameter threads: how many threads its operators use; the process's setting if `nil`.
  public init(name: String, threads: Int? = nil) {
    self.name = name
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    // The thread keeps the executor alive until `stop`, since jobs may arrive as long as anybody refers to it.
    let start = ThreadStart(executor: self, threads: threads)
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    // Deep graphs recurse in libtorch's destructors.
    pthread_attr_setstacksize(&attributes, 16 << 20)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let status = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
        start.executor.loop(threads: start.threads)
        return nil
      }, Unmanaged.passRetained(start).toOpaque())
    pthread_attr_destroy(&attributes)
    // Without a thread every later await would hang silently; there is nothing that a caller could do.
    precondition(status == 0, "the system refuses to start a thread: \(String(cString: strerror(status)))")
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pthread_mutex_lock(mutex)
    state.jobs.append(job)
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Ends the thread when its queue is empty. No job may be enqueued afterwards.
  public func stop() {
    pthread_mutex_lock(mutex)
    state.isStopped = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Runs synchronous work on this thread.
  public func run<Result: Sendable>(_ body: @Sendable () throws -> Result) async throws -> Result {
    try await withTaskExecutorPreference(self) { try await hop(body) }
  }

  // A nonisolated asynchronous function runs on the preferred executor.
  @concurrent
  private func hop<Result: Sendable>(_ body: @Sendable () throws -> Result) async throws -> Result { try body() }

  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  private func loop(threads: Int?) {
    ct_set_thread_name(String(name.prefix(15)))
    // Asking for the number first keeps a new thread from starting a full OpenMP team on its first matrix product.
    _ = ct_threads()
    if let threads { try? TorchThreads.set(threads) }
    while true {
      pthread_mutex_lock(mutex)
      while state.jobs.isEmpty && !state.isStopped { pthread_cond_wait(condition, mutex) }
      let jobs = state.jobs
      state.jobs.removeAll(keepingCapacity: true)
      let isDone = jobs.isEmpty && state.isStopped
      pthread_mutex_unlock(mutex)
      if isDone { return }
      for job in jobs { job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor()) }
    }
  }
}

private final class ThreadStart {
  let executor: TorchThread
  let threads: Int?
  init(executor: TorchThread, threads: Int?) {
    self.executor = executor
    self.threads = threads
  }
}
