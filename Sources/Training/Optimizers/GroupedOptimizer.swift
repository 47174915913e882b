import MartletCore
public import NN
public import Torch

/// What optimizers have in common: groups, lazily made per-parameter state, saving and loading. A subclass says how a group is updated.
public class GroupedOptimizer<Settings: OptimizerGroupSettings>: Optimizer {
  public let kind: String
  /// The groups, in order.
  public internal(set) var groups: [ParameterGroup<Settings>]
  /// Names of the per-parameter state tensors.
  let slotNames: [String]
  /// State tensors by group, slot and parameter; `nil` until the parameter's first gradient.
  var slots: [[[Tensor?]]]
  /// Updates that each parameter has seen.
  var counts: [[Int]]
  /// Numbers that each parameter remembers, by group, parameter and place in `initialNumbers`; empty where none are.
  var numbers: [[[Double]]]

  init(kind: String, groups: [ParameterGroup<Settings>], slots slotNames: [String]) throws {
    var seen = Set<ObjectIdentifier>()
    for (number, group) in groups.enumerated() {
      try group.settings.validate()
      for parameter in group.parameters where !seen.insert(ObjectIdentifier(parameter)).inserted {
        throw ArgumentError("a parameter appears twice, again in group \(number)", expected: "each parameter in one group")
      }
    }
    guard !seen.isEmpty else {
      throw ArgumentError("the optimizer got no parameters", expected: "one or more", remedy: "pass model.parameters()")
    }
    self.kind = kind
    self.groups = groups
    self.slotNames = slotNames
    slots = groups.map { group in slotNames.map { _ in [Tensor?](repeating: nil, count: group.parameters.count) } }
    counts = groups.map { [Int](repeating: 0, count: $0.parameters.count) }
    numbers = []
    numbers = groups.map { group in [[Double]](repeating: initialNumbers(group.settings), count: group.parameters.count) }
    for group in groups { for parameter in group.parameters { try examine(try parameter.value) } }
  }

  public var parameters: [Parameter] { groups.flatMap(\.parameters) }

  public var learningRates: [Double] {
    get { groups.map(\.settings.learningRate) }
    set { for index in groups.indices.prefix(newValue.count) { groups[index].settings.learningRate = newValue[index] } }
  }

  public var momenta: [Double] {
    get { groups.map(\.settings.momentum) }
    set { for index in groups.indices.prefix(newValue.count) { groups[index].settings.momentum = newValue[index] } }
  }

  public var weightDecays: [Double] {
    get { groups.map(\.settings.weightDecay) }
    set { for index in groups.indices.prefix(newValue.count) { groups[index].settings.weightDecay = newValue[index] } }
  }

  public func step() throws(TorchError) {
    try withoutGrad { () throws(TorchError) in
      for index in groups.indices {
        let update = try gather(index)
        guard !update.parameters.isEmpty else { continue }
        try apply(update, settings: groups[index].settings)
      }
    }
  }

  public func zeroGradients() {
    for group in groups { for parameter in group.parameters { parameter.clearGrad() } }
  }

  /// Changes the settings of one group from the next step on.
  /// - Throws: `ArgumentError` for a setting out of range or a group that does not exist.
  public func change(group index: Int, _ change: (inout Settings) -> Void) throws {
    guard groups.indices.contains(index) else {
      throw ArgumentError("there is no parameter group \(index)", expected: "0…\(groups.count - 1)")
    }
    var settings = groups[index].settings
    change(&settings)
    try settings.validate()
    groups[index].settings = settings
  }

  /// The subclass's mathematics; called without gradient recording.
  func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {}

  /// Refuses parameters that the method cannot update.
  func examine(_ parameter: Tensor) throws {}

  /// The shape of a state tensor; the parameter's own unless a subclass says otherwise.
  func shape(ofSlot slot: Int, for parameter: Tensor) -> [Int] { parameter.shape }

  /// A state tensor before the parameter's first update: zeros unless a subclass says otherwise.
  func makeSlot(_ slot: Int, for parameter: Tensor, settings: Settings) throws(TorchError) -> Tensor {
    try parameter.detach().zerosLike()
  }

  /// The numbers that a parameter remembers, before its first update.
  func initialNumbers(_ settings: Settings) -> [Double] { [] }

  /// The numbers after the update that was a parameter's `step`-th.
  func next(_ numbers: [Double], step: Int, settings: Settings) -> [Double] { numbers }

  /// The parameters of a group that have a gradient now.
  private func gather(_ group: Int) throws(TorchError) -> GroupUpdate {
    let all = groups[group].parameters
    var parameters: [Tensor] = []
    var gradients: [Tensor] = []
    parameters.reserveCapacity(all.count)
    gradients.reserveCapacity(all.count)
    for parameter in all {
      guard let gradient = parameter.grad else { continue }
      parameters.append(try parameter.value)
      gradients.append(gradient)
    }
    let indices = gradients.count == all.count ? nil : all.indices.filter { all[$0].grad != nil }
    return GroupUpdate(group: group, parameters: parameters, gradients: gradients, indices: indices)
  }

  /// The state tensors of `slot` for the parameters of `update`; missing ones are made.
  func state(_ slot: Int, _ update: GroupUpdate) throws(TorchError) -> [Tensor] {
    var result: [Tensor] = []
    result.reserveCapacity(update.parameters.count)
    for position in update.parameters.indices {
      let index = update.index(position)
      if let tensor = slots[update.group][slot][index] {
        result.append(tensor)
      } else {
        let tensor = try makeSlot(slot, for: update.parameters[position], settings: groups[update.group].settings)
        slots[update.group][slot][index] = tensor
        result.append(tensor)
      }
    }
    return result
  }

  /// Counts one more update for every parameter of `update`.
  func advance(_ update: GroupUpdate) {
    for position in update.parameters.indices { counts[update.group][update.index(position)] += 1 }
  }
}

/// One group's parameters that have a gradient, and the gradients.
struct GroupUpdate {
  let group: Int
  let parameters: [Tensor]
  let gradients: [Tensor]
  /// Places in the group; `nil` when all of it is here.
  let indices: [Int]?

  func index(_ position: Int) -> Int { indices.map { $0[position] } ?? position }

  /// The part at the given positions.
  func subset(_ positions: [Int]) -> GroupUpdate {
    GroupUpdate(
      group: group, parameters: positions.map { parameters[$0] }, gradients: positions.map { gradients[$0] },
      indices: positions.map(index))
  }
}
