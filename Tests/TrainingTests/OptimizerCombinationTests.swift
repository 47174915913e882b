import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private final class Block: Module, Layer {
  let norm: LayerNorm
  let linear: Linear

  init(_ size: Int) {
    norm = LayerNorm(size)
    linear = Linear(size, size)
    super.init()
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try relu(linear(norm(x))) }
}

private final class Net: Module, Layer {
  let first = Block(6)
  let second = Block(6)
  let head = Linear(6, 3)

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try head(second(first(x))) }
}

extension TorchTests {
  @Suite struct OptimizerCombinationTests {
    private func net() throws -> Net { try RandomState.with(seed: 2) { Net() } }

    private func train(_ net: Net, _ optimizer: any Optimizer, steps: Int) throws -> Double {
      let x = try Tensor.randn([12, 6], generator: Generator(seed: 1)), y = try Tensor((0..<12).map { $0 % 3 })
      var last = 0.0
      for _ in 0..<steps {
        if let optimizer = optimizer as? any ClosureOptimizer {
          last = try optimizer.step(minimizing: { try crossEntropy(net(x), y) }).double()
        } else {
          optimizer.zeroGradients()
          let loss = try crossEntropy(net(x), y)
          try loss.backward()
          try optimizer.step()
          last = try loss.double()
        }
      }
      return last
    }

    @Test func rulesMakeGroups() throws {
      let net = try net()
      let groups = try net.parameterGroups(
        AdamW.Settings(learningRate: 0.1, weightDecay: 0.5), [.noDecay, .layerDecay(0.5), .named("head.*", learningRate: 10)])
      let found = groups.map { [$0.settings.learningRate, $0.settings.weightDecay] }
      // Each layer has a group for vectors and one for matrices.
      #expect(found == [[0.025, 0], [0.025, 0.5], [0.05, 0], [0.05, 0.5], [1, 0.5], [1, 0]])
      #expect(groups.map(\.parameters.count) == [3, 1, 3, 1, 1, 1])
      #expect(groups.flatMap(\.parameters).count == net.parameters().count)
      #expect(groups[0].settings.beta2 == 0.999)
    }

    @Test func layersMayBeNamed() throws {
      let groups = try net().parameterGroups(
        SGD.Settings(learningRate: 1), [.layerDecay(0.1, layers: ["first.*", "*"]), .matching(weightDecay: 0) { name, _ in name == "x" }])
      #expect(groups.map(\.settings.learningRate) == [0.1, 1])
      #expect(groups.map(\.parameters.count) == [4, 6])
    }

    @Test func patternsThatFitNothingAreNamed() throws {
      let net = try net()
      #expect {
        try net.parameterGroups(SGD.Settings(learningRate: 1), [.named("haed.weight")])
      } throws: {
        "\($0)".contains("'haed.weight'") && "\($0)".contains("'head.weight'")
      }
      #expect { try net.parameterGroups(SGD.Settings(learningRate: 1), [.layerDecay(0.5, layers: ["nothing*"])]) } throws: {
        "\($0)".contains("'nothing*'")
      }
      #expect { try net.parameterGroups(SGD.Settings(learningRate: 1), [.layerDecay(0)]) } throws: {
        "\($0)".contains("layer decay of 0.0")
      }
    }

    @Test(arguments: [
      ("a.b", "a.b", true), ("a.*", "a.b.c", true), ("*.bias", "x.bias", true), ("?.w", "1.w", true), ("?.w", "12.w", false),
      ("a*c*", "abbbcd", true), ("a*c", "abbbcd", false), ("", "", true), ("*", "", true),
    ])
    func patterns(_ pattern: String, _ name: String, _ fits: Bool) {
      #expect(NamePattern(pattern).matches(name) == fits, "\(pattern) \(name)")
    }

    @Test func combinedEqualsItsParts() throws {
      let together = try net(), apart = try net()
      let combined = try CombinedOptimizer([
        Muon([together.first.linear.weight], learningRate: 0.02),
        AdamW(together.parameters().filter { $0 !== together.first.linear.weight }, learningRate: 0.01),
      ])
      #expect(combined.kind == "combined(muon, adamw)")
      #expect(combined.learningRates == [0.02, 0.01])
      let muon = try Muon([apart.first.linear.weight], learningRate: 0.02)
      let adamW = try AdamW(apart.parameters().filter { $0 !== apart.first.linear.weight }, learningRate: 0.01)
      _ = try train(together, combined, steps: 4)
      let x = try Tensor.randn([12, 6], generator: Generator(seed: 1)), y = try Tensor((0..<12).map { $0 % 3 })
      for _ in 0..<4 {
        for parameter in apart.parameters() { parameter.clearGrad() }
        try crossEntropy(apart(x), y).backward()
        try muon.step()
        try adamW.step()
      }
      #expect(try digest(together) == digest(apart))
    }

    @Test func combinedStateGoesOn() throws {
      let choice = OptimizerChoice.combined(
        [("*.norm.*", .sgd(learningRate: 0.1, momentum: 0.9)), ("head.*", .lion(learningRate: 0.01))], rest: .nadam(learningRate: 0.01))
      let first = try net(), second = try net()
      let optimizer = try choice.make(first)
      #expect(optimizer.kind == "combined(sgd, lion, nadam)")
      _ = try train(first, optimizer, steps: 3)
      let state = try optimizer.state()
      try second.load(state: first)
      _ = try train(first, optimizer, steps: 3)
      let resumed = try choice.make(second)
      try resumed.load(state)
      _ = try train(second, resumed, steps: 3)
      #expect(try digest(first) == digest(second))
      #expect { try AdamW(second.parameters()).load(state) } throws: { "\($0)".contains("combined(sgd, lion, nadam)") }
      #expect { try resumed.load(AdamW(second.parameters()).state()) } throws: { "\($0)".contains("'adamw'") }
    }

    @Test func schedulesReachEveryPart() throws {
      let net = try net()
      let optimizer = try OptimizerChoice.muon(rest: AdamW.Settings(learningRate: 0.01), rules: [.noDecay]).make(net)
      #expect(optimizer.kind == "combined(muon, adamw)")
      // Muon has the two hidden matrices, AdamW the vectors and the head.
      let parts = try #require(optimizer as? CombinedOptimizer).parts
      #expect(parts.map(\.parameters.count) == [2, 8])
      let schedule = Schedule.constant.withWeightDecay(.linear(from: 1, to: 0)).withMomentum(.linear(from: 1, to: 0.5))
      let base = optimizer.settings
      schedule.apply(to: optimizer, base: base, at: SchedulePosition(step: 5, totalSteps: 10))
      #expect(optimizer.weightDecays == base.weightDecays.map { $0 / 2 })
      #expect(optimizer.momenta == base.momenta.map { $0 * 0.75 })
      #expect(optimizer.learningRates == base.learningRates)
    }

    @Test func everyChoiceLearns() throws {
      let choices: [OptimizerChoice] = [
        .sgd(learningRate: 0.1), .adam(learningRate: 0.01), .adamW(learningRate: 0.01, rules: [.noDecay]), .rmsprop(learningRate: 0.01),
        .adagrad(learningRate: 0.1), .adadelta(), .adamax(learningRate: 0.02), .nadam(learningRate: 0.01), .radam(learningRate: 0.02),
        .rprop(), .asgd(learningRate: 0.1), .adafactor(learningRate: 0.05), .lion(learningRate: 0.005), .lamb(learningRate: 0.02),
        .muon(Muon.Settings(learningRate: 0.02)), .lbfgs(), .sam(.sgd(learningRate: 0.1)), .sam(.adamW(learningRate: 0.01), adaptive: true),
      ]
      for choice in choices {
        let net = try net()
        let optimizer = try choice.make(net)
        let first = try train(net, optimizer, steps: 1)
        #expect(try train(net, optimizer, steps: 40) < first * 0.9, "\(optimizer.kind)")
      }
    }

    @Test func closuresThatFailLeaveTheParameters() throws {
      for choice in [OptimizerChoice.sam(.sgd(learningRate: 0.1)), .lbfgs()] {
        let net = try net()
        let optimizer = try #require(choice.make(net) as? any ClosureOptimizer)
        let x = try Tensor.randn([12, 6], generator: Generator(seed: 1)), y = try Tensor((0..<12).map { $0 % 3 })
        let before = try digest(net)
        var calls = 0
        #expect(throws: ArgumentError.self) {
          try optimizer.step(minimizing: {
            calls += 1
            if calls == 2 { throw ArgumentError("no more") }
            return try crossEntropy(net(x), y)
          })
        }
        #expect(calls == 2)
        #expect(try digest(net) == before, "\(optimizer.kind)")
      }
    }

    @Test func nonsenseIsRefusedByName() throws {
      let vector = Parameter(try Tensor.ones([2])), matrix = Parameter(try Tensor.ones([2, 2]))
      func refuses(_ words: String, _ make: () throws -> Any) {
        #expect { try make() } throws: { $0 is ArgumentError && "\($0)".contains(words) }
      }
      refuses("alpha is 1.5") { try RMSprop([vector], alpha: 1.5) }
      refuses("momentum is -0.1") { try RMSprop([vector], momentum: -0.1) }
      refuses("learningRateDecay is -1.0") { try Adagrad([vector], learningRateDecay: -1) }
      refuses("rho is 2.0") { try Adadelta([vector], rho: 2) }
      refuses("beta1 is 1.0") { try Adamax([vector], beta1: 1) }
      refuses("momentumDecay is nan") { try NAdam([vector], momentumDecay: .nan) }
      refuses("beta2 is -0.5") { try RAdam([vector], beta2: -0.5) }
      refuses("shrink is 1.0") { try Rprop([vector], shrink: 1) }
      refuses("step sizes reach from 2.0 to 1.0") { try Rprop([vector], smallestStep: 2, largestStep: 1) }
      refuses("decay is -1.0") { try ASGD([vector], decay: -1) }
      refuses("decayPower is 0.5") { try Adafactor([vector], decayPower: 0.5) }
      refuses("threshold is 0.5") { try Adafactor([vector], threshold: 0.5) }
      refuses("parameter of shape [2]") { try Muon([vector]) }
      refuses("momentum is 1.5") { try Muon([matrix], momentum: 1.5) }
      refuses("weightDecay is -1.0") { try Lion([vector], weightDecay: -1) }
      refuses("largestNorm is 0.0") { try LAMB([vector], largestNorm: 0) }
      refuses("radius is -1.0") { try SAM(SGD([vector], learningRate: 1), radius: -1) }
      refuses("'lbfgs' evaluates the loss itself") { try SAM(LBFGS([vector])) }
      refuses("history is 0") { try LBFGS([vector], LBFGS.Settings(history: 0)) }
      refuses("no parameters") { try LBFGS([]) }
      refuses("float32 on cpu and of float64") { try LBFGS([vector, Parameter(try Tensor.ones([1], dtype: .float64))]) }
      refuses("belongs to an optimizer before it") {
        try CombinedOptimizer([SGD([vector], learningRate: 1), SGD([vector], learningRate: 1)])
      }
      refuses("no optimizers") { try CombinedOptimizer([]) }
      #expect { try LBFGS([vector]).step() } throws: { "\($0)".contains("evaluates the loss itself") }
    }
  }
}

extension Module {
  fileprivate func load(state other: Module) throws {
    for (target, source) in zip(parameters(), other.parameters()) { try target.assign(source.value.detach()) }
  }
}
