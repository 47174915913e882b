import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// Convolution, batch norm and dropout.
private final class Block: Module, Layer {
  let conv: Conv2d
  let norm: BatchNorm2d
  let dropout = Dropout(0.4)
  private(set) var calls = 0

  init(_ inputs: Int, _ outputs: Int) {
    conv = Conv2d(inputs, outputs, kernel: 3, padding: 1)
    norm = BatchNorm2d(outputs)
    super.init()
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    calls += 1
    return try dropout(relu(norm(conv(x))))
  }
}

/// A stack of blocks, run plainly or with some of them computed twice.
private final class Stack: Module, Layer {
  enum Way { case plain, each, nested }
  let first = Block(1, 4), second = Block(4, 4), third = Block(4, 4)
  let head = Linear(4 * 36, 3)
  var way = Way.plain

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    var h = x
    switch way {
    case .plain: h = try third(second(first(h)))
    case .each: h = try checkpointed(third)(checkpointed(second)(checkpointed(first)(h)))
    case .nested:
      let (second, third) = (second, third)
      h = try checkpointed([checkpointed(first)(h)], using: [second, third]) { (inputs) throws(TorchError) in
        [try third(checkpointed(second)(inputs[0]))]
      }[0]
    }
    return try head(h.flatten(from: 1))
  }
}

extension TorchTests {
  @Suite struct RecomputationTests {
    private func stack(_ way: Stack.Way) throws -> Stack {
      let stack = try RandomState.with(seed: 3) { Stack() }
      stack.way = way
      return stack
    }

    /// Loss, gradients and the generator's next number of one training step.
    private func step(_ model: any Layer, precision: Precision = .float32, needsInputGradient: Bool = false) throws -> [String: [Double]] {
      var random = KeyedRandom(seed: 1, purpose: "input")
      let x = try Tensor((0..<(6 * 36)).map { _ in Float(random.uniform(in: -1...1)) }, shape: [6, 1, 6, 6])
        .requiringGrad(needsInputGradient)
      let targets = try Tensor([0, 1, 2, 0, 1, 2] as [Int64])
      try RandomState.seed(42)
      let loss = try precision.run { try crossEntropy(model(x), targets) }
      try loss.backward()
      var result = ["loss": [try loss.double()], "next": try Tensor.rand([2]).array(of: Double.self)]
      if needsInputGradient { result["x"] = try #require(x.grad).array(of: Double.self) }
      for (name, parameter) in model.namedParameters() { result[name] = try #require(parameter.grad, "\(name)").array(of: Double.self) }
      for (name, buffer) in model.namedBuffers() { result[name] = try buffer.value.array(of: Double.self) }
      return result
    }

    private func expectEqual(_ one: [String: [Double]], _ other: [String: [Double]], within tolerance: Double = 1e-6) {
      #expect(Set(one.keys) == Set(other.keys))
      for (name, values) in one {
        for (a, b) in zip(values, other[name] ?? []) { #expect(abs(a - b) <= tolerance * (1 + abs(a)), "\(name)") }
      }
    }

    @Test(arguments: [false, true]) func gradientsAreThoseOfThePlainNetwork(needsInputGradient: Bool) throws {
      let plain = try step(stack(.plain), needsInputGradient: needsInputGradient)
      for way in [Stack.Way.each, .nested] {
        let model = try stack(way)
        expectEqual(plain, try step(model, needsInputGradient: needsInputGradient))
        // Once forward and once more in the backward pass; the inner of two once more.
        #expect(model.first.calls == 2 && model.second.calls == (way == .nested ? 3 : 2))
      }
    }

    @Test(arguments: [Precision.bfloat16, .float16]) func mixedPrecisionIsTheSameInTheSecondPass(precision: Precision) throws {
      let plain = try step(stack(.plain), precision: precision)
      for way in [Stack.Way.each, .nested] { expectEqual(plain, try step(stack(way), precision: precision)) }
      #expect(try Precision.current(on: .cpu) == nil)
    }

    @Test func frozenPartsGetNothing() throws {
      let model = try stack(.each), plain = try stack(.plain)
      for net in [model, plain] { net.second.freeze() }
      func gradients(_ net: Stack) throws -> [[Double]?] {
        try RandomState.seed(1)
        try net(Tensor.ones([2, 1, 6, 6])).square().sum().backward()
        return try net.namedParameters().map { try $0.parameter.grad?.array(of: Double.self) }
      }
      let one = try gradients(plain), other = try gradients(model)
      #expect(one.map { $0 == nil } == other.map { $0 == nil } && one.contains { $0 == nil })
      #expect(one == other)
    }

    @Test func nothingIsRecordedWithoutGradients() throws {
      let model = try stack(.each)
      model.eval()
      let output = try withoutGrad { try model(Tensor.ones([1, 1, 6, 6])) }
      #expect(!output.requiresGrad && model.first.calls == 1)
    }

    @Test func severalInputsAndOutputs() throws {
      let layer = try RandomState.with(seed: 1) { Linear(3, 3) }
      func run(_ isCheckpointed: Bool) throws -> [[Double]?] {
        layer.weight.clearGrad()
        let a = try Tensor([1, 2, 3] as [Float]).requiringGrad(), b = try Tensor([-1, 0.5, 2] as [Float])
        let body: ([Tensor]) throws(TorchError) -> [Tensor] = { (x) throws(TorchError) in
          [try layer(x[0] * x[1]), try x[1] * 2, try (x[0] + x[1]).sin()]
        }
        let outputs = isCheckpointed ? try checkpointed([a, b], using: [layer], body) : try body([a, b])
        // The third output is not used.
        try (outputs[0].square().sum() + outputs[1].sum()).backward()
        return try [a.grad, b.grad, layer.weight.grad].map { try $0?.array(of: Double.self) }
      }
      let plain = try run(false)
      #expect(try run(true) == plain)
      #expect(plain[1] == nil)
    }

    @Test func errorsOfTheSecondPassEndBackward() throws {
      let layer = Linear(2, 2)
      var calls = 0
      let output = try checkpointed([Tensor.ones([1, 2])], using: [layer]) { (x) throws(TorchError) in
        calls += 1
        return [try calls == 1 ? layer(x[0]) : layer(x[0].reshape([2, 1]))]
      }[0]
      #expect(throws: TorchError.self) { try output.sum().backward() }
    }

    // MARK: Sequences

    private func layers() -> [any Layer] { [Linear(6, 12), ReLU(), Dropout(0.2), Linear(12, 12), BatchNorm1d(12), Tanh(), Linear(12, 3)] }

    @Test(arguments: [nil, 1, 2, 7, 50]) func aSequenceInSegmentsIsTheSequence(segments: Int?) async throws {
      let plain = try RandomState.with(seed: 2) { Sequential(layers()) }
      let other = try RandomState.with(seed: 2) { CheckpointedSequential(layers(), segments: segments) }
      #expect(try plain.state().names == other.state().names)
      #expect(other.segments == [nil: 3, 1: 1, 2: 2, 7: 7, 50: 7][segments])
      try await toyTrainer(plain).fit(toyLoader(48), epochs: 2)
      try await toyTrainer(other).fit(toyLoader(48), epochs: 2)
      #expect(try distance(plain, other) < 1e-6)
    }

    @Test func trainingGoesOnFromEveryCheckpoint() async throws {
      try await expectEveryCheckpointGoesOn(
        epochs: 2, make: { try RandomState.with(seed: 2) { CheckpointedSequential(layers()) } },
        { try toyTrainer($0, options: TrainerOptions(threads: 1, accumulate: 2, precision: .bfloat16)) },
        { try toyLoader(48, batchSize: 8) })
    }

    @Test func nothingIsLeftBehind() throws {
      let model = try stack(.nested)
      _ = try step(model)
      model.zeroGradients()
      let before = LiveHandles.count
      for _ in 0..<20 { _ = try step(model) }
      model.zeroGradients()
      #expect(LiveHandles.count - before < 40)
    }
  }
}
