import MartletCore
public import NN

/// What is different for some of a model's parameters: their learning rate, their weight decay.
///
/// ```swift
/// let groups = try model.parameterGroups(
///   AdamW.Settings(learningRate: 1e-3, weightDecay: 0.05), [.noDecay, .named("head.*", learningRate: 10), .layerDecay(0.75)])
/// let optimizer = try AdamW(groups: groups)
/// ```
public struct ParameterRule: Sendable {
  /// How the settings of a parameter change.
  struct Change: Sendable {
    var learningRate = 1.0
    var weightDecay = 1.0
  }

  let changes: @Sendable (Module) throws -> [(name: String, change: Change)]

  /// No weight decay for biases and for the weights of norms: all parameters with one dimension or none.
  public static let noDecay = ParameterRule { model in
    model.namedParameters().filter { $0.parameter.shape.count <= 1 }.map { ($0.name, Change(weightDecay: 0)) }
  }

  /// Factors for the parameters whose names fit a pattern, in which `*` stands for anything and `?` for one character: `layer4.*`,
  /// `*.bias`.
  ///
  /// Making the groups fails if no parameter fits.
  public static func named(_ pattern: String, learningRate: Double = 1, weightDecay: Double = 1) -> ParameterRule {
    ParameterRule { model in
      let fitting = model.namedParameters().filter { NamePattern(pattern).matches($0.name) }
      guard !fitting.isEmpty else { throw NamePattern(pattern).mismatch(model) }
      return fitting.map { ($0.name, Change(learningRate: learningRate, weightDecay: weightDecay)) }
    }
  }

  /// Factors for the parameters that `condition` picks by name.
  public static func matching(
    learningRate: Double = 1, weightDecay: Double = 1, _ condition: @escaping @Sendable (_ name: String, _ parameter: Parameter) -> Bool
  ) -> ParameterRule {
    ParameterRule { model in
      model.namedParameters().filter { condition($0.name, $0.parameter) }.map {
        ($0.name, Change(learningRate: learningRate, weightDecay: weightDecay))
      }
    }
  }

  /// Learning rates that fall from layer to layer towards the input: the last layer keeps its own, the one before gets `factor` times it,
  /// and so on (Howard and Ruder, ACL 2018; Clark et al., ICLR 2020).
  /// - Parameter layers: patterns from input to output, each for one layer; the model's parts in order if empty. What fits none counts as
  ///   the last layer.
  public static func layerDecay(_ factor: Double, layers: [String] = []) -> ParameterRule {
    ParameterRule { model in
      guard factor > 0, factor.isFinite else { throw ArgumentError("layer decay of \(factor)", expected: "a finite number above 0") }
      let names = model.namedParameters().map(\.name)
      var patterns = layers
      if patterns.isEmpty {
        for name in names {
          let part = String(name.prefix { $0 != "." })
          let pattern = part == name ? name : part + ".*"
          if !patterns.contains(pattern) { patterns.append(pattern) }
        }
      }
      for pattern in patterns where !names.contains(where: { NamePattern(pattern).matches($0) }) {
        throw NamePattern(pattern).mismatch(model)
      }
      return names.compactMap { name in
        guard let layer = patterns.firstIndex(where: { NamePattern($0).matches(name) }), layer < patterns.count - 1 else { return nil }
        var rate = 1.0
        for _ in 0..<(patterns.count - 1 - layer) { rate *= factor }
        return (name, Change(learningRate: rate))
      }
    }
  }
}

extension Module {
  /// All parameters in groups of equal settings: `settings`, changed by all rules that fit, which multiply. Frozen parameters are in them,
  /// too, so that they can be thawed later; without a gradient they stay as they are.
  /// - Returns: groups in the order of their first parameters.
  /// - Throws: `ArgumentError` for a pattern that no parameter's name fits.
  public func parameterGroups<Settings: OptimizerGroupSettings>(
    _ settings: Settings, _ rules: [ParameterRule] = []
  ) throws -> [ParameterGroup<Settings>] {
    var changes: [String: ParameterRule.Change] = [:]
    for rule in rules {
      for (name, change) in try rule.changes(self) {
        changes[name, default: ParameterRule.Change()].learningRate *= change.learningRate
        changes[name, default: ParameterRule.Change()].weightDecay *= change.weightDecay
      }
    }
    var groups: [(key: [Double], parameters: [Parameter])] = []
    for (name, parameter) in namedParameters() {
      let change = changes[name] ?? ParameterRule.Change()
      let key = [settings.learningRate * change.learningRate, settings.weightDecay * change.weightDecay]
      if let index = groups.firstIndex(where: { $0.key == key }) {
        groups[index].parameters.append(parameter)
      } else {
        groups.append((key, [parameter]))
      }
    }
    return groups.map { key, parameters in
      // A copy whose other settings stay.
      var own = settings
      own.learningRate = key[0]
      own.weightDecay = key[1]
      return ParameterGroup(parameters, own)
    }
  }
}

/// A name with `*` for anything and `?` for one character.
struct NamePattern {
  let text: String

  init(_ text: String) { self.text = text }

  func matches(_ name: String) -> Bool { Self.matches(Array(text.utf8)[...], Array(name.utf8)[...]) }

  private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    let rest = pattern.dropFirst()
    if first == UInt8(ascii: "*") {
      return (name.startIndex...name.endIndex).contains { matches(rest, name[$0...]) }
    }
    guard let letter = name.first, first == letter || first == UInt8(ascii: "?") else { return false }
    return matches(rest, name.dropFirst())
  }

  /// What to say when no parameter fits.
  func mismatch(_ model: Module) -> ArgumentError {
    let names = model.namedParameters().map(\.name)
    let near = NearestName.of(text, among: names)
    return ArgumentError(
      "no parameter's name fits '\(text)'", expected: "one such as \(names.prefix(3).joined(separator: ", "))",
      remedy: near.map { "'\($0)'" })
  }
}
