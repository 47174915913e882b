import Foundation
import NN
import Synchronization
import Torch

@testable import Training

/// Several ranks of one group in this process, each with a thread of its own that runs libtorch, meeting in a file.
enum Team {
  /// - Returns: what `body` returned, rank by rank.
  @discardableResult
  static func run<Value: Sendable>(
    _ size: Int, timeout: Duration = .seconds(20), _ body: @escaping @Sendable (ProcessGroup, TorchThread) async throws -> Value
  ) async throws -> [Value] {
    try await outcomes(size, timeout: timeout, body).map { try $0.get() }
  }

  /// The same with every rank's own outcome.
  static func outcomes<Value: Sendable>(
    _ size: Int, timeout: Duration = .seconds(20), _ body: @escaping @Sendable (ProcessGroup, TorchThread) async throws -> Value
  ) async -> [Result<Value, any Error>] {
    let path = NSTemporaryDirectory() + "martlet-team-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    return await withTaskGroup(of: (Int, Result<Value, any Error>).self) { tasks in
      for rank in 0..<size {
        tasks.addTask {
          let thread = TorchThread(name: "rank.\(rank)", threads: 1)
          defer { thread.stop() }
          do {
            let group = try await thread.run { try ProcessGroup(.gloo, .file(path), rank: rank, size: size, timeout: timeout) }
            return (rank, .success(try await body(group, thread)))
          } catch {
            return (rank, .failure(error))
          }
        }
      }
      var outcomes = [Result<Value, any Error>](repeating: .failure(CancellationError()), count: size)
      for await (rank, outcome) in tasks { outcomes[rank] = outcome }
      return outcomes
    }
  }
}

/// Everything that differs when a batch is shared out: batch norm, a bias, several layers. No dropout, whose masks are each process's own.
final class NormNet: Module, Layer {
  let input = Linear(6, 16)
  let norm = BatchNorm1d(16)
  let output = Linear(16, 3)

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try output(relu(norm(input(x)))) }

  // Ranks that are threads of one process share libtorch's generator: one network is made at a time.
  private static let isMaking = Mutex(())

  static func make(seed: UInt64 = 1) throws -> NormNet {
    try isMaking.withLock { _ in try Box(RandomState.with(seed: seed) { NormNet() }) }.net
  }

  /// `@unchecked Sendable`: a new network on its way to the one that asked for it.
  private struct Box: @unchecked Sendable {
    let net: NormNet
    init(_ net: NormNet) { self.net = net }
  }
}

/// Uses its second branch only when it is told to.
final class BranchNet: Module {
  let first = Linear(4, 4)
  let second = Linear(4, 4)
  let never = Linear(4, 4)

  func run(_ x: Tensor, both: Bool) throws -> Tensor { both ? try first(x) + second(x) : try first(x) }
}
