import Martlet

/// Sick networks, what the diagnosis says about them, and the cure, on one batch of Fashion-MNIST each.
///
///     swift run -c release GradientsExample
@main
struct Gradients {
  static func main() async throws {
    let batch = try await batch(of: 128)
    for (name, network) in try patients() {
      print("\n\(name)")
      print(try diagnose(network, loss: .crossEntropy, batch: batch).text)
    }
  }

  /// Twelve hidden layers of 64 values; what stands between them makes the difference.
  static func patients() throws -> [(name: String, network: any Layer)] {
    try RandomState.seed(1)
    func deep(_ between: (_ width: Int) -> [any Layer], scale: Double = 1) throws -> any Layer {
      let hidden = (0..<12).flatMap { number -> [any Layer] in [Linear(number == 0 ? 784 : 64, 64)] + between(64) }
      let network = Sequential([Flatten()] + hidden + [Linear(64, 10)])
      if scale != 1 {
        try withoutGrad { for parameter in network.parameters() { try parameter.assign(parameter.value * scale) } }
      }
      return network
    }
    return [
      ("sigmoids: gradients vanish", try deep { _ in [Sigmoid()] }),
      ("weights ten times too large: gradients explode", try deep({ _ in [ReLU()] }, scale: 10)),
      ("batch norm and ReLU: healthy", try deep { width in [BatchNorm1d(width), ReLU()] }),
    ]
  }

  static func batch(of size: Int) async throws -> Batch {
    let data = try FetchedImages("fashion-mnist").training
    for try await batch in try DataLoader(ImageBatches(data), batchSize: size, shuffle: true, seed: 1) { return batch }
    throw ArgumentError("Fashion-MNIST has no pictures")
  }
}
