import Martlet

/// A layer of one's own, in a network of one's own, with a loss of one's own.
///
///     swift run -c release CustomLayerExample
@main
struct CustomLayer {
  /// Squeeze-and-excitation (Hu, Shen, Sun: "Squeeze-and-Excitation Networks", CVPR 2018): each channel times a weight that is computed from
  /// the averages of all. `[batch, channels, height, width]` stays so.
  final class SqueezeExcitation: Module, Layer {
    let squeeze: Linear, excite: Linear

    init(_ channels: Int, reduction: Int = 4) {
      squeeze = Linear(channels, max(1, channels / reduction))
      excite = Linear(max(1, channels / reduction), channels)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
      let weights = try excite(relu(squeeze(x.mean(dims: [2, 3])))).sigmoid()
      return try x * weights[Axis.all, Axis.all, Axis.new, Axis.new]
    }
  }

  /// The focal loss (Lin and others, ICCV 2017): what is easy already counts less.
  static let focal = Loss("focal") { (logits, targets) throws(TorchError) in
    let loss = try crossEntropy(logits, targets, reduction: .none)
    return try ((1 - (-loss).exp()) ** 2 * loss).mean()
  }

  static func main() async throws {
    let (before, after) = try await train(pictures: 6_000, epochs: 2)
    print("training loss: \(before) in the first epoch, \(after) in the last")
  }

  static func train(pictures: Int, epochs: Int) async throws -> (first: Double, last: Double) {
    try RandomState.seed(1)
    // Any layers in a row are a network; names say where their weights are found.
    let model = Sequential(named: [
      "conv": Conv2d(1, 16, kernel: 3, stride: 2, padding: 1), "norm": BatchNorm2d(16), "relu": ReLU(),
      "attention": SqueezeExcitation(16), "flatten": Flatten(), "head": Linear(16 * 14 * 14, 10),
    ])
    print(try summary(of: model, input: [1, 1, 28, 28]))
    let data = try DatasetSubset(FetchedImages("fashion-mnist").training, indices: Array(0..<pictures))
    let trainer = try Trainer(model, loss: focal, optimizer: .sgd(learningRate: 0.05, momentum: 0.9), schedule: .cosine(), seed: 1)
    let result = try await trainer.fit(DataLoader(ImageBatches(data), batchSize: 64, shuffle: true, seed: 1), epochs: epochs)
    return (result.values("train/loss").first ?? .nan, result.last("train/loss") ?? .nan)
  }
}
