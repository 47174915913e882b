public import NN
public import Torch

/// Changes parameters along their gradients.
///
/// Parameters come in groups, each with its own settings. A step allocates nothing that grows and looks nothing up: the groups'
/// tensors are collected once, at initialisation.
public protocol Optimizer: AnyObject {
  /// The name that goes into saved states: `sgd`, `adamw` …
  var kind: String { get }

  /// All parameters, group by group.
  var parameters: [Parameter] { get }

  /// The learning rate of each group.
  var learningRates: [Double] { get set }

  /// The momentum of each group: SGD's momentum, Adam's first beta.
  var momenta: [Double] { get set }

  /// The weight decay of each group.
  var weightDecays: [Double] { get set }

  /// Applies one update from the gradients that are there; parameters without a gradient stay as they are.
  /// - Throws: `TorchError` if the engine fails.
  func step() throws(TorchError)

  /// Forgets all gradients, so that the next backward pass starts from nothing.
  func zeroGradients()

  /// A copy of everything the next steps depend on, parameters excluded.
  func state() throws -> SavedState

  /// Puts a saved state back; the following steps equal, bit for bit, those after `state()`.
  /// - Throws: `StateMismatch` if it was saved from another kind of optimizer or from other parameters.
  func load(_ state: SavedState) throws
}

extension Optimizer {
  /// The settings that a schedule starts from.
  public var settings: OptimizerSettings {
    OptimizerSettings(learningRates: learningRates, momenta: momenta, weightDecays: weightDecays)
  }
}

/// The settings of all groups that schedules change.
public struct OptimizerSettings: Sendable, Hashable, Codable {
  /// One per group.
  public var learningRates: [Double]
  /// One per group.
  public var momenta: [Double]
  /// One per group.
  public var weightDecays: [Double]
}

/// What one group of parameters is updated with.
public protocol OptimizerGroupSettings: Sendable, Codable {
  /// Step size.
  var learningRate: Double { get set }
  /// SGD's momentum, Adam's first beta; 0 where the method has none, and then setting it does nothing.
  var momentum: Double { get set }
  /// L2 penalty or decoupled decay; 0 where the method has none, and then setting it does nothing.
  var weightDecay: Double { get set }
  /// Checks the ranges.
  /// - Throws: `ArgumentError` naming the setting, its value and its range.
  func validate() throws
}

extension OptimizerGroupSettings {
  public var momentum: Double {
    get { 0 }
    set {}
  }
  public var weightDecay: Double {
    get { 0 }
    set {}
  }
}

/// Parameters that share settings.
public struct ParameterGroup<Settings: OptimizerGroupSettings> {
  /// The group's parameters.
  public let parameters: [Parameter]
  /// What they are updated with.
  public var settings: Settings

  /// A group.
  public init(_ parameters: [Parameter], _ settings: Settings) {
    self.parameters = parameters
    self.settings = settings
  }
}
