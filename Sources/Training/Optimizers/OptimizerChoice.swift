public import NN

/// How a trainer makes its optimizer from the model.
///
/// `rules` give some parameters other learning rates or weight decays: `.adamW(learningRate: 1e-3, rules: [.noDecay, .layerDecay(0.75)])`.
public struct OptimizerChoice {
  let make: (Module) throws -> any Optimizer

  private init(making make: @escaping (Module) throws -> any Optimizer) { self.make = make }

  /// Any optimizer, made from the model's parameters.
  public init(_ make: @escaping ([Parameter]) throws -> any Optimizer) { self.make = { try make($0.parameters()) } }

  /// Any optimizer, made from the model: with groups by name, of several optimizers …
  public static func forModel(_ make: @escaping (Module) throws -> any Optimizer) -> OptimizerChoice { OptimizerChoice(making: make) }

  /// One that exists already, with groups of its own.
  public static func using(_ optimizer: any Optimizer) -> OptimizerChoice { OptimizerChoice(making: { _ in optimizer }) }

  /// Any optimizer with parameter groups: `.grouped(Lion.Settings(learningRate: 1e-4), [.noDecay]) { try Lion(groups: $0) }`.
  public static func grouped<Settings: OptimizerGroupSettings>(
    _ settings: Settings, _ rules: [ParameterRule] = [], _ make: @escaping ([ParameterGroup<Settings>]) throws -> any Optimizer
  ) -> OptimizerChoice {
    // The settings as they were meant: rules could not make sense of nonsense.
    OptimizerChoice(making: { model in
      try settings.validate()
      return try make(model.parameterGroups(settings, rules))
    })
  }

  /// Several optimizers in one step, each with the parameters whose names fit its pattern (`*` and `?`, see `ParameterRule.named`) and that
  /// none before it took.
  /// - Parameter rest: for the parameters that fit no pattern.
  public static func combined(_ parts: [(pattern: String, optimizer: OptimizerChoice)], rest: OptimizerChoice) -> OptimizerChoice {
    OptimizerChoice(making: { model in
      var left = model.namedParameters()
      var optimizers: [any Optimizer] = []
      for (pattern, choice) in parts {
        let fits = NamePattern(pattern)
        let own = left.filter { fits.matches($0.name) }
        guard !own.isEmpty else { throw fits.mismatch(model) }
        left.removeAll { fits.matches($0.name) }
        optimizers.append(try choice.make(ParameterView(own)))
      }
      if !left.isEmpty { optimizers.append(try rest.make(ParameterView(left))) }
      return try CombinedOptimizer(optimizers)
    })
  }

  /// Another optimizer's step after a look at the worst neighbour, see `SAM`.
  public static func sam(_ base: OptimizerChoice, radius: Double = 0.05, adaptive: Bool = false) -> OptimizerChoice {
    OptimizerChoice(making: { try SAM(base.make($0), radius: radius, adaptive: adaptive) })
  }

  /// L-BFGS, see `LBFGS`.
  public static func lbfgs(_ settings: LBFGS.Settings = LBFGS.Settings()) -> OptimizerChoice {
    OptimizerChoice { try LBFGS($0, settings) }
  }

  /// Muon for the matrices of hidden layers, AdamW for everything else: biases, norms, convolutions, embeddings and the last layer.
  /// - Parameters:
  ///   - others: patterns for matrices that AdamW is to take; the model's last matrix and all whose name contains `embed` if `nil`.
  ///   - rest: AdamW's settings.
  public static func muon(
    _ settings: Muon.Settings = Muon.Settings(), others: [String]? = nil, rest: AdamW.Settings = AdamW.Settings(weightDecay: 0.01),
    rules: [ParameterRule] = []
  ) -> OptimizerChoice {
    OptimizerChoice(making: { model in
      let all = model.namedParameters()
      let last = all.last { $0.parameter.shape.count == 2 }?.name
      for pattern in others ?? [] where !all.contains(where: { NamePattern(pattern).matches($0.name) }) {
        throw NamePattern(pattern).mismatch(model)
      }
      func isHidden(_ entry: (name: String, parameter: Parameter)) -> Bool {
        guard entry.parameter.shape.count == 2 else { return false }
        if let others { return !others.contains { NamePattern($0).matches(entry.name) } }
        return entry.name != last && !entry.name.lowercased().contains("embed")
      }
      let hidden = Set(all.filter(isHidden).map(\.name))
      func part<Settings: OptimizerGroupSettings>(_ settings: Settings, _ isWanted: (String) -> Bool) throws -> [ParameterGroup<Settings>] {
        try settings.validate()
        let own = Set(all.filter { isWanted($0.name) }.map { ObjectIdentifier($0.parameter) })
        return try model.parameterGroups(settings, rules).compactMap { group in
          let parameters = group.parameters.filter { own.contains(ObjectIdentifier($0)) }
          return parameters.isEmpty ? nil : ParameterGroup(parameters, group.settings)
        }
      }
      var optimizers: [any Optimizer] = []
      let matrices = try part(settings) { hidden.contains($0) }
      let others = try part(rest) { !hidden.contains($0) }
      if !matrices.isEmpty { optimizers.append(try Muon(groups: matrices)) }
      if !others.isEmpty { optimizers.append(try AdamW(groups: others)) }
      return try CombinedOptimizer(optimizers)
    })
  }
}

/// Some of a model's parameters under their own names, as rules and choices want them.
private final class ParameterView: Module {
  private let shown: [(name: String, parameter: Parameter)]

  init(_ shown: [(name: String, parameter: Parameter)]) {
    self.shown = shown
    super.init()
  }

  override func stateMembers() -> [(name: String, member: Any)] { shown.map { ($0.name, $0.parameter) } }
}
