import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct ObservationTests {
    @Test func observersSeeEveryLayerUntilTheyStop() throws {
      let model = Sequential(Linear(2, 3), Sequential(ReLU()))
      var seen: [String] = []
      let observation = model.observeForward { event in
        seen.append("\(event.path)|\(type(of: event.module))|\(event.inputs[0].shape)|\(event.outputs[0].shape)")
      }
      _ = try model(Tensor.zeros([1, 2]))
      #expect(
        seen == ["0|Linear|[1, 2]|[1, 3]", "1.0|ReLU|[1, 3]|[1, 3]", "1|Sequential|[1, 3]|[1, 3]", "|Sequential|[1, 2]|[1, 3]"])
      observation.cancel()
      _ = try model(Tensor.zeros([1, 2]))
      #expect(seen.count == 4)
    }

    @Test func twoObserversAndLettingGo() throws {
      let layer = ReLU()
      var first = 0, second = 0
      let kept = layer.observeForward { _ in first += 1 }
      do {
        let other = layer.observeForward { _ in second += 1 }
        _ = try layer(Tensor.zeros([1]))
        withExtendedLifetime(other) {}
      }
      _ = try layer(Tensor.zeros([1]))
      #expect(first == 2)
      #expect(second == 1)
      withExtendedLifetime(kept) {}
    }

    @Test func anObserverCanStopThePassAtANamedLayer() throws {
      let model = Sequential(named: ["scale": Linear(1, 1), "end": ReLU()])
      try model.initialize(.constant(.nan)) { _, _ in true }
      let observation = model.observeForward { (event) throws(TorchError) in
        if try event.outputs[0].isnan().any().double() != 0 { throw TorchError(.value, "NaN check", "NaN in '\(event.path)'") }
      }
      #expect(message { _ = try model(Tensor.zeros([1, 1])) }?.contains("NaN in 'scale'") == true)
      observation.cancel()
      #expect(message { _ = try model(Tensor.zeros([1, 1])) } == nil)
    }

    @Test func errorsNameTheLayerAndItsPath() throws {
      let model = Sequential(named: ["stem": Conv2d(3, 8, kernel: 3), "features": Sequential(ReLU(), Conv2d(32, 64, kernel: 3))])
      let input = try Tensor.zeros([4, 3, 28, 28])
      #expect(
        message { _ = try model(input) }?.hasPrefix(
          "features.1 (Conv2d 32→64, kernel 3×3): got [4, 8, 26, 26]") == true)
      #expect(message { _ = try model(input) }?.contains("expected 32 channels in [batch, channels, height, width]") == true)
      #expect(message { _ = try Linear(5, 2)(Tensor.zeros([3, 4])) }?.contains("5 features in the last dimension") == true)
      #expect(message { _ = try Residual(Linear(2, 3))(Tensor.zeros([1, 2])) }?.contains("projection") == true)
    }

    @Test func aLayerThatIsCalledAloneIsNamedByItsTypeAndLaterByItsPath() throws {
      let layer = Conv2d(1, 1, kernel: 3)
      #expect(message { _ = try layer(Tensor.zeros([1])) }?.hasPrefix("Conv2d (1→1, kernel 3×3): got [1]") == true)
      let model = Sequential(named: ["first": layer])
      _ = model.parameters()
      #expect(message { _ = try layer(Tensor.zeros([1])) }?.hasPrefix("first (Conv2d 1→1, kernel 3×3)") == true)
    }

    @Test func severalInputsAreObservedToo() throws {
      final class Sum: Module {
        func callAsFunction(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
          try observed([a, b]) { (x) throws(TorchError) in [try x[0] + x[1]] }[0]
        }
      }
      let sum = Sum()
      var shapes: [[Int]] = []
      let observation = sum.observeForward { shapes = $0.inputs.map(\.shape) }
      _ = try sum(Tensor.zeros([2]), Tensor.zeros([1]))
      #expect(shapes == [[2], [1]])
      withExtendedLifetime(observation) {}
      #expect(message { _ = try sum(Tensor.zeros([2]), Tensor.zeros([3])) }?.contains("Sum layer") == true)
    }
  }
}
