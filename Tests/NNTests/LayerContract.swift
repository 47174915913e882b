import Foundation
import MartletCore
import NN
import Testing
import Torch

/// The contract that every layer keeps: PyTorch's names, shapes and first values, its outputs and gradients in training and evaluation, a
/// state that survives a file, frozen parameters without gradients, an error for a wrong shape, and no handle left behind.
func checkLayer(_ testCase: LayerCase) throws {
  let handles = LiveHandles.count
  try checkCreation(testCase)
  try checkValues(testCase)
  try checkFile(testCase)
  try checkFreezing(testCase)
  try checkConversion(testCase)
  try checkWrongShape(testCase)
  #expect(LiveHandles.count == handles, "handles were left behind")
}

/// A new layer has PyTorch's names and, from the same seed, its first values to the bit.
private func checkCreation(_ testCase: LayerCase) throws {
  try RandomState.seed(Fixtures.shared.creationSeed)
  let layer = try testCase.make()
  let state = try layer.state()
  #expect(state.names == testCase.keys)
  #expect(layer.namedParameters().map(\.name) == testCase.parameters)
  #expect(layer.parameterCount() == testCase.parameterCount)
  var bytes = Data()
  for (_, tensor) in state { try tensor.withUnsafeBytes { bytes.append(contentsOf: $0) } }
  #expect(Digest.sha256(bytes) == testCase.created)
}

private func loaded(_ testCase: LayerCase, _ tensors: CaseTensors) throws -> any Layer {
  let layer = try testCase.make()
  try layer.load(StateDictionary(try testCase.keys.map { ($0, try tensors("state/" + $0)) }))
  return layer
}

private func checkValues(_ testCase: LayerCase) throws {
  let tensors = try CaseTensors(testCase.name, testCase.sections)
  let layer = try loaded(testCase, tensors)
  let input = try tensors("input")
  if input.dtype.isFloatingPoint { try input.requiringGrad() }
  layer.train()
  try RandomState.seed(Fixtures.shared.forwardSeed)
  let output = try layer(input)
  #expect(try relativeDifference(output.detach(), tensors("output")) <= 1e-6, "training output")
  try output.backward(gradient: tensors("gradient"))
  if let reference = tensors.optional("grad/input") {
    let grad = try #require(input.grad)
    #expect(try relativeDifference(grad, reference) <= 1e-5, "gradient of the input")
  }
  for (name, parameter) in layer.namedParameters() {
    let grad = try #require(parameter.grad, "\(name) has no gradient")
    #expect(try relativeDifference(grad, tensors("grad/" + name)) <= 1e-5, "gradient of \(name)")
  }
  for (name, buffer) in layer.namedBuffers() {
    #expect(try relativeDifference(buffer.value, tensors("after/" + name)) <= 1e-6, "\(name) after training")
  }
  layer.eval()
  let evaluated = try withoutGrad { try layer(input) }
  #expect(try relativeDifference(evaluated.detach(), tensors.optional("eval") ?? tensors("output")) <= 1e-6, "evaluation output")
  layer.zeroGradients()
  #expect(layer.parameters().allSatisfy { $0.grad == nil })
}

private func checkFile(_ testCase: LayerCase) throws {
  let tensors = try CaseTensors(testCase.name, testCase.sections)
  let layer = try loaded(testCase, tensors)
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(testCase.name)-\(UUID().uuidString).safetensors").path
  defer { try? FileManager.default.removeItem(atPath: path) }
  try layer.save(to: path)
  let other = try testCase.make()
  let report = try other.load(from: path)
  #expect(report.missing.isEmpty && report.unexpected.isEmpty)
  layer.eval()
  other.eval()
  let input = try tensors("input")
  #expect(try layer(input).array(of: Float.self) == other(input).array(of: Float.self))
}

private func checkFreezing(_ testCase: LayerCase) throws {
  let tensors = try CaseTensors(testCase.name, testCase.sections)
  let layer = try loaded(testCase, tensors)
  layer.freeze()
  #expect(layer.parameterCount(trainable: true) == 0)
  let input = try tensors("input")
  if input.dtype.isFloatingPoint {
    try input.requiringGrad()
    try layer(input).sum().backward()
    #expect(layer.parameters().allSatisfy { $0.grad == nil })
  } else {
    #expect(try !layer(input).requiresGrad)
  }
  layer.unfreeze()
  #expect(layer.parameterCount(trainable: true) == testCase.parameterCount)
}

private func checkConversion(_ testCase: LayerCase) throws {
  let tensors = try CaseTensors(testCase.name, testCase.sections)
  let layer = try loaded(testCase, tensors)
  try layer.to(.float64)
  #expect(try layer.state().allSatisfy { $0.tensor.dtype == .float64 || $0.tensor.dtype == .int64 })
  let input = try tensors("input")
  layer.eval()
  let output = try layer(input.dtype.isFloatingPoint ? input.to(.float64) : input)
  let isFixed = testCase.keys.contains { $0.contains("running") } || testCase.layer.hasPrefix("Dropout")
  if input.dtype.isFloatingPoint, !isFixed {
    #expect(try relativeDifference(output.detach().to(.float32), tensors.optional("eval") ?? tensors("output")) <= 1e-5)
  }
}

private func checkWrongShape(_ testCase: LayerCase) throws {
  guard let shape = testCase.wrongShape else { return }
  let layer = try testCase.make()
  let error = #expect(throws: TorchError.self) { try layer(Tensor.zeros(shape)) }
  let text = error.map { "\($0)" } ?? ""
  #expect(text.contains("\(shape)"), "the message names the shape: \(text)")
}
