import Foundation
import MartletCore
import NN
import Testing
import Torch

/// A layer under test with the way it is called.
struct Subject {
  let module: Module
  /// Calls the layer with the case's inputs by name; a layer with one input finds it as `input`.
  let run: (_ inputs: [String: Tensor]) throws -> [Tensor]

  init(_ layer: any Layer) {
    module = layer
    run = { inputs in
      guard let input = inputs["input"] else { throw ArgumentError("the case has no input") }
      return [try layer(input)]
    }
  }

  init<Model: Module>(_ module: Model, _ run: @escaping (Model, Inputs) throws -> [Tensor]) {
    self.module = module
    self.run = { try run(module, Inputs(tensors: $0)) }
  }
}

/// The inputs of one call by name.
struct Inputs {
  let tensors: [String: Tensor]

  subscript(name: String) -> Tensor? { tensors[name] }

  func callAsFunction(_ name: String) throws -> Tensor {
    guard let tensor = tensors[name] else { throw ArgumentError("the case has no input '\(name)'") }
    return tensor
  }
}

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
  let layer = try testCase.subject().module
  let state = try layer.state()
  #expect(state.names == testCase.keys)
  #expect(layer.namedParameters().map(\.name) == testCase.parameters)
  #expect(layer.parameterCount() == testCase.parameterCount)
  var bytes = Data()
  for (_, tensor) in state { try tensor.contiguous().withUnsafeBytes { bytes.append(contentsOf: $0) } }
  #expect(Digest.sha256(bytes).hasPrefix(testCase.created))
}

private func loaded(_ testCase: LayerCase, _ tensors: CaseTensors) throws -> Subject {
  let subject = try testCase.subject()
  try subject.module.load(StateDictionary(try testCase.keys.map { ($0, try tensors("state/" + $0)) }))
  return subject
}

extension CaseTensors {
  /// The inputs by name.
  fileprivate func inputs(as dtype: DType? = nil) throws -> [String: Tensor] {
    var inputs: [String: Tensor] = [:]
    if let input = optional("input") { inputs["input"] = input }
    for name in names(under: "input/") { inputs[String(name.dropFirst(6))] = try self(name) }
    return try inputs.mapValues { $0.dtype.isFloatingPoint ? try $0.to(dtype) : $0 }
  }

  /// What is called `name`, or `name/0`, `name/1` … where there are several.
  fileprivate func list(_ name: String) -> [Tensor]? {
    if let single = optional(name) { return [single] }
    let several = (0..<names(under: name + "/").count).compactMap { optional("\(name)/\($0)") }
    return several.isEmpty ? nil : several
  }
}

private func expectEqual(
  _ outputs: [Tensor], _ references: [Tensor]?, _ tolerance: Double, _ what: Comment, as dtype: DType? = nil
) throws {
  let references = try #require(references)
  #expect(outputs.count == references.count)
  for (output, reference) in zip(outputs, references) {
    #expect(try relativeDifference(output.detach().to(dtype), reference) <= tolerance, what)
  }
}

/// What flows back from output `index`, as in Tools/fixtures_nn_common.py.
private func pattern(_ shape: [Int], _ index: Int) throws -> Tensor {
  let count = shape.reduce(1, *)
  return try Tensor((0..<count).map { Float(($0 * 7 + 3 * index) % 11 - 5) / 4 }, shape: shape)
}

private func checkValues(_ testCase: LayerCase) throws {
  let tensors = try testCase.tensors()
  let subject = try loaded(testCase, tensors), layer = subject.module
  let inputs = try tensors.inputs()
  for (name, input) in inputs where tensors.optional(name == "input" ? "grad/input" : "grad/input/" + name) != nil {
    try input.requiringGrad()
  }
  layer.train()
  try RandomState.seed(Fixtures.shared.forwardSeed)
  let outputs = try subject.run(inputs)
  try expectEqual(outputs, tensors.list("output"), 1e-6, "training output")
  let gradients = try tensors.list("gradient") ?? outputs.enumerated().map { try pattern($1.shape, $0) }
  let trained = zip(outputs, gradients).filter { $0.0.requiresGrad }
  try Tensor.backward(trained.map(\.0), gradients: trained.map(\.1))
  for (name, input) in inputs {
    guard let reference = tensors.optional(name == "input" ? "grad/input" : "grad/input/" + name) else { continue }
    let grad = try #require(input.grad, "\(name) has no gradient")
    #expect(try relativeDifference(grad, reference) <= 1e-5, "gradient of \(name)")
  }
  for (name, parameter) in layer.namedParameters() {
    let grad = try #require(parameter.grad, "\(name) has no gradient")
    let difference = try relativeDifference(grad, tensors("grad/" + name))
    #expect(difference <= 1e-5, "gradient of \(name)")
  }
  for (name, buffer) in layer.namedBuffers() {
    #expect(try relativeDifference(buffer.value, tensors("after/" + name)) <= 1e-6, "\(name) after training")
  }
  layer.eval()
  try RandomState.seed(Fixtures.shared.forwardSeed)
  let evaluated = try withoutGrad { try subject.run(inputs) }
  try expectEqual(evaluated, tensors.list("eval") ?? tensors.list("output"), 1e-6, "evaluation output")
  layer.zeroGradients()
  #expect(layer.parameters().allSatisfy { $0.grad == nil })
}

private func checkFile(_ testCase: LayerCase) throws {
  let tensors = try testCase.tensors()
  let subject = try loaded(testCase, tensors)
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(testCase.name)-\(UUID().uuidString).safetensors").path
  defer { try? FileManager.default.removeItem(atPath: path) }
  try subject.module.save(to: path)
  let other = try testCase.subject()
  let report = try other.module.load(from: path)
  #expect(report.missing.isEmpty && report.unexpected.isEmpty)
  func output(_ subject: Subject) throws -> [[Float]] {
    subject.module.eval()
    try RandomState.seed(Fixtures.shared.forwardSeed)
    return try subject.run(tensors.inputs()).map { try $0.array(of: Float.self) }
  }
  #expect(try output(subject) == output(other))
}

private func checkFreezing(_ testCase: LayerCase) throws {
  let tensors = try testCase.tensors()
  let subject = try loaded(testCase, tensors), layer = subject.module
  layer.freeze()
  #expect(layer.parameterCount(trainable: true) == 0)
  let inputs = try tensors.inputs()
  if let input = inputs.values.first(where: { $0.dtype.isFloatingPoint }) {
    try input.requiringGrad()
    let trained = try subject.run(inputs).filter { $0.requiresGrad }
    for output in trained { try output.sum().backward(retainGraph: true) }
    #expect(layer.parameters().allSatisfy { $0.grad == nil })
  } else {
    #expect(try subject.run(inputs).allSatisfy { !$0.requiresGrad })
  }
  layer.unfreeze()
  #expect(layer.parameterCount(trainable: true) == testCase.parameterCount)
}

private func checkConversion(_ testCase: LayerCase) throws {
  let tensors = try testCase.tensors()
  let subject = try loaded(testCase, tensors), layer = subject.module
  try layer.to(.float64)
  #expect(try layer.state().allSatisfy { $0.tensor.dtype == .float64 || $0.tensor.dtype == .int64 })
  let inputs = try tensors.inputs(as: .float64)
  layer.eval()
  let outputs = try subject.run(inputs)
  // Layers whose training changes their buffers evaluate differently before it; random ones draw other numbers in another type.
  let isFixed = testCase.isRandom || testCase.keys.contains { $0.contains("running") || $0.hasSuffix("._u") }
  if inputs.values.contains(where: { $0.dtype.isFloatingPoint }), !isFixed {
    let converted = try outputs.map { try $0.dtype == .float64 ? $0.to(.float32) : $0 }
    try expectEqual(converted, tensors.list("eval") ?? tensors.list("output"), 1e-5, "converted")
  }
}

private func checkWrongShape(_ testCase: LayerCase) throws {
  guard let shape = testCase.wrong ?? testCase.wrongShape else { return }
  let subject = try testCase.subject(), tensors = try testCase.tensors()
  var inputs = try tensors.inputs()
  let first = try #require(testCase.sections.first { $0.name.hasPrefix("input") })
  inputs[first.name == "input" ? "input" : String(first.name.dropFirst(6))] = try Tensor.zeros(shape)
  let error = #expect(throws: TorchError.self) { try subject.run(inputs) }
  let text = error.map { "\($0)" } ?? ""
  #expect(text.contains("\(shape)"), "the message names the shape: \(text)")
}
