import Martlet

/// The training loop without a trainer: every step in sight, for whoever wants to change one.
///
///     swift run -c release LoopByHandExample
@main
struct LoopByHand {
  /// A network as PyTorch's own tutorials write it. Its parameters are found by their property names: `conv1.weight`, `fc2.bias` …
  final class Network: Module, Layer {
    let conv1 = Conv2d(1, 16, kernel: 3), conv2 = Conv2d(16, 32, kernel: 3)
    let fc1 = Linear(32 * 5 * 5, 64), fc2 = Linear(64, 10)

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
      var h = try maxPool2d(relu(conv1(x)), 2)
      h = try maxPool2d(relu(conv2(h)), 2)
      return try fc2(relu(fc1(h.flatten(from: 1))))
    }
  }

  static func main() async throws {
    let accuracy = try await train(pictures: 12_000, epochs: 2)
    print("test accuracy: \(accuracy)")
  }

  /// - Returns: the share of the test pictures that is recognised.
  static func train(pictures: Int, epochs: Int) async throws -> Double {
    try RandomState.seed(1)
    let data = try FetchedImages("fashion-mnist")
    guard let test = data.test else { throw ArgumentError("Fashion-MNIST has a test part") }
    let some = try DatasetSubset(data.training, indices: Array(0..<pictures))
    let loader = try DataLoader(ImageBatches(some), batchSize: 64, shuffle: true, seed: 1, workers: 1)

    let model = Network()
    let optimizer = try AdamW(model.parameters(), learningRate: 2e-3, weightDecay: 0.01)
    for epoch in 1...epochs {
      var total = 0.0
      for try await batch in loader {
        let loss = try crossEntropy(model(batch.inputs), batch.targets)
        try loss.backward()
        try optimizer.step()
        optimizer.zeroGradients()
        total += try loss.double() * Double(batch.count)
      }
      print("epoch \(epoch): loss \(total / Double(pictures))")
    }

    model.eval()
    var right = 0
    for try await batch in try DataLoader(ImageBatches(DatasetSubset(test, indices: Array(0..<2000))), batchSize: 250) {
      right += try withoutGrad { try (model(batch.inputs).argmax(dim: 1) .== batch.targets).sum().int() }
    }
    return Double(right) / 2000
  }
}
