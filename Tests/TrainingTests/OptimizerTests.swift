import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// `Fixtures/optimizers.json`, written by `Tools/fixtures_training.py`.
private struct OptimizerFixture: Decodable {
  struct Data: Decodable {
    let shape: [Int]
    let values: [Double]
  }
  struct Group: Decodable {
    let lr: Double
    let momentum, dampening, weightDecay, eps: Double?
    let nesterov, maximize, amsgrad: Bool?
    let betas: [Double]?

    private enum CodingKeys: String, CodingKey {
      case lr, momentum, dampening, eps, nesterov, maximize, amsgrad, betas
      case weightDecay = "weight_decay"
    }
  }
  struct Case: Decodable {
    let name, kind, dtype: String
    let groups: [Group]
    let losses: [Double]
    let snapshots: [String: [Double]]
  }
  let data: [String: Data]
  let cases: [Case]
}

/// The fixture's regression problem: y ~ tanh(x w1 + b1) w2.
private struct Problem {
  let x, y: Tensor
  let w1, b1, w2: Parameter

  init(_ fixture: OptimizerFixture, _ dtype: DType) throws {
    func tensor(_ name: String) throws -> Tensor {
      let data = try #require(fixture.data[name])
      return try Tensor(data.values, shape: data.shape).to(dtype)
    }
    x = try tensor("x")
    y = try tensor("y")
    w1 = Parameter(try tensor("w1"))
    b1 = Parameter(try tensor("b1"))
    w2 = Parameter(try tensor("w2"))
  }

  var parameters: [Parameter] { [w1, b1, w2] }
  var values: [Double] { get throws { try parameters.flatMap { try $0.value.array(of: Double.self) } } }

  func step(_ optimizer: any Optimizer) throws -> Double {
    let hidden = try (x.matmul(w1.value) + b1.value).tanh()
    let error = try hidden.matmul(w2.value) - y
    let loss = try (error * error).mean()
    optimizer.zeroGradients()
    try loss.backward()
    try optimizer.step()
    return try loss.double()
  }

  func optimizer(_ example: OptimizerFixture.Case, fused: Bool) throws -> any Optimizer {
    let split = example.groups.count == 1 ? [[w1, b1, w2]] : [[w1, w2], [b1]]
    let groups = Array(zip(split, example.groups))
    if example.kind == "SGD" {
      return try SGD(
        groups: groups.map { parameters, group in
          ParameterGroup(
            parameters,
            SGD.Settings(
              learningRate: group.lr, momentum: group.momentum ?? 0, dampening: group.dampening ?? 0, weightDecay: group.weightDecay ?? 0,
              nesterov: group.nesterov ?? false, maximize: group.maximize ?? false))
        }, fused: fused)
    }
    let decay = example.kind == "AdamW" ? 0.01 : 0
    let adam = groups.map { parameters, group in
      ParameterGroup(
        parameters,
        Adam.Settings(
          learningRate: group.lr, beta1: group.betas?[0] ?? 0.9, beta2: group.betas?[1] ?? 0.999, epsilon: group.eps ?? 1e-8,
          weightDecay: group.weightDecay ?? decay, amsgrad: group.amsgrad ?? false, maximize: group.maximize ?? false))
    }
    return example.kind == "AdamW" ? try AdamW(groups: adam, fused: fused) : try Adam(groups: adam, fused: fused)
  }
}

extension TorchTests {
  @Suite struct OptimizerTests {
    @Test(arguments: [true, false]) func hundredStepsEqualPyTorch(fused: Bool) throws {
      let fixture = try fixture("optimizers.json", as: OptimizerFixture.self)
      #expect(fixture.cases.count == 40)
      for example in fixture.cases {
        let isSingle = example.dtype == "float32"
        let problem = try Problem(fixture, isSingle ? .float32 : .float64)
        let optimizer = try problem.optimizer(example, fused: fused)
        let tolerance = isSingle ? 1e-5 : 1e-11
        for step in 1...100 {
          let loss = try problem.step(optimizer)
          let expected = example.losses[step - 1]
          #expect(abs(loss - expected) <= tolerance * max(1, abs(expected)), "\(example.name) \(example.dtype) loss of step \(step)")
          guard let snapshot = example.snapshots["\(step)"] else { continue }
          let worst = zip(try problem.values, snapshot).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? .infinity
          #expect(worst <= tolerance, "\(example.name) \(example.dtype) after step \(step): \(worst)")
        }
      }
    }

    @Test func loadedStateGoesOnBitForBit() throws {
      let fixture = try fixture("optimizers.json", as: OptimizerFixture.self)
      for example in fixture.cases where example.dtype == "float32" {
        let first = try Problem(fixture, .float32)
        let optimizer = try first.optimizer(example, fused: true)
        for _ in 0..<7 { _ = try first.step(optimizer) }
        let state = try optimizer.state()
        let second = try Problem(fixture, .float32)
        for (target, source) in zip(second.parameters, first.parameters) { try target.assign(source.value.detach()) }
        for _ in 0..<5 { _ = try first.step(optimizer) }

        let resumed = try second.optimizer(example, fused: true)
        try resumed.load(state)
        for _ in 0..<5 { _ = try second.step(resumed) }
        #expect(try first.values == second.values, "\(example.name)")
        #expect(resumed.learningRates == optimizer.learningRates)
      }
    }

    @Test func savedStateDoesNotMoveWithTheOptimizer() throws {
      let fixture = try fixture("optimizers.json", as: OptimizerFixture.self)
      let problem = try Problem(fixture, .float32)
      let optimizer = try AdamW(problem.parameters)
      _ = try problem.step(optimizer)
      let state = try optimizer.state()
      let before = try state.tensors.map { try bytes($0.tensor) }
      _ = try problem.step(optimizer)
      #expect(try state.tensors.map { try bytes($0.tensor) } == before)
      #expect(state.tensors.map(\.name).first == "mean.0.0")
    }

    @Test func parametersWithoutGradientStayAndCatchUpLater() throws {
      let first = Parameter(try Tensor.ones([2])), second = Parameter(try Tensor.ones([2]))
      let optimizer = try SGD([first, second], learningRate: 0.1, momentum: 0.9)
      func step(_ parameters: [Parameter]) throws {
        optimizer.zeroGradients()
        for parameter in parameters { try parameter.value.sum().backward() }
        try optimizer.step()
      }
      try step([first])
      #expect(try second.value.array(of: Float.self) == [1, 1])
      try step([first, second])
      // The second one's first step has no momentum yet, the first one's second has.
      #expect(abs(try first.value.array(of: Double.self)[0] - (1 - 0.1 - 0.19)) < 1e-6)
      #expect(abs(try second.value.array(of: Double.self)[0] - 0.9) < 1e-6)
    }

    @Test func frozenParametersStay() throws {
      let parameter = Parameter(try Tensor.ones([2])), frozen = Parameter(try Tensor.ones([2]))
      frozen.requiresGrad = false
      let optimizer = try AdamW([parameter, frozen], learningRate: 0.1)
      try (parameter.value * frozen.value).sum().backward()
      try optimizer.step()
      #expect(try frozen.value.array(of: Float.self) == [1, 1])
      #expect(try parameter.value.array(of: Float.self)[0] < 1)
    }

    @Test func nonsenseIsRefusedByName() throws {
      let parameter = Parameter(try Tensor.ones([2]))
      #expect { try SGD([parameter], learningRate: -1) } throws: { "\($0)".contains("learningRate is -1.0") }
      #expect { try SGD([parameter], learningRate: .nan) } throws: { "\($0)".contains("learningRate is nan") }
      #expect { try SGD([parameter], learningRate: 1, nesterov: true) } throws: { "\($0)".contains("Nesterov") }
      #expect { try AdamW([parameter], beta2: 1) } throws: { "\($0)".contains("beta2 is 1.0") }
      #expect { try AdamW([]) } throws: { "\($0)".contains("model.parameters()") }
      #expect { try AdamW([parameter, parameter]) } throws: { "\($0)".contains("appears twice") }
      let optimizer = try SGD([parameter], learningRate: 0.1)
      #expect { try optimizer.change(group: 0) { $0.momentum = -2 } } throws: { "\($0)".contains("momentum is -2.0") }
      #expect(optimizer.momenta == [0])
      #expect { try optimizer.change(group: 1) { _ in } } throws: { "\($0)".contains("no parameter group 1") }
    }

    @Test func foreignStatesAreRefused() throws {
      let parameter = Parameter(try Tensor.ones([2])), other = Parameter(try Tensor.ones([3]))
      let adam = try Adam([parameter])
      try parameter.value.sum().backward()
      try adam.step()
      let state = try adam.state()
      #expect { try SGD([parameter], learningRate: 0.1).load(state) } throws: {
        "\($0)".contains("one of 'adam'; expected a state of 'sgd'")
      }
      #expect { try Adam([parameter, other]).load(state) } throws: { "\($0)".contains("groups of [1] parameters; expected groups of [2]") }
      #expect { try Adam([other]).load(state) } throws: {
        "\($0)".contains("'mean.0.0' is float32 of shape [2]; expected float32 of shape [3]")
      }
    }
  }
}
