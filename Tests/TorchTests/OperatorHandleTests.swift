import Testing

@testable import Torch

extension SerialTests {
  /// Other suites allocate at the same time: a call is tried until a quiet moment shows its own balance.
  @Suite struct OperatorHandleTests {
    @Test func everyCallFreesWhatItWasGiven() throws {
      let fixtures = try OperatorFixture.load()
      for (name, call) in OperatorCases.all {
        let fixture = try #require(fixtures[name])
        let leaked = try balance {
          _ = try call(OperatorCases.Inputs(tensors: fixture.inputs.map { try $0.tensor() }))
        }
        #expect(leaked == 0, "\(name)")
      }
    }

    @Test func aFailedCallFreesEverything() throws {
      let x = try Tensor.zeros([2, 3])
      let calls: [() throws -> Void] = [
        { _ = try x.mm(x) }, { _ = try x.max(dim: 9) }, { _ = try x.split(1, dim: 9) }, { try x.add_(Tensor.zeros([7])) },
        { _ = try Tensor.cat([x, Tensor.zeros([1])], dim: 0) },
      ]
      for (position, call) in calls.enumerated() {
        let leaked = try balance { #expect(throws: TorchError.self) { try call() } }
        #expect(leaked == 0, "call \(position)")
      }
    }

    private func balance(_ body: () throws -> Void) throws -> Int {
      var balance = Int.max
      for _ in 0..<1000 where balance != 0 {
        let before = LiveHandles.count
        try body()
        balance = LiveHandles.count - before
      }
      return balance
    }
  }
}
