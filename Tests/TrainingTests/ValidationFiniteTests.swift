import NN
import Testing
import Torch

@testable import Training

@Suite struct ValidationFiniteTests {
  /// Fine while it trains, broken when it is judged: what an overflow of batch norm's running statistics looks like.
  final class BrokenInEvaluation: Module, Layer {
    let linear = Linear(2, 2)
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
      let y = try linear(x)
      return isTraining ? y : try y * Double.nan
    }
  }

  @Test func aValidationLossThatIsNotFiniteEndsTheRun() async throws {
    let inputs = try Tensor([0, 1, 1, 0, 0.5, 0.5, 1, 1] as [Float], shape: [4, 2]), targets = try Tensor([0, 1, 0, 1] as [Int])
    let loader = try DataLoader(TensorBatches(inputs: inputs, targets: targets), batchSize: 2)
    let validation = try DataLoader(TensorBatches(inputs: inputs, targets: targets), batchSize: 4)
    let trainer = try Trainer(BrokenInEvaluation(), loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1), seed: 1)
    let error = await #expect(throws: NonFiniteTraining.self) { try await trainer.fit(loader, validation: validation, epochs: 2) }
    #expect(error?.place == .validation && error?.step == 2)
    #expect(error?.description.contains("validation loss") == true)
  }
}
