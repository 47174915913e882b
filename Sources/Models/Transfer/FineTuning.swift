import MartletCore
public import NN

/// Parameters of one stage, to be trained with a learning rate of their own.
public struct LayerGroup {
  /// The stage's name.
  public let name: String
  /// Its parameters, frozen ones, too.
  public let parameters: [Parameter]
  /// What the learning rate is multiplied with: 1 for the head, less for each stage before it.
  public let rate: Double
}

extension StagedNetwork {
  /// The last stage, or `nil` in a network without stages.
  public final var headStage: Stage? { stages.last }

  /// The stages that have a parameter that is trained.
  public final var trainedStages: [String] {
    let trained = namedParameters().filter(\.parameter.requiresGrad).map(\.name)
    return stages.filter { stage in trained.contains { stage.holds($0) } }.map(\.name)
  }

  /// Freezes every stage up to and including the named one and thaws those behind it.
  /// - Throws: `ModelError` with the stages that there are.
  public final func freeze(upTo name: String) throws(ModelError) {
    try thaw(last: stages.count - 1 - position(of: name))
  }

  /// Freezes all but the head: its training is then as quick as that of a linear model on fixed features.
  public final func freezeBackbone() throws(ModelError) { try thaw(last: 1) }

  /// Trains the last `count` stages and freezes all before them. 1 is the head alone.
  /// - Throws: `ModelError` for a number that is not in 0…the number of stages.
  public final func thaw(last count: Int) throws(ModelError) {
    let stages = stages
    guard (0...stages.count).contains(count) else {
      throw ModelError("thawing the last \(count) of \(stages.count) stages", expected: "0…\(stages.count)")
    }
    let frozen = stages.dropLast(count)
    for (name, parameter) in namedParameters() {
      let trains = !frozen.contains { $0.holds(name) }
      if parameter.requiresGrad != trains { parameter.requiresGrad = trains }
    }
  }

  /// The parameters stage by stage, from the input to the head, each with its share of the learning rate.
  ///
  /// Layers near the input know general things and should change less (Howard, Ruder 2018, arXiv:1801.06146).
  /// - Parameter decay: what the rate is multiplied with from a stage to the one before it; 1 trains all alike.
  /// - Throws: `ModelError` for a factor outside 0…1, or where a parameter belongs to no stage.
  public final func layerGroups(decay: Double = 1) throws(ModelError) -> [LayerGroup] {
    guard decay > 0, decay <= 1 else { throw ModelError("layer groups with decay \(decay)", expected: "above 0, at most 1") }
    let all = namedParameters(), stages = stages
    for (name, _) in all where !stages.contains(where: { $0.holds(name) }) {
      throw ModelError("the parameter '\(name)' belongs to no stage of \(type(of: self))", expected: "stages that hold every parameter")
    }
    var rate = 1.0
    var groups: [LayerGroup] = []
    for stage in stages.reversed() {
      let parameters = all.filter { stage.holds($0.name) }.map(\.parameter)
      if !parameters.isEmpty { groups.append(LayerGroup(name: stage.name, parameters: parameters, rate: rate)) }
      rate *= decay
    }
    return groups.reversed()
  }

  /// The paths of everything up to and including a stage, for settings that freeze by path.
  /// - Throws: `ModelError` with the stages that there are.
  public final func members(upTo name: String) throws(ModelError) -> [String] {
    stages.prefix(try position(of: name) + 1).flatMap(\.members)
  }

  final func position(of name: String) throws(ModelError) -> Int {
    let names = stages.map(\.name)
    if let position = names.firstIndex(of: name) { return position }
    throw ModelError(
      "\(type(of: self)) has no stage '\(name)'", expected: names.joined(separator: ", "),
      remedy: NearestName.of(name, among: names).map { "'\($0)'" })
  }
}

/// Thaws a network step by step while it trains: the head first, then one stage more every few epochs (Howard, Ruder 2018).
public struct GradualThaw: Sendable, Hashable {
  /// Epochs before the next stage is thawed.
  public let epochsPerStage: Int
  /// Stages that are trained from the start.
  public let first: Int

  /// - Throws: `ModelError` for numbers below 1.
  public init(epochsPerStage: Int = 1, first: Int = 1) throws(ModelError) {
    guard epochsPerStage >= 1, first >= 1 else {
      throw ModelError("a thaw of \(first) stages, one more every \(epochsPerStage) epochs", expected: "numbers of 1 or more")
    }
    self.epochsPerStage = epochsPerStage
    self.first = first
  }

  /// How many of `stages` stages, counted from the head, are trained in an epoch, the first of which is 0.
  public func trained(epoch: Int, of stages: Int) -> Int { min(stages, first + max(0, epoch) / epochsPerStage) }

  /// The steps for a network: the epoch and the paths that learn from it on, in the order of the epochs. The first is epoch 0 with the
  /// stages that are trained from the start.
  ///
  /// A trainer that freezes by path is set up with them: `Freezing.allBut(steps[0].members).thaw(atEpoch: steps[1].epoch, …)`.
  public func steps(of network: StagedNetwork) -> [(epoch: Int, members: [String])] {
    let stages = Array(network.stages.reversed())
    let start = (epoch: 0, members: stages.prefix(first).flatMap(\.members))
    return [start] + stages.dropFirst(first).enumerated().map { (($0 + 1) * epochsPerStage, $1.members) }
  }

  /// Freezes and thaws the network's stages for an epoch. An optimizer that got all parameters needs no change: it leaves those without
  /// gradients alone.
  public func apply(to network: StagedNetwork, epoch: Int) throws(ModelError) {
    try network.thaw(last: trained(epoch: epoch, of: network.stages.count))
  }
}
