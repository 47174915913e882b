import MartletCore
public import Tables
import Torch

/// A trained network with its inputs: what classifiers and regressors share.
struct NetworkCore: Sendable {
  let kind: String
  let inputs: TabularInputs
  let network: TabularNetwork
  let parameters: [String: Tensor]
  let epochs: Int
  let warnings: [String]

  init(kind: String, inputs: TabularInputs, network: TabularNetwork, outcome: NetworkTraining.Outcome) {
    self.kind = kind
    self.inputs = inputs
    self.network = network
    parameters = outcome.parameters
    epochs = outcome.epochs
    warnings = outcome.warnings
  }

  /// - Returns: row-major `[rows, outputs]`.
  func outputs(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, inputs.names, kind, [.sparse, .missing])
    var result: [Double] = []
    // Many rows at once would take memory for all of a transformer's attention.
    let block = 1024
    for start in stride(from: 0, to: x.rows, by: block) {
      let part = x.rows <= block ? x : x.taking(Array(start..<min(start + block, x.rows)))
      result += try TorchThreads.with(1) {
        try withoutGrad { try network.forward(parameters, inputs.tensors(part), nil).array(of: Double.self) }
      }
    }
    return result
  }

  struct State: Codable {
    var inputs: TabularInputs, network: TabularNetwork, labels: [String]?, present: [Int]?, epochs: Int, warnings: [String]
  }

  func archive(labels: [String]?, present: [Int]?, scale: [Double]) throws -> LearnerArchive {
    var arrays: [String: (values: [Double], shape: [Int])] = ["target_scale": (scale, [2])]
    for (name, tensor) in parameters { arrays[name] = (try tensor.array(of: Double.self), tensor.shape) }
    return try StoredParts.make(
      kind, State(inputs: inputs, network: network, labels: labels, present: present, epochs: epochs, warnings: warnings), arrays)
  }

  static func restore(_ archive: LearnerArchive) throws -> any FittedLearner {
    archive.settings["labels"] != nil ? try NetworkClassifier(archive: archive) : try NetworkRegressor(archive: archive)
  }

  static func read(_ archive: LearnerArchive) throws -> (NetworkCore, State, scale: [Double]) {
    let parts = try StoredParts(archive, kinds: [MLP.kind, TabularTransformer.kind])
    let state = try parts.settings(State.self)
    let inputs = state.inputs
    guard inputs.means.count == inputs.numeric.count, inputs.scales.count == inputs.numeric.count,
      inputs.levels.count == inputs.categorical.count, inputs.levels.allSatisfy({ (0...1 << 32).contains($0) }), !inputs.names.isEmpty,
      (inputs.numeric + inputs.categorical).allSatisfy(inputs.names.indices.contains)
    else { throw LearnerError("the archive of \(archive.kind) describes inputs that do not fit each other") }
    if case .transformer(let width, let heads, let blocks, let inner) = state.network {
      // Every block has arrays of its own.
      guard width > 0, heads > 0, width % heads == 0, blocks > 0, blocks <= archive.arrays.count, (1...1 << 40).contains(inner) else {
        throw LearnerError("the archive of \(archive.kind) describes a network that there cannot be")
      }
    }
    if let present = state.present { try RowClasses.check(present: present, labels: state.labels ?? [], kind: archive.kind) }
    let shapes = state.network.shapes(
      numbers: inputs.numeric.count, features: inputs.categorical.count, places: inputs.places, outputs: state.present?.count ?? 1)
    var parameters: [String: Tensor] = [:]
    for shape in shapes {
      guard let array = archive.arrays[shape.name], array.shape == shape.sizes else {
        throw LearnerError("the archive of \(archive.kind) lacks the array '\(shape.name)' of the shape \(shape.sizes)")
      }
      parameters[shape.name] = try Tensor(array.values(as: Double.self).map { Float($0) }, shape: shape.sizes)
    }
    let outcome = NetworkTraining.Outcome(parameters: parameters, epochs: state.epochs, warnings: state.warnings)
    return (
      NetworkCore(kind: archive.kind, inputs: inputs, network: state.network, outcome: outcome), state,
      try parts.doubles("target_scale", 2)
    )
  }
}

/// A trained ``MLP`` or ``TabularTransformer`` of classes.
public struct NetworkClassifier: FittedClassifier, FittedWithWarnings {
  public var kind: String { core.kind }
  public var featureNames: [String] { core.inputs.names }
  public let labels: [String]
  public let present: [Int]
  let core: NetworkCore
  public var warnings: [String] { core.warnings }
  /// How many epochs it was trained.
  public var epochs: Int { core.epochs }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    RowClasses.spread(LogisticModel.softmax(try core.outputs(x), count: present.count), present: present, labels: labels.count)
  }

  public func archive() throws -> LearnerArchive { try core.archive(labels: labels, present: present, scale: [0, 1]) }

  init(labels: [String], present: [Int], core: NetworkCore) {
    self.labels = labels
    self.present = present
    self.core = core
  }

  public init(archive: LearnerArchive) throws {
    let (core, state, _) = try NetworkCore.read(archive)
    guard let labels = state.labels, let present = state.present else {
      throw LearnerError("the archive of \(archive.kind) names no classes")
    }
    self.init(labels: labels, present: present, core: core)
  }
}

/// A trained ``MLP`` or ``TabularTransformer`` of numbers.
public struct NetworkRegressor: FittedRegressor, FittedWithWarnings {
  public var kind: String { core.kind }
  public var featureNames: [String] { core.inputs.names }
  let mean: Double
  let scale: Double
  let core: NetworkCore
  public var warnings: [String] { core.warnings }
  /// How many epochs it was trained.
  public var epochs: Int { core.epochs }

  public func predict(_ x: FeatureMatrix) throws -> [Double] { try core.outputs(x).map { mean + scale * $0 } }

  public func archive() throws -> LearnerArchive { try core.archive(labels: nil, present: nil, scale: [mean, scale]) }

  init(mean: Double, scale: Double, core: NetworkCore) {
    self.mean = mean
    self.scale = scale
    self.core = core
  }

  public init(archive: LearnerArchive) throws {
    let (core, _, scale) = try NetworkCore.read(archive)
    self.init(mean: scale[0], scale: scale[1], core: core)
  }
}
