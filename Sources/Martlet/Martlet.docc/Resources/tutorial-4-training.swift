import Martlet

final class Network: Module, Layer {
  let conv1 = Conv2d(1, 16, kernel: 3), conv2 = Conv2d(16, 32, kernel: 3)
  let fc1 = Linear(32 * 5 * 5, 64), fc2 = Linear(64, 10)

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    var h = try maxPool2d(relu(conv1(x)), 2)
    h = try maxPool2d(relu(conv2(h)), 2)
    return try fc2(relu(fc1(h.flatten(from: 1))))
  }
}

let data = try FetchedImages("fashion-mnist")
let train = try DataLoader(ImageBatches(data.training), batchSize: 128, shuffle: true, seed: 1, workers: 1)
let model = Network()
let trainer = try Trainer(model, loss: .crossEntropy, optimizer: .adamW(learningRate: 5e-3), schedule: .oneCycle(), seed: 1)
// Ctrl-C saves a checkpoint of the very step; another start with `resumingFrom: "checkpoints"` goes on from there.
try await CancelledBySignals.run {
  try await trainer.fit(train, epochs: 3, handlers: [Checkpoints(in: "checkpoints"), ProgressBar()])
}
