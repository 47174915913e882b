import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// `Fixtures/optimizer-traces.json`, written by `Tools/fixtures_training_optimizers.py`.
struct TraceFixture: Decodable {
  struct Data: Decodable {
    let shape: [Int]
    let values: [Double]
  }
  struct Case: Decodable {
    let name, kind, dtype: String
    let groups: [[String: JSONValue]]
    let losses: [String: Double]
    let snapshots: [String: [Double]]
    let averages: [Double]?
  }
  let data: [String: Data]
  let cases: [Case]

  static func load() throws -> TraceFixture { try fixture("optimizer-traces.json", as: TraceFixture.self) }
}

/// The fixture's regression problem: y ~ tanh(x w1 + b1) w2.
struct TraceProblem {
  let x, y: Tensor
  let w1, b1, w2: Parameter

  init(_ fixture: TraceFixture, _ dtype: DType) throws {
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

  func loss() throws -> Tensor {
    let error = try (x.matmul(w1.value) + b1.value).tanh().matmul(w2.value) - y
    return try (error * error).mean()
  }

  func step(_ optimizer: any Optimizer) throws -> Double {
    if let optimizer = optimizer as? any ClosureOptimizer { return try optimizer.step(minimizing: { try self.loss() }).double() }
    for parameter in parameters { parameter.clearGrad() }
    let loss = try loss()
    try loss.backward()
    try optimizer.step()
    return try loss.double()
  }

  /// The optimizer of a case, with PyTorch's names of the settings.
  func optimizer(_ example: TraceFixture.Case) throws -> any Optimizer {
    let split = example.groups.count == 1 ? [[w1, b1, w2]] : [[w1, w2], [b1]]
    func groups<S>(_ make: (TraceSettings) -> S) -> [ParameterGroup<S>] {
      zip(split, example.groups).map { ParameterGroup($0, make(TraceSettings($1))) }
    }
    let first = TraceSettings(example.groups[0])
    switch example.kind {
    case "RMSprop":
      return try RMSprop(
        groups: groups {
          RMSprop.Settings(
            learningRate: $0["lr", 0.01], alpha: $0["alpha", 0.99], epsilon: $0["eps", 1e-8], weightDecay: $0["weight_decay", 0],
            momentum: $0["momentum", 0], centered: $0["centered"], maximize: $0["maximize"])
        })
    case "Adagrad":
      return try Adagrad(
        groups: groups {
          Adagrad.Settings(
            learningRate: $0["lr", 0.01], learningRateDecay: $0["lr_decay", 0], weightDecay: $0["weight_decay", 0],
            initialAccumulator: $0["initial_accumulator_value", 0], epsilon: $0["eps", 1e-10], maximize: $0["maximize"])
        })
    case "Adadelta":
      return try Adadelta(
        groups: groups {
          Adadelta.Settings(
            learningRate: $0["lr", 1], rho: $0["rho", 0.9], epsilon: $0["eps", 1e-6], weightDecay: $0["weight_decay", 0],
            maximize: $0["maximize"])
        })
    case "Adamax":
      return try Adamax(
        groups: groups {
          Adamax.Settings(
            learningRate: $0["lr", 2e-3], beta1: $0["betas", 0, 0.9], beta2: $0["betas", 1, 0.999], epsilon: $0["eps", 1e-8],
            weightDecay: $0["weight_decay", 0], maximize: $0["maximize"])
        })
    case "NAdam":
      return try NAdam(
        groups: groups {
          NAdam.Settings(
            learningRate: $0["lr", 2e-3], beta1: $0["betas", 0, 0.9], beta2: $0["betas", 1, 0.999], epsilon: $0["eps", 1e-8],
            weightDecay: $0["weight_decay", 0], momentumDecay: $0["momentum_decay", 4e-3], decoupled: $0["decoupled_weight_decay"],
            maximize: $0["maximize"])
        })
    case "RAdam":
      return try RAdam(
        groups: groups {
          RAdam.Settings(
            learningRate: $0["lr", 1e-3], beta1: $0["betas", 0, 0.9], beta2: $0["betas", 1, 0.999], epsilon: $0["eps", 1e-8],
            weightDecay: $0["weight_decay", 0], decoupled: $0["decoupled_weight_decay"], maximize: $0["maximize"])
        })
    case "Rprop":
      return try Rprop(
        groups: groups {
          Rprop.Settings(
            learningRate: $0["lr", 0.01], shrink: $0["etas", 0, 0.5], grow: $0["etas", 1, 1.2],
            smallestStep: $0["step_sizes", 0, 1e-6], largestStep: $0["step_sizes", 1, 50], maximize: $0["maximize"])
        })
    case "ASGD":
      return try ASGD(
        groups: groups {
          ASGD.Settings(
            learningRate: $0["lr", 0.01], decay: $0["lambd", 1e-4], power: $0["alpha", 0.75], averagingStart: $0["t0", 1e6],
            weightDecay: $0["weight_decay", 0], maximize: $0["maximize"])
        })
    case "Adafactor":
      return try Adafactor(
        groups: groups {
          Adafactor.Settings(
            learningRate: $0["lr", 0.01], decayPower: $0["beta2_decay", -0.8], epsilon1: $0.list("eps")?[0],
            epsilon2: $0["eps", 1, 1e-3], threshold: $0["d", 1], weightDecay: $0["weight_decay", 0], maximize: $0["maximize"])
        })
    case "Muon":
      let settings = Muon.Settings(
        learningRate: first["lr", 1e-3], weightDecay: first["weight_decay", 0.1], momentum: first["momentum", 0.95],
        nesterov: first.values["nesterov"]?.boolValue ?? true, coefficients: first.list("ns_coefficients") ?? [3.4445, -4.775, 2.0315],
        iterations: Int(first["ns_steps", 5]), scaling: first.values["adjust_lr_fn"] == nil ? .original : .matchAdamW)
      return try Muon(groups: [ParameterGroup([w1, w2], settings)])
    case "Lion":
      return try Lion(
        groups: groups {
          Lion.Settings(
            learningRate: $0["lr", 1e-4], beta1: $0["betas", 0, 0.9], beta2: $0["betas", 1, 0.99], weightDecay: $0["weight_decay", 0],
            maximize: $0["maximize"])
        })
    case "LAMB":
      return try LAMB(
        groups: groups {
          LAMB.Settings(
            learningRate: $0["lr", 1e-3], beta1: $0["betas", 0, 0.9], beta2: $0["betas", 1, 0.999], epsilon: $0["eps", 1e-6],
            weightDecay: $0["weight_decay", 0.01], correctsBias: $0.values["correct"]?.boolValue ?? true,
            scales: $0.values["scale"]?.boolValue ?? true, largestNorm: $0.values["largest"]?.doubleValue, maximize: $0["maximize"])
        })
    case "SAM":
      let base: any Optimizer =
        first.values["base"]?.stringValue == "AdamW"
        ? try AdamW(parameters, learningRate: first["lr", 1e-3])
        : try SGD(
          parameters, learningRate: first["lr", 0], momentum: first["momentum", 0], weightDecay: first["weight_decay", 0])
      return try SAM(base, radius: first["rho", 0.05], adaptive: first["adaptive"])
    default:
      #expect(example.kind == "LBFGS")
      return try LBFGS(
        parameters,
        LBFGS.Settings(
          learningRate: first["lr", 1], iterations: Int(first["max_iter", 20]),
          evaluations: first.values["max_eval"]?.intValue, gradientTolerance: first["tolerance_grad", 1e-7],
          changeTolerance: first["tolerance_change", 1e-9], history: Int(first["history_size", 100]),
          lineSearch: first.values["line_search_fn"] == nil ? .none : .strongWolfe))
    }
  }
}

/// Settings by PyTorch's names.
struct TraceSettings {
  let values: [String: JSONValue]

  init(_ values: [String: JSONValue]) { self.values = values }

  subscript(_ name: String, _ standard: Double) -> Double { values[name]?.doubleValue ?? standard }
  subscript(_ name: String, _ index: Int, _ standard: Double) -> Double { list(name)?[index] ?? standard }
  subscript(_ name: String) -> Bool { values[name]?.boolValue ?? false }
  func list(_ name: String) -> [Double]? { values[name]?.arrayValue?.compactMap(\.doubleValue) }
}

extension TorchTests {
  @Suite struct OptimizerTraceTests {
    static let kinds = [
      "RMSprop": 6, "Adagrad": 5, "Adadelta": 3, "Adamax": 3, "NAdam": 4, "RAdam": 4, "Rprop": 3, "ASGD": 3, "Adafactor": 3, "Muon": 2,
      "Lion": 3, "LAMB": 3, "SAM": 4, "LBFGS": 4,
    ]

    @Test(arguments: kinds.keys.sorted()) func hundredStepsEqualTheReference(kind: String) throws {
      let fixture = try TraceFixture.load()
      let cases = fixture.cases.filter { $0.kind == kind }
      #expect(cases.count == Self.kinds[kind].map { $0 * 2 })
      for example in cases {
        let isSingle = example.dtype == "float32"
        let problem = try TraceProblem(fixture, isSingle ? .float32 : .float64)
        let optimizer = try problem.optimizer(example)
        let tolerance = isSingle ? 1e-5 : 1e-10
        // Line searches and curvature blow up what is lost in single precision: only the beginning can be compared.
        for step in 1...(isSingle && kind == "LBFGS" ? 10 : 100) {
          let loss = try problem.step(optimizer)
          if let expected = example.losses["\(step)"] {
            let error = abs(loss - expected) / max(1, abs(expected))
            #expect(error <= tolerance, "\(example.name) \(example.dtype) loss of step \(step): \(loss), not \(expected)")
          }
          guard let snapshot = example.snapshots["\(step)"] else { continue }
          let worst = zip(try problem.values, snapshot).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? .infinity
          #expect(worst <= tolerance, "\(example.name) \(example.dtype) after step \(step): \(worst)")
        }
        if let expected = example.averages, let optimizer = optimizer as? ASGD {
          let averages = try optimizer.averages()[0].flatMap { try #require($0).array(of: Double.self) }
          #expect(zip(averages, expected).allSatisfy { abs($0 - $1) <= tolerance }, "\(example.name) averages")
        }
      }
    }

    @Test func loadedStateGoesOnBitForBit() throws {
      let fixture = try TraceFixture.load()
      for example in fixture.cases where example.dtype == "float32" {
        let first = try TraceProblem(fixture, .float32)
        let optimizer = try first.optimizer(example)
        for _ in 0..<7 { _ = try first.step(optimizer) }
        let saved = try optimizer.state()
        // As a checkpoint does: through text and bytes.
        let state = SavedState(
          values: try JSON.decode(JSONValue.self, from: JSON.encode(saved.values), source: "state"), tensors: saved.tensors)
        let second = try TraceProblem(fixture, .float32)
        for (target, source) in zip(second.parameters, first.parameters) { try target.assign(source.value.detach()) }
        for _ in 0..<5 { _ = try first.step(optimizer) }

        let resumed = try second.optimizer(example)
        try resumed.load(state)
        for _ in 0..<5 { _ = try second.step(resumed) }
        #expect(try first.values == second.values, "\(example.name)")
      }
    }

    @Test func missingGradientsAndFrozenParametersAreSkipped() throws {
      let fixture = try TraceFixture.load()
      for example in fixture.cases where example.dtype == "float64" && !["Muon", "SAM", "LBFGS"].contains(example.kind) {
        let problem = try TraceProblem(fixture, .float64), whole = try TraceProblem(fixture, .float64)
        let optimizer = try problem.optimizer(example), other = try whole.optimizer(example)
        problem.b1.requiresGrad = false
        let before = try problem.b1.value.array(of: Double.self)
        for _ in 0..<3 { _ = try problem.step(optimizer) }
        #expect(try problem.b1.value.array(of: Double.self) == before, "\(example.name)")
        // A parameter that joins later begins at its own first step.
        for (target, source) in zip(problem.parameters, whole.parameters) { try target.assign(source.value.detach()) }
        problem.b1.requiresGrad = true
        _ = try problem.step(optimizer)
        _ = try whole.step(other)
        #expect(try problem.b1.value.array(of: Double.self) == whole.b1.value.array(of: Double.self), "\(example.name)")
      }
    }

    @Test func largeParametersInBlocksEqualSmallOnes() throws {
      // 300 rows of 1000 are cut into blocks; one row alone is not.
      let rows = try Tensor.randn([300, 1000], generator: Generator(seed: 4)).to(.float64)
      let gradient = try Tensor.randn([300, 1000], generator: Generator(seed: 5)).to(.float64)
      let makes: [([Parameter]) throws -> any Optimizer] = [
        { try RMSprop($0, momentum: 0.9, centered: true) }, { try Adadelta($0) }, { try Adamax($0) }, { try NAdam($0) },
        { try RAdam($0) }, { try Lion($0, weightDecay: 0.1) }, { try Rprop($0) }, { try ASGD($0) }, { try Adagrad($0) },
      ]
      for make in makes {
        let large = Parameter(rows), other = Parameter(try Tensor.ones([3], dtype: .float64))
        let small = try [0, 150, 299].map { Parameter(try rows.select(dim: 0, index: $0)) }
        let first = try make([other, large]), second = try make(small)
        for _ in 0..<3 {
          try large.value.setGrad(gradient)
          try other.value.setGrad(try Tensor.ones([3], dtype: .float64))
          for (parameter, row) in zip(small, [0, 150, 299]) { try parameter.value.setGrad(gradient.select(dim: 0, index: row)) }
          try first.step()
          try second.step()
        }
        for (parameter, row) in zip(small, [0, 150, 299]) {
          let whole = try large.value.detach().select(dim: 0, index: row).array(of: Double.self)
          #expect(try zip(whole, parameter.value.array(of: Double.self)).allSatisfy { abs($0 - $1) < 1e-14 }, "\(first.kind)")
        }
      }
    }
  }
}
