import MartletCore

/// How a generation engine shares a machine among requests.
public struct EngineSettings: Sendable, Hashable, Codable {
  /// Threads that compute.
  public var threads = Parallel.defaultThreads
  /// Requests that run at a time.
  public var sequences = 32
  /// Rows of a step: prompts are read in pieces of at most so many tokens, and requests that write go on between the pieces.
  public var rows = 256
  /// Requests that wait at most.
  public var waiting = 256
  /// Bytes for keys and values; `nil` is room for a quarter of the machine's memory at most, and for all sequences at full length at most.
  public var cacheBytes: Int?
  /// The most tokens of a prompt and its output; `nil` is what the model was made for.
  public var contextLength: Int?

  public init() {}

  func validate() throws(GenerationError) {
    for (name, value, largest) in [
      ("threads", threads, 1024), ("sequences", sequences, 4096), ("rows", rows, 65_536), ("waiting", waiting, 1 << 24),
    ] where !(1...largest).contains(value) {
      throw GenerationError(.request, "\(name) is \(value)", expected: "1 to \(largest)")
    }
  }
}
