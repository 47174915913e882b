@preconcurrency import Foundation
import Testing

@testable import Torch

@Suite struct TorchThreadTests {
  @Test func workRunsOnItsThread() async throws {
    let thread = TorchThread(name: "test.torch", threads: 1)
    defer { thread.stop() }
    let first = try await thread.run { (currentThread(), TorchThreads.count) }
    let second = try await thread.run { currentThread() }
    #expect(first.0 == second)
    #expect(first.1 == 1)
    #expect(try await thread.run { try Tensor([1, 2] as [Float]).sum().double() } == 3)
    await #expect(throws: TorchError.self) { try await thread.run { try Tensor.zeros([2]).mm(Tensor.zeros([2])).double() } }
  }

  @Test func manyTasksShareOne() async throws {
    let thread = TorchThread(name: "test.torch", threads: 1)
    defer { thread.stop() }
    let sums = try await withThrowingTaskGroup(of: Double.self) { group in
      for i in 0..<100 { group.addTask { try await thread.run { try Tensor([Float(i)]).add(1).double() } } }
      return try await group.reduce(0, +)
    }
    #expect(sums == 5050)
  }

  @Test func libraryAndHeadersAgree() throws {
    try TorchLibrary.check()
    #expect(TorchLibrary.headerVersion.hasPrefix("2.13"))
    #expect(!TorchLibrary.cpuCapability.isEmpty && TorchLibrary.configuration.contains("C++"))
    #expect(TorchLibrary.usesCxx11ABI)
  }
}

private func currentThread() -> UInt { UInt(pthread_self()) }
