import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// A network in which every item is for itself: no batch norm, no dropout.
final class PlainNet: Module, Layer {
  let input: Linear, output: Linear

  init(_ inputs: Int, hidden: Int, _ outputs: Int) {
    input = Linear(inputs, hidden)
    output = Linear(hidden, outputs)
    super.init()
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try output(relu(input(x))) }

  static func make(_ inputs: Int = 6, hidden: Int = 16, _ outputs: Int = 3) throws -> PlainNet {
    try RandomState.with(seed: 1) { PlainNet(inputs, hidden: hidden, outputs) }
  }
}

/// 600 handwritten digits: 500 to learn from, 100 to watch. Inputs `[items, 1, 8, 8]` from 0 to 1.
func digits() throws -> (train: TensorBatches, validation: TensorBatches) {
  let url = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/digits.safetensors")
  let file = try SafetensorsFile(path: url.path)
  let pixels = try file.tensor("pixels").to(.float32).div(Scalar(16)).unsqueeze(1)
  let labels = try file.tensor("labels").to(.int64)
  func part(_ start: Int, _ count: Int) throws -> TensorBatches {
    try TensorBatches(
      inputs: pixels.narrow(dim: 0, start: start, length: count), targets: labels.narrow(dim: 0, start: start, length: count))
  }
  return (try part(0, 500), try part(500, 100))
}

/// The largest difference of any weight or buffer.
func distance(_ left: Module, _ right: Module) throws -> Double {
  var largest = 0.0
  let other = try right.state()
  for (name, tensor) in try left.state().entries {
    let partner = try #require(other[name])
    largest = max(largest, try (tensor.to(.float64) - partner.to(.float64)).abs().max().double())
  }
  return largest
}

/// Trains with a checkpoint at every step, then goes on from each of them: all must end with the same bytes.
func expectEveryCheckpointGoesOn(
  epochs: Int, make: () throws -> any Layer, _ trainer: (any Layer) throws -> Trainer, _ loader: () throws -> DataLoader,
  validation: () throws -> DataLoader? = { nil }, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let folder = try TemporaryFolder()
  let model = try make()
  let whole = try await trainer(model).fit(
    loader(), validation: validation(), epochs: epochs, handlers: [Checkpoints(in: folder.path, everySteps: 1, keep: 1000)])
  let expected = try digest(model)
  let names = folder.names().filter { $0.hasPrefix("step-") }
  #expect(names.count >= whole.steps, sourceLocation: sourceLocation)
  for name in names {
    let again = try make()
    for parameter in again.parameters() { try parameter.initialize(.zeros) }
    let result = try await trainer(again).fit(
      loader(), validation: validation(), epochs: epochs, resumingFrom: folder.path + "/" + name)
    #expect(try digest(again) == expected, "from \(name)", sourceLocation: sourceLocation)
    let names = Set(whole.history.map(\.name)).filter { !$0.hasSuffix("PerSecond") }
    for name in names { #expect(result.values(name) == whole.values(name), sourceLocation: sourceLocation) }
  }
}
