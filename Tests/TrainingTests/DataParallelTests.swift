import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

extension TorchTests {
  @Suite struct DataParallelTests {
    static let data = (0..<12).map { Float(sin(Double($0 * 7 + 1))) }

    static func gradients(_ model: Module) throws -> [[Double]?] {
      try model.parameters().map { try $0.grad?.array(of: Double.self) }
    }

    @Test(arguments: [1, 2, 3])
    func gradientsAreThoseOfTheJointBatch(_ size: Int) async throws {
      let input = try Tensor((0..<36).map { Float(cos(Double($0))) }, shape: [6, 6])
      let labels = try Tensor([0, 1, 2, 2, 1, 0].map(Int64.init))
      let alone = try NormNet.make()
      alone.eval()
      try crossEntropy(alone(input), labels).backward()
      let expected = try Self.gradients(alone)
      let results = try await Team.run(size) { group, thread in
        try await thread.run {
          let model = try NormNet.make(seed: UInt64(10 + group.rank))
          model.eval()
          if group.rank == 0 { try model.load(NormNet.make().state()) }
          // Tiny buckets, so that there are several of them.
          let parallel = try DataParallel(model, over: group, bucketBytes: 200, firstBucketBytes: 8)
          var early: [Int] = []
          for _ in 0..<3 {
            model.zeroGradients()
            let share = 6 / group.size
            let own = try input.narrow(dim: 0, start: group.rank * share, length: share)
            try parallel.backward(crossEntropy(model(own), labels.narrow(dim: 0, start: group.rank * share, length: share)))
            early.append(parallel.bucketsSentEarly)
          }
          return (try Self.gradients(model), parallel.bucketMembers, early)
        }
      }
      for (gradients, members, early) in results {
        #expect(members.count == 3 && Set(members.joined()) == Set(0..<6))
        #expect(members.first == [5])
        // All buckets were on their way before the pass was over.
        #expect(early == [3, 3, 3])
        for (found, wanted) in zip(gradients, expected) {
          for (a, b) in zip(try #require(found), try #require(wanted)) { #expect(abs(a - b) < 1e-6) }
        }
      }
    }

    @Test func whatOnlyOneUsesIsAveragedAndWhatNobodyUsesHasNoGradient() async throws {
      let results = try await Team.run(2) { group, thread in
        try await thread.run {
          let model = BranchNet()
          let parallel = try DataParallel(model, over: group, bucketBytes: 64)
          for _ in 0..<2 {
            model.zeroGradients()
            try parallel.backward(model.run(Tensor.ones([2, 4]), both: group.rank == 1).sum())
          }
          return try Self.gradients(model)
        }
      }
      for gradients in results {
        #expect(gradients[0] == [Double](repeating: 2, count: 16))
        #expect(gradients[2] == [Double](repeating: 1, count: 16))
        #expect(gradients[4] == nil && gradients[5] == nil)
      }
    }

    @Test func passesWithoutSynchronizingAddUp() async throws {
      let results = try await Team.run(2) { group, thread in
        try await thread.run {
          let model = Linear(3, 1, bias: false)
          let parallel = try DataParallel(model, over: group)
          let one = try Tensor.ones([1, 3])
          try parallel.withoutSynchronizing { try parallel.backward(model(one).sum() * Double(group.rank + 1)) }
          let local = try Self.gradients(model)[0]
          try parallel.backward(model(one).sum())
          return [local, try Self.gradients(model)[0]]
        }
      }
      #expect(results[0] == [[1, 1, 1], [2.5, 2.5, 2.5]])
      #expect(results[1] == [[2, 2, 2], [2.5, 2.5, 2.5]])
    }

    @Test func thawedPartsAreAveragedToo() async throws {
      let results = try await Team.run(2) { group, thread in
        try await thread.run {
          let model = BranchNet()
          model.second.freeze()
          let parallel = try DataParallel(model, over: group)
          let input = try Tensor.full([1, 4], value: .int(group.rank + 1), dtype: .float32)
          try parallel.backward(model.run(input, both: true).sum())
          let frozen = model.second.weight.grad == nil
          model.second.unfreeze()
          model.zeroGradients()
          try parallel.backward(model.run(input, both: true).sum())
          return (frozen, try model.second.weight.grad?.array(of: Double.self))
        }
      }
      #expect(results.allSatisfy { $0.0 && $0.1 == [Double](repeating: 1.5, count: 16) })
    }

    @Test func allStartFromRankZerosWeightsAndBuffers() async throws {
      let results = try await Team.run(3) { group, thread in
        try await thread.run {
          let model = try NormNet.make(seed: UInt64(group.rank))
          try model.norm.runningMean?.assign(Tensor.full([16], value: .int(group.rank + 5), dtype: .float32))
          _ = try DataParallel(model, over: group)
          return (try digest(model), try model.norm.runningMean?.value.mean().double())
        }
      }
      #expect(Set(results.map(\.0)).count == 1)
      #expect(results.allSatisfy { $0.1 == 5 })
    }

    @Test func anotherModelIsNamed() async throws {
      let outcomes = await Team.outcomes(2) { group, thread in
        try await thread.run {
          let model: Module = group.rank == 0 ? Linear(3, 2) : Linear(4, 2)
          _ = try DataParallel(model, over: group)
        }
      }
      let first = #expect(throws: ModelMismatch.self) { try outcomes[0].get() }
      #expect(first?.differing == [1])
      #expect(first?.difference == nil)
      let second = #expect(throws: ModelMismatch.self) { try outcomes[1].get() }
      #expect(
        second?.problem.contains("it has 'weight' float32[2, 4] where rank 0 has 'weight' float32[2, 3]") == true,
        "\(second?.problem ?? "")")
    }

    @Test func aLostProcessEndsTheBackwardPassWithItsName() async throws {
      let outcomes = await Team.outcomes(2) { group, thread in
        try await thread.run {
          let model = Linear(3, 2)
          let parallel = try DataParallel(model, over: group)
          if group.rank == 1 { return }
          try parallel.backward(model(Tensor.ones([1, 3])).sum())
        }
      }
      let error = #expect(throws: DistributedError.self) { try outcomes[0].get() }
      #expect(error?.kind == .peerLost)
      #expect(error?.peers == [1])
    }

    @Test(arguments: [2, 3])
    func synchronizedBatchNormIsThatOfTheJointBatch(_ size: Int) async throws {
      let input = try RandomState.with(seed: 4) { try Tensor.randn([6, 5, 3, 2]) * 3 + 1 }
      let weights = try RandomState.with(seed: 5) { try Tensor.randn([6, 5, 3, 2]) }
      func train(_ norm: BatchNorm2d, _ x: Tensor, _ factors: Tensor) throws -> [[Double]] {
        let leaf = try x.detach().clone().requiringGrad()
        let y = try norm(leaf)
        try (y * factors).sum().backward()
        return try [y.detach(), #require(leaf.grad)].map { try $0.array(of: Double.self) }
      }
      let alone = BatchNorm2d(5, momentum: 0.3)
      let joint = try train(alone, input, weights)
      let parts = try await Team.run(size) { group, thread in
        try await thread.run {
          let norm = BatchNorm2d(5, momentum: 0.3)
          norm.synchronizeBatchNorm(over: group)
          let share = 6 / group.size
          func part(_ x: Tensor) throws -> Tensor { try x.narrow(dim: 0, start: group.rank * share, length: share) }
          let leaf = try part(input).detach().clone().requiringGrad()
          let y = try norm(leaf)
          try (y * part(weights)).sum().backward()
          let gradients = try [norm.weight, norm.bias].map { try #require($0?.grad).array(of: Double.self) }
          let running = try [norm.runningMean, norm.runningVar].map { try #require($0).value.array(of: Double.self) }
          return (try y.detach().array(of: Double.self), try #require(leaf.grad).array(of: Double.self), gradients, running)
        }
      }
      func expectClose(_ a: [Double], _ b: [Double], _ what: String) {
        #expect(a.count == b.count)
        for (a, b) in zip(a, b) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b)), "\(what): \(a) and \(b)") }
      }
      expectClose(parts.flatMap(\.0), joint[0], "forward")
      expectClose(parts.flatMap(\.1), joint[1], "input gradient")
      for (position, parameter) in [alone.weight, alone.bias].enumerated() {
        let sum = parts.map { $0.2[position] }.reduce([Double](repeating: 0, count: 5)) { zip($0, $1).map(+) }
        let wanted = try #require(parameter?.grad).array(of: Double.self)
        for (a, b) in zip(sum, wanted) { #expect(abs(a - b) <= 4e-6 * max(1, abs(b)), "parameter gradient: \(a) and \(b)") }
      }
      for (position, buffer) in [alone.runningMean, alone.runningVar].enumerated() {
        for part in parts { expectClose(part.3[position], try #require(buffer).value.array(of: Double.self), "running") }
      }
    }

    @Test func partsAreTheWholeBatch() throws {
      let source = StackedBatches(ToyData(count: 20))
      let indices = [3, 1, 4, 15, 9]
      let parts = try (0..<3).map { try ShardedBatches(source, rank: $0, of: 3).batch(indices, epoch: 0) }
      #expect(parts.flatMap(\.indices) == indices)
      #expect(parts.map(\.count) == [1, 2, 2])
      #expect(parts.allSatisfy { $0.wholeCount == 5 })
      let lone = try (0..<3).map { try ShardedBatches(source, rank: $0, of: 3).batch([7], epoch: 0) }
      #expect(lone.map(\.indices) == [[], [], [7]])
      // The stand-in has a shape that a model takes.
      #expect(lone.allSatisfy { $0.inputs.shape == [1, 6] && $0.wholeCount == 1 })
      #expect(try ShardedBatches(source, over: nil).batch(indices, epoch: 0).wholeCount == nil)
      #expect(throws: ArgumentError.self) { try ShardedBatches(source, rank: 2, of: 2) }
    }
  }
}
