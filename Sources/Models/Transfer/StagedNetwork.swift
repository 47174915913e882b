public import NN
public import Torch

/// One part of a network on the way from its input to its answer.
public struct Stage: Sendable, Hashable {
  /// What freezing, feature extraction and layer groups call it: `layer3`.
  public let name: String
  /// The paths of the modules and parameters that belong to it, in the order in which they work: `["conv1", "bn1"]`.
  public let members: [String]

  /// - Parameters:
  ///   - name: what the stage is called.
  ///   - members: the paths that belong to it; its name if left out.
  public init(_ name: String, _ members: [String]? = nil) {
    self.name = name
    self.members = members ?? [name]
  }

  /// Whether a parameter or module of this path belongs to the stage.
  public func holds(_ path: String) -> Bool {
    members.contains { path == $0 || path.hasPrefix($0 + ".") }
  }
}

/// A network in stages, the last of which is its head: what feature extraction and fine-tuning work on.
///
/// A subclass lists its ``stages``, computes in ``forward(_:)`` and says how its head is replaced. Every network of this module is one, and
/// a network of one's own becomes one the same way. Batch norm whose scale is frozen works as in evaluation, also while the rest trains:
/// its running statistics belong to the data that it was trained on.
open class StagedNetwork: Module, Layer {
  /// Whether batch norm whose scale is frozen works as in evaluation while the rest trains.
  public final var keepsFrozenStatistics = true
  /// The norms that were put into evaluation here, so that those that somebody else put there stay.
  private final var held = HeldNorms()

  private struct HeldNorms { var identities = Set<ObjectIdentifier>() }

  /// The stages from the input to the head. Together they hold every parameter once.
  open var stages: [Stage] { [] }

  /// Computes the output. Called by ``callAsFunction(_:)``; the network without layers passes its input.
  open func forward(_ x: Tensor) throws(TorchError) -> Tensor { x }

  /// Puts a new last layer in place of the head's, with first weights as the architecture starts them.
  /// - Parameter classes: values that come out per item.
  /// - Throws: `ModelError` where the network has no head that could be replaced.
  open func replaceHead(classes: Int) throws {
    throw ModelError("\(type(of: self)) has no head to replace", expected: "a network that overrides replaceHead(classes:)")
  }

  /// This architecture's name for a tensor that older or other people's files call differently; the default knows no others.
  open func currentName(of name: String) -> String { name }

  /// Applies the network.
  /// - Throws: `TorchError` that names the layer where the input does not fit.
  public final func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    if isTraining { holdFrozenNorms() }
    return try observed(x) { (x) throws(TorchError) in try forward(x) }
  }

  private func holdFrozenNorms() {
    for (_, module) in namedModules() {
      guard let norm = module as? BatchNorm, let scale = norm.weight else { continue }
      if keepsFrozenStatistics, !scale.requiresGrad {
        guard norm.isTraining else { continue }
        norm.eval()
        held.identities.insert(ObjectIdentifier(norm))
      } else if held.identities.remove(ObjectIdentifier(norm)) != nil {
        norm.train()
      }
    }
  }

  /// Checks the number of classes of a new head.
  static func checked(classes: Int) throws(ModelError) -> Int {
    guard classes >= 1 else { throw ModelError("a head of \(classes) classes", expected: "one class or more") }
    return classes
  }
}
