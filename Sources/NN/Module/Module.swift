import Torch

/// A part of a network that holds parameters, buffers and other modules.
///
/// Members are found by reflection over the stored properties, base classes first, with PyTorch's names, so that other people's weights
/// load: a property `runningMean` is called `running_mean`, the second element of an array `layers` is `layers.1`, entries of a dictionary
/// are in the order of their keys. Optionals, arrays, dictionaries and tuples of modules, parameters and buffers are looked into; other
/// structs are not.
///
/// ```swift
/// final class TwoLayers: Module, Layer {
///   let hidden = Linear(784, 128), output = Linear(128, 10)
///   func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try output(relu(hidden(x))) }
/// }
/// ```
///
/// A module is not `Sendable`: one thread works with it at a time, and it is handed over whole.
open class Module: CustomStringConvertible {
  /// Whether the module behaves as in training (dropout drops, batch norm uses the batch's statistics). Set by ``train()`` and ``eval()``.
  public internal(set) final var isTraining = true

  private final var kept: Structure?
  private final weak var parent: Module?
  private final var nameInParent = ""
  /// The module is the root or the child of a structure that was collected, so ``path`` is as good as it gets.
  final var isNamed = false
  /// `nil` while nobody observes, which is all that a forward pass has to look at.
  final var observers: [ForwardObserver]?

  /// Makes a module with no members of its own.
  public init() { Structure.advance() }

  /// Names in the state of properties whose name there is not the Swift name in snake case: `["mixed5b": "Mixed_5b"]`. An empty name puts
  /// the property's members directly under the module.
  open class var stateNames: [String: String] { [:] }

  /// The module's direct members by their names in the state. The default reflects the stored properties; override it to name them by hand.
  open func stateMembers() -> [(name: String, member: Any)] {
    let names = Self.stateNames
    var levels: [Mirror] = []
    var mirror: Mirror? = Mirror(reflecting: self)
    while let level = mirror, level.subjectType != Module.self {
      levels.append(level)
      mirror = level.superclassMirror
    }
    return levels.reversed().flatMap { level -> [(name: String, member: Any)] in
      level.children.compactMap { child in
        guard let label = child.label else { return nil }
        let property = StateName.property(label: label)
        return ((names.isEmpty ? nil : names[property]) ?? StateName.of(property: property), child.value)
      }
    }
  }

  /// One line about the layer's settings for summaries and errors: `32→64, kernel 3×3`. Empty by default.
  open var details: String { "" }

  /// What the layer takes, where inputs of these shapes are not it: `32 channels in [batch, channels, height, width]`. Asked only after a
  /// call failed.
  /// - Returns: `nil` where the shapes are not what is wrong.
  open func expectation(inputs: [[Int]]) -> String? { nil }

  /// The multiply-add operations of one call, not counting the module's children. 0 by default.
  open func multiplyAdds(inputs: [[Int]], outputs: [[Int]]) -> Int { 0 }

  /// The type's name with ``details``: `Conv2d(32→64, kernel 3×3)`.
  open var description: String {
    let name = String(describing: type(of: self))
    return details.isEmpty ? name : "\(name)(\(details))"
  }

  /// Says that a property that holds modules or parameters got others that existed before. New ones are noticed without it.
  public final func structureChanged() { Structure.advance() }

  /// The dotted path from the outermost module that was called or asked for its parameters: `features.3`. Empty for that module itself
  /// and before that.
  public final var path: String {
    guard let parent else { return "" }
    return StateName.join(parent.path, nameInParent)
  }

  final func adopt(by parent: Module, as name: String) {
    self.parent = parent
    nameInParent = name
    isNamed = true
  }

  /// Whether `module` is this one's parent: a child may point back at it.
  final func isAdopted(by module: Module) -> Bool { parent === module }

  final var structure: Structure {
    if let kept, kept.isCurrent { return kept }
    let found = Structure(of: self)
    kept = found
    isNamed = true
    return found
  }

  /// Switches this module and all below to training.
  public final func train() { setTraining(true) }

  /// Switches this module and all below to evaluation: dropout passes everything, batch norm uses its running statistics.
  public final func eval() { setTraining(false) }

  /// Switches this module and all below.
  public final func setTraining(_ isTraining: Bool) {
    self.isTraining = isTraining
    for (_, module) in structure.below { module.isTraining = isTraining }
  }
}
