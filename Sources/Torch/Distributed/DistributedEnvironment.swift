public import Foundation

/// A process's place among others, as torchrun, Kubernetes' training jobs and `martlet launch` tell it through environment variables.
///
/// | variable | meaning |
/// | --- | --- |
/// | `RANK` | this process's number, from 0 |
/// | `WORLD_SIZE` | how many processes there are |
/// | `LOCAL_RANK` | its number on this machine; `RANK` if missing |
/// | `MASTER_ADDR`, `MASTER_PORT` | where rank 0 can be reached |
/// | `MARTLET_TIMEOUT` | seconds that a collective may take; 60 if missing |
public struct DistributedEnvironment: Sendable, Hashable {
  /// This process's number, from 0.
  public let rank: Int
  /// How many processes there are.
  public let size: Int
  /// This process's number on its machine.
  public let localRank: Int
  /// Rank 0's host.
  public let masterAddress: String
  /// The port there.
  public let masterPort: Int
  /// How often the processes were started again; keeps the attempts' meeting places apart.
  public let attempt: Int
  /// Somebody else than rank 0 keeps the meeting place: torchrun's agent.
  public let hasAgentStore: Bool
  /// How long a collective may take.
  public let timeout: Duration

  /// - Returns: `nil` where neither `RANK` nor `WORLD_SIZE` is set: the process is alone.
  /// - Throws: `DistributedError` naming the variable that is missing or wrong.
  public static func current(
    _ variables: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DistributedError) -> DistributedEnvironment? {
    guard variables["RANK"] != nil || variables["WORLD_SIZE"] != nil else { return nil }
    let size = try number("WORLD_SIZE", in: variables, 1...65_536)
    let rank = try number("RANK", in: variables, 0...(size - 1))
    let localRank = variables["LOCAL_RANK"] == nil ? rank : try number("LOCAL_RANK", in: variables, 0...(size - 1))
    guard let address = variables["MASTER_ADDR"], !address.isEmpty else { throw missing("MASTER_ADDR", "rank 0's host") }
    let attempt = variables["TORCHELASTIC_RESTART_COUNT"] == nil ? 0 : try number("TORCHELASTIC_RESTART_COUNT", in: variables, 0...Int.max)
    let timeout = variables["MARTLET_TIMEOUT"] == nil ? 60 : try number("MARTLET_TIMEOUT", in: variables, 1...86_400)
    return DistributedEnvironment(
      rank: rank, size: size, localRank: localRank, masterAddress: address,
      masterPort: try number("MASTER_PORT", in: variables, 1...65_535), attempt: attempt,
      hasAgentStore: variables["TORCHELASTIC_USE_AGENT_STORE"]?.lowercased() == "true", timeout: .seconds(timeout))
  }

  private static func number(
    _ name: String, in variables: [String: String], _ range: ClosedRange<Int>
  ) throws(DistributedError) -> Int {
    let bounds = range.upperBound == Int.max ? "\(range.lowerBound) or more" : "\(range.lowerBound)…\(range.upperBound)"
    guard let text = variables[name] else { throw missing(name, "a number, \(bounds)") }
    guard let value = Int(text), range.contains(value) else {
      throw DistributedError(.environment, "the environment variable \(name) is '\(text)'", expected: "a number, \(bounds)")
    }
    return value
  }

  private static func missing(_ name: String, _ expected: String) -> DistributedError {
    DistributedError(
      .environment, "the environment variable \(name) is not set, although RANK or WORLD_SIZE is", expected: expected,
      remedy: "martlet launch or torchrun, which set all of them, or unset RANK and WORLD_SIZE to work alone")
  }
}
