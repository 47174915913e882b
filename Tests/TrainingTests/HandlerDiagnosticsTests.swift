import Charts
import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// A deep network of equal layers, with an activation as a layer after each.
private func deep(
  _ depth: Int, width: Int = 64, weights: Initializer? = nil, bias: Double? = nil, activation: () -> any Layer
) throws -> Sequential {
  try RandomState.with(seed: 4) {
    let layers = Sequential(
      (0..<depth).flatMap { number -> [any Layer] in [Linear(number == 0 ? 16 : width, width), activation()] } + [Linear(width, 3)])
    if let weights { try layers.initialize(weights) { name, parameter in parameter.shape.count == 2 } }
    if let bias { try layers.initialize(.constant(bias)) { name, parameter in parameter.shape.count == 1 && parameter.count > 3 } }
    return layers
  }
}

private func batch(scale: Double = 1) throws -> Batch {
  try RandomState.with(seed: 9) {
    Batch(
      inputs: try Tensor.randn([64, 16]) * scale, targets: try Tensor((0..<64).map { Int64($0 % 3) }), indices: Array(0..<64))
  }
}

/// Uses its activation as a function, so that no layer shows it.
private final class Functional: Module, Layer {
  let first = Linear(16, 32)
  let second = Linear(32, 3)
  let spare: Linear?

  init(hasSpare: Bool = false) { spare = hasSpare ? Linear(3, 3) : nil }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try second(relu(first(x))) }
}

extension TorchTests {
  @Suite struct DiagnosticsTests {
    @Test func vanishing() throws {
      let look = try diagnose(deep(20) { Sigmoid() }, loss: .crossEntropy, batch: batch())
      let verdict = try #require(look.verdicts.first)
      #expect(look.verdicts.count == 1 && verdict.kind == .vanishing && verdict.layer == "0")
      #expect(verdict.value < 1e-9 && verdict.threshold == 1e-4)
      #expect(verdict.text.contains("'0' (Linear(") && verdict.text.contains("residual connections"))
      // Backward halves and quarters: the gradients shrink from the last layer to the first.
      let gradients = look.layers.compactMap(\.gradient)
      #expect(gradients.count == 21 && gradients[0] < gradients[10] && gradients[10] < gradients[20])
    }

    @Test func exploding() throws {
      let look = try diagnose(deep(8, weights: .normal(mean: 0, std: 2)) { ReLU() }, loss: .crossEntropy, batch: batch())
      let verdict = try #require(look.verdicts.first)
      #expect(verdict.kind == .exploding && verdict.value > verdict.threshold)
      #expect(verdict.layer == "16" && verdict.remedies.contains { $0.contains("initialisation") })
    }

    @Test func dead() throws {
      let look = try diagnose(deep(2, bias: -20) { ReLU() }, loss: .crossEntropy, batch: batch())
      let dead = look.verdicts.filter { $0.kind == .dead }
      #expect(dead.map(\.layer) == ["0", "2"] && dead.allSatisfy { $0.value == 1 })
      #expect(dead[0].text.contains("100 %") && dead[0].remedies[0].contains("biases"))
      // What follows from it says so.
      let vanishing = try #require(look.verdicts.first { $0.kind == .vanishing })
      #expect(vanishing.finding.contains("follows from '0' being dead"))
    }

    @Test func deadBehindAFunction() throws {
      let model = try RandomState.with(seed: 2) { Functional() }
      #expect(try diagnose(model, loss: .crossEntropy, batch: batch()).verdicts.isEmpty)
      try model.first.bias?.initialize(.constant(-30))
      let look = try diagnose(model, loss: .crossEntropy, batch: batch())
      #expect(look.verdicts.first?.kind == .dead && look.verdicts.first?.layer == "first")
    }

    @Test func saturated() throws {
      let look = try diagnose(deep(2) { Tanh() }, loss: .crossEntropy, batch: batch(scale: 1000))
      let verdict = try #require(look.verdicts.first { $0.kind == .saturated })
      #expect(verdict.layer == "1" && verdict.value > 0.9)
    }

    @Test func notFinite() throws {
      let model = try deep(3) { ReLU() }
      try (model[2] as? Linear)?.weight.initialize(.constant(.infinity))
      let look = try diagnose(model, loss: .crossEntropy, batch: batch())
      #expect(look.verdicts.map(\.kind) == [.nonFinite] && look.verdicts.first?.layer == "2")
    }

    @Test func healthyAndUnused() throws {
      let model = try deep(4, weights: .kaimingNormal()) { ReLU() }
      let before = (try digest(model), try bytes(RandomState.save()))
      let look = try diagnose(model, loss: .crossEntropy, batch: batch())
      #expect(look.verdicts.isEmpty, "\(look.text)")
      #expect(look.layers.count == 9 && look.text.contains("nothing is wrong"))
      #expect(try digest(model) == before.0 && bytes(RandomState.save()) == before.1)
      #expect(model.isTraining && model.parameters().allSatisfy { $0.grad == nil })
      let charts = look.blocks.compactMap { block in if case .charts(let charts, _) = block { charts } else { nil } }
      #expect(charts.count == 1)
      let spare = try RandomState.with(seed: 2) { Functional(hasSpare: true) }
      let unused = try diagnose(spare, loss: .crossEntropy, batch: batch()).verdicts
      #expect(unused.map(\.kind) == [.unused] && unused.first?.layer == "spare.weight")
      spare.spare?.freeze()
      #expect(try diagnose(spare, loss: .crossEntropy, batch: batch()).verdicts.isEmpty)
    }

    @Test func duringTraining() async throws {
      let model = try ToyNet.make()
      let plain = try ToyNet.make()
      var looks = 0
      let healthy = Diagnostics(every: 5) { _ in looks += 1 }
      try await toyTrainer(model).fit(toyLoader(), validation: toyLoader(48, shuffle: false), epochs: 2, handlers: [healthy])
      try await toyTrainer(plain).fit(toyLoader(), epochs: 2)
      // Looking changes nothing.
      #expect(try digest(model) == digest(plain))
      #expect(healthy.findings.isEmpty && looks == 0)
      let latest = try #require(healthy.latest)
      #expect(latest.step == 11 && latest.layers.map(\.path) == ["input", "norm", "dropout", "output"])
      #expect(latest.layers.compactMap(\.update).allSatisfy { $0 > 0 && $0 < 0.5 } && latest.layers.compactMap(\.update).count == 3)

      let wild = Diagnostics(every: 1, stopsOn: [.largeUpdates])
      let result = try await toyTrainer(
        ToyNet.make(), optimizer: .sgd(learningRate: 500), schedule: .constant, options: TrainerOptions(threads: 1)
      ).fit(toyLoader(), epochs: 3, handlers: [wild])
      #expect(result.stoppedEarly && wild.findings.contains { $0.verdict.kind == .largeUpdates })
    }
  }

  @Suite struct ProfileTests {
    @Test func addsUp() async throws {
      let folder = try TemporaryFolder()
      let trace = folder.path + "/trace.json"
      let model = try deep(3, weights: .kaimingNormal()) { ReLU() }
      let profile = Profile(steps: 2..<7, trace: trace)
      let source = try TensorBatches(inputs: batch().inputs, targets: batch().targets)
      let loader = try DataLoader(source, batchSize: 16, shuffle: true)
      try await toyTrainer(model).fit(loader, validation: loader, epochs: 3, handlers: [profile])
      let report = try #require(profile.report)
      #expect(report.steps == 5 && report.phases.map(\.name) == ["loader", "forward", "backward", "gradients", "optimizer", "rest"])
      #expect(report.phases.allSatisfy { $0.milliseconds >= 0 } && report.milliseconds > 0)
      #expect(report.layers.map(\.path) == ["0", "1", "2", "3", "4", "5", "6", "model"])
      #expect(report.layers.allSatisfy { $0.calls == 1 && $0.forward >= 0 })
      #expect(report.layers.dropLast().allSatisfy { $0.backward > 0 })
      // Layers are parts of the passes they belong to.
      let forward = report.phases[1].milliseconds
      let backward = report.phases[2].milliseconds
      #expect(report.layers.reduce(0) { $0 + $1.forward } <= forward * 1.0001)
      #expect(report.layers.reduce(0) { $0 + $1.backward } <= backward * 1.0001)
      #expect(report.text.contains("forward ms") && report.blocks.count >= 2)

      let events = try #require(
        JSON.decode(JSONValue.self, from: Data(contentsOf: URL(fileURLWithPath: trace)), source: trace)["traceEvents"]?.arrayValue)
      let slices = events.filter { $0["ph"]?.stringValue == "X" }
      #expect(slices.count { $0["name"]?.stringValue == "optimizer" } == 5)
      #expect(slices.allSatisfy { ($0["ts"]?.doubleValue ?? -1) >= 0 && ($0["dur"]?.doubleValue ?? -1) >= 0 })
      #expect(slices.count { $0["cat"]?.stringValue == "backward" } == 35)
    }

    @Test func aShortRunIsReported() async throws {
      let profile = Profile(steps: 0..<100)
      try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 1, handlers: [profile])
      #expect(profile.report?.steps == 6)
    }
  }

  @Suite struct FitDiagnosisTests {
    @Test func curvesThatSpeakForThemselves() {
      func verdict(_ training: [Double], _ validation: [Double], _ accuracy: [Double] = [], _ validationAccuracy: [Double] = []) -> String {
        FitDiagnosis(
          training: training, validation: validation, trainingAccuracy: accuracy, validationAccuracy: validationAccuracy
        ).verdict.rawValue
      }
      let falling = (0..<12).map { 0.3 + 2 * pow(0.55, Double($0)) }
      #expect(verdict(falling, falling.map { $0 * 1.05 }) == "fits")
      #expect(verdict((0..<12).map { 2 * pow(0.6, Double($0)) }, (0..<12).map { 0.5 + 0.01 * pow(Double($0) - 3, 2) }) == "overfits")
      #expect(verdict((0..<8).map { 2.3 - 0.1 * Double($0) }, (0..<8).map { 2.3 - 0.1 * Double($0) }) == "underfits")
      #expect(verdict([2.3, 2.1, 2.05, 2.04, 2.03, 2.03], [2.3, 2.1, 2.06, 2.05, 2.04, 2.04]) == "underfits")
      #expect(verdict([2, 1, 1.5, 3, 6], [2, 1, 1.5, 3, 6]) == "diverges")
      #expect(verdict([2, 1, .nan], [2, 1, 1]) == "diverges")
      let noisy = falling.enumerated().map { $0.element + ($0.offset % 2 == 0 ? 0.9 : -0.1) }
      #expect(verdict(falling, noisy) == "tooNoisy")
      #expect(verdict(falling, falling, falling.map { 1 - $0 / 3 }, falling.map { _ in 0.999 }) == "leakSuspected")
      #expect(verdict([1, 0.5], [1, 0.5]) == "unknown")
      #expect(verdict(falling, []) == "unknown")
    }

    /// A network that learns 400 pictures by heart, and the same one restrained.
    @Test(.enabled(if: Fashion.isInstalled)) func realPictures() async throws {
      let train = try Fashion.items(0..<400)
      let validation = try Fashion.items(1000..<1800)
      func run(_ dropout: Double, _ options: TrainerOptions, decay: Double, epochs: Int) async throws -> FitDiagnosis {
        let model = try RandomState.with(seed: 1) { Sequential(Flatten(), Linear(784, 128), ReLU(), Dropout(dropout), Linear(128, 10)) }
        let loader = try DataLoader(TensorBatches(inputs: train.pictures, targets: train.classes), batchSize: 40, shuffle: true)
        let check = try DataLoader(TensorBatches(inputs: validation.pictures, targets: validation.classes), batchSize: 400)
        let trainer = try Trainer(
          model, loss: .crossEntropy, optimizer: .adamW(learningRate: 2e-3, weightDecay: decay), schedule: .cosine(), seed: 1,
          options: options)
        return FitDiagnosis(try await trainer.fit(loader, validation: check, epochs: epochs))
      }
      let overfit = try await run(0, TrainerOptions(threads: 1), decay: 0, epochs: 30)
      #expect(overfit.verdict == .overfits, "\(overfit.text)")
      #expect(try #require(overfit.bestEpoch) < 30 && overfit.cures.count >= 5)
      #expect(overfit.cures[0].yaml == "training.early-stopping: {patience: 3}" && overfit.text.contains("points of accuracy"))
      let mixing = TrainerOptions(threads: 1, mixing: try .mixUp(alpha: 0.4))
      let restrained = try await run(0.5, mixing, decay: 0.05, epochs: 12)
      #expect(restrained.verdict != .overfits, "\(restrained.text)")
      #expect(overfit.blocks.count == 3)
    }
  }
}
